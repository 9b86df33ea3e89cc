//! `spawns COUNT`: threads emit all the time while `main` starts other programs, as `posix_spawn` does, by `vfork`.
//!
//! The report is how many events were emitted.

use std::process::Command;
use ust::tracepoint;
use ust_acceptance::report;
use ust_core::sync::{AtomicBool, Ordering};

#[tracepoint(provider = "spawns", level = Info)]
fn told(thread: u32, sequence: u64);

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).expect("COUNT");
    let is_over = AtomicBool::new(false);
    let is_over = &is_over;
    let emit = |thread| {
        let mut sequence = 0;
        while !is_over.load(Ordering::Acquire) {
            told(thread, sequence);
            sequence += 1;
            std::thread::yield_now();
        }
        sequence
    };
    let emitted: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=3).map(|thread| scope.spawn(move || emit(thread))).collect();
        for number in 0..count {
            told(0, number);
            let mut child = Command::new("/bin/true").spawn().expect("it can be started");
            assert!(child.wait().expect("our own child").success());
        }
        is_over.store(true, Ordering::Release);
        count
            + threads
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"))
                .sum::<u64>()
    });
    report::write(&emitted);
}
