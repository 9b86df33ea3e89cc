//! Tracepoints in signal handlers: nothing is lost uncounted, torn, or out of order.
//!
//! A timer fires every 50 us into a thread that does nothing but emit, so that handlers land in the middle of
//! tracepoints. Each record carries a check of its own number, and a text whose length follows from it. One
//! thread makes one stream, so the order of `babeltrace2`'s lines is that of the records.

use serde::Deserialize;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{check, judge, skip};

#[derive(Debug, Deserialize)]
struct Account {
    flooded: u64,
    rang: u64,
}

#[track_caller]
fn assert_all_accounted_for(recorded: &Recorded) -> Account {
    let account: Account = recorded.report();
    // For each event, the next number that may come.
    let mut next = [0, 0];
    let mut last_ns = 0;
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let sequence = line.number("sequence");
        assert_eq!(line.number("check"), check::of(sequence), "torn: {}", line.text);
        assert_eq!(line.value("text").len() as u64, sequence % 26 + 3, "torn: {}", line.text);
        let next = &mut next[usize::from(line.is_of("alarms:rang"))];
        assert!(sequence >= *next, "out of order: {}", line.text);
        *next = sequence + 1;
        assert!(line.time_ns >= last_ns, "time goes back: {}", line.text);
        last_ns = line.time_ns;
    });
    let summary = recorded.summary();
    assert_eq!(summary.recorded, lines);
    assert_eq!(
        lines + summary.lost_in_all(),
        account.flooded + account.rang,
        "{summary:?} {account:?}"
    );
    account
}

#[test]
fn events_of_a_handler_amid_a_flood_are_all_accounted_for() {
    if !skip::judges_are_here() {
        return;
    }
    // With room for everything, and with a ring so small that sub-buffers change all the time.
    for (size, count) in [("16M", "8"), ("4096", "4")] {
        let options = ["--subbuf-size", size, "--subbufs", count, "--flush-interval", "10"];
        let recorded =
            Recording::of("alarms").options(options).arg("nested").arg(1_500_000).run().succeeded();
        let account = assert_all_accounted_for(&recorded);
        assert!(account.rang > 100, "the timer was to fire all the time: {account:?}");
        if size == "16M" {
            assert_eq!(recorded.summary().lost_in_all(), 0);
        }
    }
}

#[test]
fn the_first_event_of_a_thread_may_come_from_a_handler() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("alarms").arg("first").arg(500).run().succeeded();
    let account = assert_all_accounted_for(&recorded);
    assert_eq!((account.flooded, account.rang), (500, 500));
    assert_eq!(recorded.summary().lost_in_all(), 0);
}
