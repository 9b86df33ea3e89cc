//! Per-thread and per-CPU rings; discard, overwrite and block. In every mode written + overwritten + lost is what was
//! emitted, and records are missing where the trace says so.

use std::path::Path;
use ust_acceptance::progress::{self, END, WORDS};
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 300_000;

/// Rings that such a flood laps many times.
const SMALL: [&str; 4] = ["--subbuf-size", "16K", "--subbufs", "4"];

fn flood(threads: u64, buffers: &str, mode: &str) -> Recorded {
    let options = ["--buffers", buffers, "--mode", mode];
    Recording::of("flood")
        .options(SMALL)
        .options(options)
        .arg(threads)
        .arg(EVENTS)
        .run()
        .succeeded()
}

/// Every record stands once, in its thread's order, and the sum is right.
#[track_caller]
fn assert_exact(recorded: &Recorded) {
    let emitted: Vec<u64> = recorded.report();
    let mut next = vec![0; emitted.len()];
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let next = &mut next[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(sequence >= *next, "numbers go back from {next}: {}", line.text);
        *next = sequence + 1;
    });
    let summary = recorded.summary();
    assert_eq!(lines, summary.recorded);
    let sum = summary.recorded + summary.overwritten + summary.lost_in_all();
    assert_eq!(sum, emitted.iter().sum::<u64>(), "{summary:?}");
}

#[test]
fn whatever_the_mode_every_event_is_accounted_for() {
    if !skip::judges_are_here() {
        return;
    }
    for buffers in ["per-thread", "per-cpu"] {
        // Blocked for longer than any reader waits for its turn.
        for mode in ["discard", "overwrite", "block=600s"] {
            let recorded = flood(3, buffers, mode);
            assert_exact(&recorded);
            let summary = recorded.summary();
            match mode {
                "discard" => assert_eq!(summary.overwritten, 0, "{summary:?}"),
                "overwrite" => {
                    assert!(summary.overwritten > 0, "{summary:?}");
                    assert!(!summary.lost.contains_key("records_lost_full"), "{summary:?}");
                }
                _ => assert_eq!(summary.recorded, EVENTS, "{summary:?}"),
            }
        }
    }
}

/// A reader that is too slow misses the oldest records.
#[test]
fn a_flight_recorder_ends_with_the_last_event() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = flood(1, "per-thread", "overwrite");
    let mut last = 0;
    judge::babeltrace2(&recorded.trace(), |line| last = line.number("sequence"));
    assert_eq!(last, EVENTS - 1);
}

#[track_caller]
fn assert_missing_where_packets_say(trace: &Path) -> u64 {
    let said = judge::python("packet_gaps.py", &[trace, "sequence".as_ref(), "thread".as_ref()]);
    said.split_whitespace().nth(5).and_then(|word| word.parse().ok()).expect("a number")
}

#[test]
fn packet_by_packet_the_discarded_count_grows_by_the_gap() {
    if !skip::judges_are_here() {
        return;
    }
    for mode in ["discard", "overwrite"] {
        let recorded = flood(1, "per-thread", mode);
        assert!(assert_missing_where_packets_say(&recorded.trace()) > 0, "nothing was missing");
    }
}

/// The traced program must end, also if its recorder is stopped or killed.
#[test]
fn a_stopped_recorder_blocks_a_program_no_longer_than_the_bound() {
    let options = ["--mode", "block=300ms"];
    let recording = Recording::of("steps").options(SMALL).options(options);
    let path = recording.path("progress");
    let started = recording.arg(path.display()).arg(1).arg(0).start();
    let word = |word: usize| progress::read(&path).map_or(0, |words| words[word]);
    wait_until("the first step", || (word(1) > 0).then_some(()));
    started.running.stop();
    // Far more than the ring holds; waiting for each, it would take a day.
    let before = word(1);
    wait_until("steps without a reader", || (word(1) >= before + EVENTS).then_some(()));
    progress::set(&path, END, 1);
    wait_until("the program's own end", || (word(WORDS - 1) == 1).then_some(()));
    started.running.signal(libc::SIGCONT);
    let recorded = started.wait().succeeded();
    let summary = recorded.summary();
    assert_eq!(summary.recorded + summary.lost_in_all(), word(1), "{summary:?}");
    assert!(summary.lost_in_all() > 0, "{summary:?}");
}
