//! Written + lost == emitted, always, and every record is where it belongs.
//!
//! Threads emit 5 million events as fast as they can, numbered by each thread, and count them. What
//! `babeltrace2` prints is compared with that count and with `--summary`: the number of lines, and for each thread that its
//! numbers grow, and that the numbers missing between them and after the last are those lost.

use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 5_000_000;

fn record<const N: usize>(threads: u64, options: [&str; N]) -> Option<Recorded> {
    skip::judges_are_here()
        .then(|| Recording::of("flood").options(options).arg(threads).arg(EVENTS).run().succeeded())
}

#[track_caller]
fn assert_all_accounted_for(recorded: &Recorded, events: u64) {
    let emitted: Vec<u64> = recorded.report();
    assert_eq!(emitted.iter().sum::<u64>(), events);
    let mut next = vec![0; emitted.len()];
    let mut seen = 0;
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let next = &mut next[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(sequence >= *next, "thread's numbers go back from {next}: {}", line.text);
        *next = sequence + 1;
        seen += 1;
    });
    for (thread, (next, emitted)) in next.iter().zip(&emitted).enumerate() {
        assert!(
            next <= emitted,
            "thread {thread} emitted {emitted} events, the last one is {next}"
        );
    }
    let summary = recorded.summary();
    assert_eq!((lines, seen), (summary.recorded, summary.recorded));
    assert_eq!(summary.recorded + summary.lost_in_all(), events, "{summary:?}");
    assert!(lines > 0, "{summary:?}");
}

/// Default rings, too small for such a flood: most records are lost because all sub-buffers are full.
fn with_losses(threads: u64) {
    let Some(recorded) = record(threads, ["--subbuf-size", "64K"]) else { return };
    assert_all_accounted_for(&recorded, EVENTS);
}

/// Room for everything: nothing may be missing.
fn without_losses<const N: usize>(threads: u64, options: [&str; N]) {
    let Some(recorded) = record(threads, options) else { return };
    assert_all_accounted_for(&recorded, EVENTS);
    assert_eq!(recorded.summary().recorded, EVENTS, "{:?}", recorded.summary());
}

#[test]
fn one_thread_with_losses() {
    with_losses(1);
}

#[test]
fn two_threads_with_losses() {
    with_losses(2);
}

#[test]
fn sixteen_threads_with_losses() {
    with_losses(16);
}

#[test]
fn one_thread_with_room_for_everything() {
    without_losses(1, ["--subbuf-size", "64M", "--subbufs", "4"]);
}

#[test]
fn sixteen_threads_with_room_for_everything() {
    without_losses(16, ["--subbuf-size", "8M", "--subbufs", "4"]);
}

/// Python's bt2 sees more than `babeltrace2` prints: which stream a record stands in, where packets begin and
/// end, and what was discarded between them.
#[test]
fn within_each_stream_neither_time_nor_numbers_go_back() {
    const FEWER: u64 = 300_000;
    if !skip::judges_are_here() {
        return;
    }
    // Bursts that are a little longer than the ring has room for: losses everywhere between the records.
    let options = ["--subbuf-size", "4096", "--subbufs", "2", "--flush-interval", "5"];
    let recording = Recording::of("flood").options(options).arg(4).arg(FEWER).arg(600);
    let recorded = recording.run().succeeded();
    assert_all_accounted_for(&recorded, FEWER);
    let said =
        judge::python("order.py", &[&recorded.trace(), "sequence".as_ref(), "thread".as_ref()]);
    let words: Vec<&str> = said.split_whitespace().collect();
    let number = |at: usize| words[at].parse::<u64>().expect("order.py prints numbers");
    let (events, missing, discarded) = (number(1), number(3), number(5));
    let summary = recorded.summary();
    assert_eq!(events, summary.recorded);
    // Losses in a stream's first packet, or after a thread's last record, are not between two records.
    assert!(missing <= summary.lost_in_all(), "{said} {summary:?}");
    assert!(discarded <= summary.lost_in_all(), "{said} {summary:?}");
    assert!(missing > 0 && discarded > 0, "the ring was to be too small: {said} {summary:?}");
}
