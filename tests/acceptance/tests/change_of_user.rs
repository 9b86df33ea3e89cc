//! A program that gives up root's rights neither hangs nor loses a record without saying so.
//!
//! glibc changes user ids by a signal to every thread, also the agent's. If that thread blocked the signal, `setuid` would
//! wait for ever. Rings that the daemon has go on. New rings cannot be handed over any more, because the new user may not
//! enter the runtime directory. Their events are counted as `records_lost_no_stream`.

use ust_acceptance::{judge, recording::Recording, skip};

/// More than one ring file's streams.
const THREADS: u64 = 70;

/// Streams in one ring file.
const STREAMS_A_FILE: u64 = 64;

/// Runs the program; returns how many events are in the trace, and how many are counted as lost.
fn recorded_and_lost(when: &str) -> Option<(u64, u64)> {
    if !skip::judges_are_here()
        || !skip::has("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
    {
        return None;
    }
    let recorded = Recording::of("changes_user")
        .options(["--subbuf-size", "8K"])
        .arg(when)
        .arg(THREADS)
        .run()
        .succeeded();
    let summary = recorded.summary();
    assert!(summary.lost.keys().all(|cause| cause == "records_lost_no_stream"), "{summary:?}");
    if summary.recorded > 0 {
        assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    }
    Some((summary.recorded, summary.lost_in_all()))
}

#[test]
fn after_a_change_of_user_the_rings_that_are_there_go_on() {
    if let Some((recorded, lost)) = recorded_and_lost("before") {
        // The main thread has one stream of the first file. The other threads share the rest, one stream each.
        assert_eq!(recorded, 2 + STREAMS_A_FILE - 1);
        assert_eq!(recorded + lost, THREADS + 2);
    }
}

#[test]
fn a_change_of_user_before_the_first_event_loses_nothing_uncounted() {
    if let Some((recorded, lost)) = recorded_and_lost("after") {
        assert_eq!(recorded + lost, THREADS + 1);
    }
}

/// Then the agent may not enter before it has spoken to the daemon. It must not take that for the absence of a daemon.
#[test]
fn a_change_of_user_before_the_agent_has_spoken_loses_nothing_uncounted() {
    if let Some((recorded, lost)) = recorded_and_lost("at-once") {
        assert_eq!(recorded + lost, THREADS + 1);
    }
}
