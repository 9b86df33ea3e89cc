//! If program or recorder is killed, what the program had recorded is in the trace.
//!
//! The traced program notes each step in a mapped file right after the tracepoint's call has returned. So after its death
//! the file tells which records there must be: all those, in order, and for each thread at most one more, which it was
//! about to note.

use std::time::Duration;
use ust_acceptance::progress::{self, END, WORDS};
use ust_acceptance::recording::{Recorded, Recording, Started};
use ust_acceptance::{judge, skip};
use ust_test_support::command::send_signal;
use ust_test_support::random::Random;
use ust_test_support::wait::wait_until;

const THREADS: usize = 2;

/// Where there is no room threads wait, so a recorder that gets no turn for a while costs time, not records.
const LOSSLESS: [&str; 2] = ["--mode", "block=600s"];

/// Records a program that takes steps until it is ended; returns when it has taken the first.
fn start<const N: usize>(options: [&str; N]) -> Started {
    let recording = Recording::of("steps").options(["--subbuf-size", "1M", "--subbufs", "16"]);
    let path = recording.path("progress");
    let recording = recording.options(options).arg(path.display());
    let started = recording.arg(THREADS).arg(0).start();
    wait_until("the program's first steps", || {
        let words = progress::read(&path)?;
        words[1..=THREADS].iter().all(|steps| *steps > 0).then_some(())
    });
    started
}

fn words(path: &std::path::Path) -> [u64; WORDS] {
    progress::read(path).expect("the program has noted its progress")
}

#[track_caller]
fn assert_every_noted_step_is_in(recorded: &Recorded) {
    let words = words(&recorded.path("progress"));
    let mut seen = [0; WORDS];
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let of_thread = &mut seen[line.number("thread") as usize];
        assert_eq!(
            line.number("sequence"),
            *of_thread,
            "lost, twice or out of order: {}",
            line.text
        );
        *of_thread += 1;
    });
    for thread in 1..=THREADS {
        let (noted, seen) = (words[thread], seen[thread]);
        assert!(
            seen == noted || seen == noted + 1,
            "thread {thread} noted {noted} steps, {seen} are there"
        );
    }
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (lines, 0), "{summary:?}");
}

#[test]
fn a_killed_program_leaves_every_record_whose_call_had_returned() {
    if !skip::judges_are_here() {
        return;
    }
    let mut random = Random::new(2);
    for round in 0..20 {
        let started = start(LOSSLESS);
        random.sleep_below(Duration::from_millis(if round % 2 == 0 { 5 } else { 120 }));
        send_signal(words(&started.path("progress"))[0] as u32, libc::SIGKILL);
        let recorded = started.wait();
        assert_eq!(recorded.finished.code(), 137, "{}", recorded.finished.stderr);
        assert_every_noted_step_is_in(&recorded);
    }
}

#[test]
fn a_signal_to_the_recorder_goes_to_the_program_and_the_trace_is_completed() {
    if !skip::judges_are_here() {
        return;
    }
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let started = start(LOSSLESS);
        started.running.signal(signal);
        let recorded = started.wait();
        assert_eq!(recorded.finished.code(), code, "{}", recorded.finished.stderr);
        assert_every_noted_step_is_in(&recorded);
        let closing = recorded.closing_line();
        assert!(closing.contains("events recorded, 0 lost, 1 process: "), "{closing}");
    }
}

#[test]
fn a_killed_recorder_leaves_the_program_running_unharmed() {
    const STEPS: u64 = 200_000;
    let started = start([]);
    started.running.signal(libc::SIGKILL);
    let recorded = started.wait();
    assert_eq!(recorded.finished.code(), 137);
    let path = recorded.path("progress");
    let before = words(&path);
    wait_until("steps after the recorder's death", || {
        let words = words(&path);
        (1..=THREADS).all(|thread| words[thread] >= before[thread] + STEPS).then_some(())
    });
    progress::set(&path, END, 1);
    wait_until("the program's own end", || (words(&path)[WORDS - 1] == 1).then_some(()));
}
