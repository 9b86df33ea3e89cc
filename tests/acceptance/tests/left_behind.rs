//! A process that outlives the recording runs on unharmed, and what it had recorded until then is in the trace.

use ust_acceptance::progress::{self, END, WORDS};
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::wait::wait_until;

#[test]
fn a_process_that_outlives_the_recording_runs_on_unharmed() {
    if !skip::judges_are_here() {
        return;
    }
    const STEPS: u64 = 200_000;
    let recording = Recording::of("leaves_behind").options(["--subbuf-size", "64K"]);
    let path = recording.path("progress");
    let steps = binaries::program("steps");
    let recorded =
        recording.arg(steps.display()).arg(path.display()).arg(2).arg(0).run().succeeded();
    // It goes on: `ust record` ends with the program that it started.
    let before = wait_until("its account", || progress::read(&path));
    let summary = recorded.summary();
    if summary.recorded > 0 {
        assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    }
    wait_until("steps after the recording", || {
        progress::read(&path).filter(|words| (1..=2).all(|n| words[n] >= before[n] + STEPS))
    });
    progress::set(&path, END, 1);
    wait_until("its own end", || progress::read(&path).filter(|words| words[WORDS - 1] == 1));
}
