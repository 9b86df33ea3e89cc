//! `bursts PROGRESS EVENTS`: emits all events at once, notes that, and lives on until it is told to end.
//!
//! Word 1 of the progress is how many have been emitted; the program ends when word 2 is not 0.

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};

#[tracepoint(provider = "bursts", level = Info)]
fn tick(sequence: u64);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, events] = &arguments[..] else { panic!("PROGRESS EVENTS") };
    let events = events.parse().expect("a number");
    let progress = Progress::create(Path::new(path));
    let lease = Lease::begin(Path::new(path));
    (0..events).for_each(tick);
    progress.note(1, events);
    while progress.word(2) == 0 && !lease.is_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
}
