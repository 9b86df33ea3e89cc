//! `starved_channel PROGRESS EVENTS`: has no address space left when its channel comes, and emits; then it has some again,
//! and emits once more.
//!
//! Word 1 of the progress says how far it is: 1 it runs, 2 it has no address left, 3 it has emitted. Word 2 is
//! how far it may go on.

use std::path::Path;
use std::time::{Duration, Instant};
use ust::tracepoint;
use ust_acceptance::progress::Progress;

#[tracepoint(provider = "starved", level = Info)]
fn told(is_rich: bool, sequence: u64);

/// Lets this process have no more addresses than it has, or again as many as it likes.
#[allow(unsafe_code)]
fn set_limit(is_rich: bool) {
    // SAFETY: plain data and valid pointers.
    unsafe {
        let mut limit: libc::rlimit = core::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_AS, &mut limit), 0);
        limit.rlim_cur = if is_rich { limit.rlim_max } else { 4096 };
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &limit), 0);
    }
}

/// Waits until something is so, or for long enough.
fn wait(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, progress, events] = &arguments[..] else { panic!("PROGRESS EVENTS") };
    let events: u64 = events.parse().expect("a number");
    let progress = Progress::create(Path::new(progress));
    progress.note(1, 1);
    wait(|| progress.word(2) == 1);
    set_limit(false);
    progress.note(1, 2);
    wait(told::enabled);
    (0..events).for_each(|sequence| told(false, sequence));
    set_limit(true);
    // The agent looks for memory ten times a second.
    std::thread::sleep(Duration::from_secs(1));
    (0..events).for_each(|sequence| told(true, sequence));
    progress.note(1, 3);
    wait(|| progress.word(2) == 2);
}
