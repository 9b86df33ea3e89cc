//! Waiting for another process or thread: asks again and again, but not for ever.

use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than anything here takes on the slowest machine: after that it hangs.
pub const HANGS_AFTER: Duration = Duration::from_secs(600);

/// Asks again and again until there is an answer. `what` names it if it never comes.
#[track_caller]
pub fn wait_until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(started.elapsed() < HANGS_AFTER, "waited {HANGS_AFTER:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_until(what, || is_so().then_some(()));
}

/// Waits until a file has whole lines, and returns what is in it.
#[track_caller]
pub fn until_written(path: &Path) -> String {
    wait_until(&format!("a line in {}", path.display()), || {
        std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'))
    })
}
