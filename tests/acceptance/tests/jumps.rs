//! A signal handler that leaves by siglongjmp out of the middle of a tracepoint costs at most that record, counted,
//! and what the thread emits later is in the trace while the program still runs.

use serde::Deserialize;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{check, judge, jump, progress, skip};
use ust_test_support::wait::wait_until;

const JUMPS: u64 = 200;

/// Each a few times the size of its longest record.
const SMALL: [&str; 4] = ["--subbuf-size", "16K", "--subbufs", "8"];

#[derive(Debug, Deserialize)]
struct Account {
    begun: u64,
    returned: u64,
    later: u64,
}

/// The trace of a program in which handlers have jumped, ended once a later event was read.
fn record(buffers: &str, mode: &str) -> Option<(Recorded, Account)> {
    let recording = Recording::of("jumps").options(SMALL);
    let recording = recording.options(["--buffers", buffers, "--mode", mode]);
    let recording = recording.options(["--flush-interval", "50"]);
    let library = jump::compile(recording.path("").as_path())?;
    let path = recording.path("progress");
    let recording = recording.arg(library.display()).arg(path.display()).arg(JUMPS);
    let started = recording.start();
    // The program runs until this test ends it.
    wait_until("an event from after the jumps", || {
        let mut later = 0;
        judge::babeltrace2_unfinished(&started.trace(), |line| {
            later += u64::from(line.is_of("jumps:later"));
        });
        (later > 0).then_some(())
    });
    progress::set(&path, 0, 1);
    let recorded = started.wait().succeeded();
    let account = recorded.report();
    Some((recorded, account))
}

#[track_caller]
fn assert_at_most_those_are_lost(buffers: &str, mode: &str) {
    if !skip::judges_are_here() {
        return;
    }
    let Some((recorded, account)) = record(buffers, mode) else { return };
    let (mut next, mut last_later) = (0, 0);
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let sequence = line.number("sequence");
        assert_eq!(line.number("check"), check::of(sequence), "torn: {}", line.text);
        let length = line.value("text").len() as u64;
        assert_eq!(length, sequence % 1024 + 3, "torn: {}", line.text);
        if line.is_of("jumps:later") {
            last_later = sequence;
        } else {
            assert!(sequence >= next, "twice or out of order: {}", line.text);
            next = sequence + 1;
        }
    });
    let summary = recorded.summary();
    assert_eq!(lines, summary.recorded);
    let interrupted = account.begun - account.returned;
    assert!(interrupted > 10, "tracepoints were to be interrupted: {account:?}");
    let sum = summary.recorded + summary.overwritten + summary.lost_in_all();
    let least = account.returned + account.later;
    assert!((least..=least + interrupted).contains(&sum), "{account:?} {summary:?}");
    let abandoned = summary.lost.get("records_lost_abandoned").copied().unwrap_or(0);
    assert!((1..=interrupted).contains(&abandoned), "{account:?} {summary:?}");
    // Another CPU's ring may be waited for still, by the time this one's successor has been read.
    if buffers == "per-thread" {
        assert_eq!(last_later + 1, account.later, "the end is missing: {summary:?}");
    }
}

#[test]
fn a_threads_ring_goes_on() {
    assert_at_most_those_are_lost("per-thread", "discard");
}

#[test]
fn a_cpus_ring_goes_on() {
    assert_at_most_those_are_lost("per-cpu", "discard");
}

#[test]
fn a_ring_that_overwrites_goes_on() {
    assert_at_most_those_are_lost("per-thread", "overwrite");
}
