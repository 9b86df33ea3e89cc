//! Where ring memory cannot be had the program runs on, and every event is counted; once it can be had, recorded.

use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 1000;

#[track_caller]
fn assert_counted(limit: &str, buffers: &str) {
    let what = format!("{limit}, {buffers}");
    let recording = Recording::of("starved").options(["--buffers", buffers]);
    // A SIGBUS, SIGXFSZ or SIGSEGV would make it 128 and more.
    let recorded = recording.arg(limit).arg(EVENTS).run().succeeded();
    let [poor, rich]: [u64; 2] = recorded.report();
    let summary = recorded.summary();
    assert_eq!(summary.lost.get("records_lost_no_stream"), Some(&poor), "{what}: {summary:?}");
    assert_eq!((summary.recorded, summary.lost_in_all()), (rich, poor), "{what}: {summary:?}");
    let tally = judge::tally(&recorded.trace(), "is_rich");
    assert_eq!(tally.into_iter().collect::<Vec<_>>(), [(1, rich)], "{what}");
    let stderr = &recorded.finished.stderr;
    let is_told = |line: &str| {
        line.contains("process ")
            && line.contains("(starved): no ring could be had for 2000 events")
    };
    assert!(stderr.lines().any(is_told), "{what}: {stderr}");
}

#[test]
fn without_descriptors() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| assert_counted("descriptors", it));
    }
}

#[test]
fn without_addresses() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| assert_counted("addresses", it));
    }
}

#[test]
fn without_permission_for_large_files() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| assert_counted("file-size", it));
    }
}
