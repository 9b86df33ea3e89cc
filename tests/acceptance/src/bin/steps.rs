//! `steps PROGRESS THREADS STEPS`: threads that emit step by step and note each step when the call has returned.
//!
//! Word 0 of the progress is the process id, word `t` the steps of thread `t`, the last word is 1 at the
//! program's own normal end. With 0 STEPS it goes on until word [`END`] is set, or until it is killed.

use std::path::Path;
use std::time::{Duration, Instant};
use ust::tracepoint;
use ust_acceptance::progress::{END, Lease, Progress, WORDS};

#[tracepoint(provider = "steps", level = Info)]
fn step(thread: u32, sequence: u64);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, threads, steps] = &arguments[..] else { panic!("PROGRESS THREADS STEPS") };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let (threads, steps) = (number(threads), number(steps));
    let progress = Progress::create(Path::new(path));
    let lease = &Lease::begin(Path::new(path));
    progress.note(0, std::process::id().into());
    std::thread::scope(|scope| {
        for thread in 1..=threads as u32 {
            scope.spawn(move || walk(progress, lease, thread, steps));
        }
    });
    progress.note(WORDS - 1, 1);
}

fn walk(progress: Progress, lease: &Lease, thread: u32, steps: u64) {
    for sequence in 0.. {
        if steps != 0 && sequence == steps {
            return;
        }
        step(thread, sequence);
        progress.note(thread as usize, sequence + 1);
        // Slow enough for every record to find room, so that no record is missing for want of it.
        let pause = Instant::now();
        while pause.elapsed() < Duration::from_nanos(500) {
            std::hint::spin_loop();
        }
        if sequence % 1024 == 0 && (progress.word(END) != 0 || lease.is_over()) {
            return;
        }
    }
}
