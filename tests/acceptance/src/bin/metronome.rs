//! `metronome PROGRESS [BEATS [BYTES]]`: an event a millisecond, each noted when its call has returned.
//!
//! Every tenth has a text of BYTES bytes.
//! Word 0 of the progress is the process id, word 1 the number of beats, the last word is 1 at the program's own
//! end: after BEATS, or when word [`END`] is set. Word 2 may be set to a number of beats after which it waits.

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{END, Lease, Progress, WORDS};

/// A beat, which comes
/// each millisecond.
///
/// Every tenth is long.
#[tracepoint(provider = "metronome", level = Info)]
fn beat(
    /// The first is 0.
    number: u64,
    text: &str,
);

#[tracepoint(provider = "metronome", level = Info)]
fn began(process: u32);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("PROGRESS [BEATS [BYTES]]");
    let beats = arguments.next().map_or(u64::MAX, |beats| beats.parse().expect("a number"));
    let long = arguments.next().map_or(0, |bytes| bytes.parse().expect("a number"));
    let long = "tick tock ".repeat(long / 10);
    let progress = Progress::create(Path::new(&path));
    progress.note(0, std::process::id().into());
    // Behind that: a test that finds an event finds the progress, too.
    began(std::process::id());
    let lease = Lease::begin(Path::new(&path));
    let mut number = 0;
    while number < beats && progress.word(END) == 0 && !lease.is_over() {
        std::thread::sleep(Duration::from_millis(1));
        if progress.word(2) != 0 && number >= progress.word(2) {
            continue;
        }
        let short = &"tick tock "[..number as usize % 10 + 1];
        beat(number, if number % 10 == 0 && !long.is_empty() { &long } else { short });
        number += 1;
        progress.note(1, number);
    }
    progress.note(WORDS - 1, 1);
}
