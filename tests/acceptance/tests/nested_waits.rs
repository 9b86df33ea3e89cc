//! In blocking mode a thread waits for room, but never in a tracepoint that has interrupted another one of its own:
//! the handler of a program that waits goes on, and what it could not record is counted.

use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, progress, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 20_000;

/// Handlers that must have run while `main` waits.
const HANDLERS: u64 = 30;

#[track_caller]
fn assert_handlers_do_not_wait(buffers: &str) {
    // Whoever waits for that waits for longer than this test.
    let options = ["--subbuf-size", "4K", "--subbufs", "4", "--mode", "block=3600s"];
    let recording = Recording::of("waits").options(options).options(["--buffers", buffers]);
    let path = recording.path("progress");
    let started = recording.arg(path.display()).arg(EVENTS).start();
    wait_until("the first event", || progress::read(&path).filter(|words| words[1] == 1));
    started.running.signal(libc::SIGSTOP);
    progress::set(&path, 0, 1);
    let mut still = (0, 0);
    wait_until("handlers that interrupt a thread that waits", || {
        let words = progress::read(&path)?;
        if words[1] != still.0 {
            still = (words[1], words[2]);
        }
        (words[1] > 1 && words[2] >= still.1 + HANDLERS).then_some(())
    });
    assert!(still.0 < EVENTS, "main did not wait");
    started.running.signal(libc::SIGCONT);
    let recorded = started.wait().succeeded();
    let [flooded, rang]: [u64; 2] = recorded.report();
    let summary = recorded.summary();
    let sum = summary.recorded + summary.lost_in_all();
    assert_eq!((sum, flooded), (flooded + rang, EVENTS), "{summary:?}");
    let lost = summary.lost.get("records_lost_full").copied().unwrap_or(0);
    assert!(lost >= HANDLERS && lost <= rang, "{rang}: {summary:?}");
    // Those that were waited with have all been recorded.
    let mut next = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.is_of("waits:flooded") {
            assert_eq!(line.number("sequence"), next, "{}", line.text);
            next += 1;
        }
    });
    assert_eq!(next, EVENTS);
}

#[test]
fn a_handler_does_not_wait_for_room_in_its_threads_ring() {
    if skip::judges_are_here() {
        assert_handlers_do_not_wait("per-thread");
    }
}

#[test]
fn a_handler_does_not_wait_for_room_in_its_cpus_ring() {
    if skip::judges_are_here() {
        assert_handlers_do_not_wait("per-cpu");
    }
}
