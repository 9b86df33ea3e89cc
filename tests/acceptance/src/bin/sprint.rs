//! `sprint PROGRESS THREADS MICROSECONDS`: threads that emit as fast as they can until, so long after the start, the
//! process kills itself.
//!
//! Each thread notes its number of calls in word `t` of the progress as soon as the call has returned. Every record has
//! a check of its own content. The thread that kills the process does not synchronise with the others.

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::check;
use ust_acceptance::progress::Progress;

#[tracepoint(provider = "sprint", level = Info)]
fn ran(thread: u32, sequence: u64, text: &str, check: u64);

/// Never empty: babeltrace2 2.0.4 prints an empty string as the text of an earlier record.
const TEXT: &str = "abcdefghijklmnopqrstuvwxyz";

fn run(progress: Progress, thread: u32) -> ! {
    let mut sequence = 0;
    loop {
        ran(
            thread,
            sequence,
            &TEXT[..1 + sequence as usize % TEXT.len()],
            check::of_thread(thread.into(), sequence),
        );
        sequence += 1;
        progress.note(thread as usize, sequence);
    }
}

#[allow(unsafe_code)]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, threads, delay] = &arguments[..] else { panic!("PROGRESS THREADS MICROSECONDS") };
    let progress = Progress::create(Path::new(path));
    for thread in 1..=threads.parse().expect("a number") {
        std::thread::spawn(move || run(progress, thread));
    }
    std::thread::sleep(Duration::from_micros(delay.parse().expect("a number")));
    // SAFETY: ends this process, as it is meant to.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}
