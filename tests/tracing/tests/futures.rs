//! The example `futures`: polls, busy and idle time of each instrumented future.

use std::collections::BTreeMap;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;

#[test]
fn each_future_tells_its_polls_and_its_times() {
    if !skip::judges_are_here() {
        return;
    }
    let program = binaries::program_of("ust-examples", "futures");
    let recorded = Recording::of_path(program).options(["-e", "futures:*.close"]).run().succeeded();
    let mut told = BTreeMap::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        let numbers = ["entered", "busy_ns", "idle_ns"].map(|name| line.number(name));
        told.insert(line.event_of("futures").expect("no other").to_owned(), numbers);
    });
    let [sleeps, crunches, yields] =
        ["sleeps", "crunches", "yields"].map(|name| told[&format!("{name}.close")]);
    assert_eq!(told.len(), 3);
    // Each was entered once more, to be dropped.
    assert_eq!((sleeps[0] - 1, crunches[0] - 1, yields[0] - 1), (2, 1, 100));
    assert!(crunches[1] >= 9_000_000, "{crunches:?}");
    assert!(sleeps[1] + sleeps[2] >= 30_000_000 && sleeps[2] > 0, "{sleeps:?}");
}
