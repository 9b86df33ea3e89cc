//! `kinds PROGRESS THREADS EVENTS`: each thread emits so many events of each of three kinds, and the program waits until it is
//! told to end.
//!
//! Word 0 of the progress is the process id, word 1 whether all have been emitted.

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{END, Lease, Progress};

#[tracepoint(provider = "kinds", level = Info)]
fn a(thread: u64, sequence: u64);

#[tracepoint(provider = "kinds", level = Info)]
fn b(thread: u64, sequence: u64);

#[tracepoint(provider = "kinds", level = Debug)]
fn c(thread: u64, sequence: u64, text: &str);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, threads, events] = &arguments[..] else { panic!("PROGRESS THREADS EVENTS") };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (threads, events) = (number(threads), number(events));
    let progress = Progress::create(Path::new(path));
    let lease = Lease::begin(Path::new(path));
    progress.note(0, std::process::id().into());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for sequence in 0..events {
                    a(thread, sequence);
                    b(thread, sequence);
                    c(thread, sequence, "of the third kind");
                }
            });
        }
    });
    progress.note(1, 1);
    while progress.word(END) == 0 && !lease.is_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
}
