//! A program that gives up root's rights neither hangs nor loses its records.
//!
//! glibc changes user ids by a signal to every thread, the agent's too: blocked there, `setuid` waits for ever.
//! And what is recorded after the change must reach a daemon whose directory the new user may not enter.

use ust_acceptance::{judge, recording::Recording, skip};

/// More than one ring file's streams.
const THREADS: u64 = 70;

fn records_everything(when: &str) {
    if !skip::judges_are_here() {
        return;
    }
    if !skip::has("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", "true"]) {
        return;
    }
    let recorded = Recording::of("changes_user")
        .options(["--subbuf-size", "8K"])
        .arg(when)
        .arg(THREADS)
        .run()
        .succeeded();
    let emitted = THREADS + 1 + u64::from(when == "before");
    let summary = recorded.summary();
    let (in_trace, lost) = (summary.recorded, summary.lost_in_all());
    assert_eq!(in_trace + lost, emitted, "neither there nor counted: {summary:?}");
    assert_eq!(in_trace, emitted, "{summary:?}");
    assert_eq!(judge::count(&recorded.trace()), emitted);
}

#[test]
fn a_program_that_changes_its_user_after_its_first_event_goes_on_being_traced() {
    records_everything("before");
}

#[test]
fn a_program_that_changes_its_user_before_its_first_event_is_traced() {
    records_everything("after");
}
