//! `goes_elsewhere DIR`: makes DIR, makes it its working directory, notes there that it has arrived, and emits for ever.

use std::time::{Duration, Instant};
use ust::tracepoint;

/// It ends then even if a test has failed and left it behind.
const AT_MOST: Duration = Duration::from_secs(600);

#[tracepoint(provider = "elsewhere", level = Info)]
fn event(sequence: u64);

fn main() {
    let dir = std::env::args_os().nth(1).expect("DIR");
    std::fs::create_dir(&dir).expect("there is room");
    std::env::set_current_dir(&dir).expect("it is there");
    std::fs::write("arrived", "").expect("there is room");
    let started = Instant::now();
    for sequence in 0.. {
        event(sequence);
        std::thread::sleep(Duration::from_millis(1));
        if started.elapsed() > AT_MOST {
            return;
        }
    }
}
