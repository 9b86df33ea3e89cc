//! Flight recorders: only snapshots are written, and they show what happened last.

use std::path::{Path, PathBuf};
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recorded, Recording, folders};
use ust_acceptance::{judge, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 50_000;

fn flight(how: &str, when: &str, buffers: &str) -> Recorded {
    let options = ["--subbuf-size", "4K", "--subbufs", "8", "--buffers", buffers];
    let recording = Recording::of("ends").options(options).options(["--snapshot-on", when]);
    recording.arg(how).arg(EVENTS).run()
}

fn sequences(recorded: &Recorded) -> Vec<u64> {
    let mut sequences = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| sequences.push(line.number("sequence")));
    sequences
}

/// The newest events, without a gap, up to the last one before the end.
#[track_caller]
fn assert_ends_with(recorded: &Recorded, end: u64) {
    let sequences = sequences(recorded);
    let first = sequences.first().copied().expect("there is something in it");
    assert!(first > 0 && sequences.iter().copied().eq(first..end), "{first}.. of {end}");
    let summary = recorded.summary();
    assert_eq!(summary.recorded, end - first);
    assert_eq!(summary.overwritten, first, "{summary:?}");
    assert_eq!(summary.lost_in_all(), 0, "{summary:?}");
}

#[test]
fn a_crash_is_shown_up_to_its_last_event() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = flight("abort", "signal", "per-thread");
    assert_eq!(recorded.finished.code(), 128 + libc::SIGABRT);
    assert_ends_with(&recorded, EVENTS);
}

#[test]
fn an_exit_is_shown_in_both_kinds_of_buffers() {
    if !skip::judges_are_here() {
        return;
    }
    assert_ends_with(&flight("exit", "exit", "per-thread").succeeded(), EVENTS);
    // A thread may have moved between CPUs: its numbers are in more than one ring then, and the oldest are not
    // those of one ring. What must hold is the sum, and the end.
    let recorded = flight("exit", "exit", "per-cpu").succeeded();
    let mut sequences = sequences(&recorded);
    sequences.sort_unstable();
    assert_eq!(sequences.last(), Some(&(EVENTS - 1)));
    let summary = recorded.summary();
    assert_eq!(sequences.len() as u64, summary.recorded);
    assert_eq!(summary.recorded + summary.overwritten + summary.lost_in_all(), EVENTS);
}

/// The snapshot is complete before the panic goes on: what comes after is not in it.
#[test]
fn a_panic_is_shown_as_it_was() {
    if !skip::judges_are_here() {
        return;
    }
    // A program waits at most a second for a recorder that gets no turn, and that may happen again and again.
    let is_waited_for = |recorded: &Recorded| recorded.report::<u64>() < 1000;
    let flights = || flight("panic", "panic", "per-thread").succeeded();
    let recorded = (0..20).map(|_| flights()).find(is_waited_for);
    let recorded = recorded.expect("a recorder that takes its snapshot in time");
    // The program asks for it twice, and panics once.
    assert_eq!(snapshots(&recorded.trace()).len(), 1);
    assert_ends_with(&recorded, EVENTS);
}

#[test]
fn what_was_not_asked_for_is_not_written() {
    let recorded = flight("exit", "signal,panic", "per-thread").succeeded();
    assert_eq!(std::fs::read_dir(recorded.trace()).unwrap().count(), 0);
    assert_eq!(recorded.summary().recorded, 0);
}

/// Under full load, `UST_SNAPSHOTS` times: each snapshot is a whole trace, each thread's numbers grow, and
/// what is missing between them is where the packets say.
#[test]
fn snapshots_under_full_load_are_whole() {
    if !skip::judges_are_here() {
        return;
    }
    let sandbox = Site::new();
    let _daemon = sandbox.daemon(&[]);
    let trace = sandbox.path("flight");
    let output = trace.to_str().expect("temporary paths are text");
    let small = ["--subbuf-size", "4K", "--subbufs", "8"];
    sandbox
        .ust(&[&["create", "flight", "-o", output, "--snapshot"][..], &small].concat())
        .succeeded();
    sandbox.ust(&["enable-event", "flood:*"]).succeeded();
    sandbox.ust(&["start"]).succeeded();
    let program = sandbox.program("flood", &["3", "100000000000"]);
    wait_until("the first snapshot with something in it", || {
        sandbox.ust(&["snapshot", "record"]).succeeded();
        let newest = snapshots(&trace).pop().expect("one has just been taken");
        (!folders(&newest).is_empty()).then_some(())
    });
    let all = std::env::var("UST_SNAPSHOTS").map_or(50u64, |all| all.parse().expect("a number"));
    for _ in 0..all {
        sandbox.ust(&["snapshot", "record"]).succeeded();
        let newest = snapshots(&trace).pop().expect("one has just been taken");
        judge::python("packet_gaps.py", &[&newest, "sequence".as_ref(), "thread".as_ref()]);
    }
    program.signal(libc::SIGKILL);
    program.wait();
    // Its rings outlive it.
    sandbox.ust(&["snapshot", "record"]).succeeded();
    let newest = snapshots(&trace).pop().expect("one has just been taken");
    assert_eq!(judge::tally(&newest, "thread").len(), 3);
    sandbox.ust(&["destroy", "flight"]).succeeded();
}

/// In the order in which they were taken.
fn snapshots(trace: &Path) -> Vec<PathBuf> {
    let number = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix("snapshot-").and_then(|n| n.parse::<u32>().ok()).expect("snapshot-N")
    };
    let mut all: Vec<PathBuf> = std::fs::read_dir(trace)
        .expect("it is there")
        .map(|e| e.expect("an entry").path())
        .collect();
    all.sort_by_key(number);
    all
}
