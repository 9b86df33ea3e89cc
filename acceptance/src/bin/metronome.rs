//! `metronome PROGRESS [BEATS [BYTES]]`: an event a millisecond, each noted when its call has returned.
//!
//! Every tenth has a text of so many BYTES.
//! Word 0 of the progress is the process id, word 1 the number of beats, the last word is 1 at the program's own
//! end: after BEATS, or when the file's word 2 is set, or after long enough.

use std::path::Path;
use std::time::{Duration, Instant};
use ust_acceptance::progress::{Progress, WORDS};
use ust_core::tracepoint;

#[tracepoint(provider = "metronome", level = Info)]
fn beat(number: u64, text: &str);

#[tracepoint(provider = "metronome", level = Info)]
fn began(process: u32);

/// Nobody stops it any more.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

fn main() {
    began(std::process::id());
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("PROGRESS [BEATS [BYTES]]");
    let beats = arguments.next().map_or(u64::MAX, |beats| beats.parse().expect("a number"));
    let long = arguments.next().map_or(0, |bytes| bytes.parse().expect("a number"));
    let long = "tick tock ".repeat(long / 10);
    let progress = Progress::create(Path::new(&path));
    progress.note(0, std::process::id().into());
    let started = Instant::now();
    let mut number = 0;
    while number < beats && progress.word(2) == 0 && started.elapsed() < LONG_ENOUGH {
        let short = &"tick tock "[..number as usize % 10 + 1];
        beat(number, if number % 10 == 0 && !long.is_empty() { &long } else { short });
        number += 1;
        progress.note(1, number);
        std::thread::sleep(Duration::from_millis(1));
    }
    progress.note(WORDS - 1, 1);
}
