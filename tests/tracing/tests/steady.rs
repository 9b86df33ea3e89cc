//! Once a callsite and a thread are known, events allocate nothing; and what finds no room is counted.

use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};

#[test]
fn events_and_spans_that_are_entered_allocate_nothing() {
    let recorded = Recording::of("steady").options(["--subbuf-size", "4M"]).run().succeeded();
    assert_eq!(recorded.report::<u64>(), 0);
    // Of each round: enter, exit, two events, a field recorded later. And the span's begin and end.
    assert_eq!(recorded.summary().recorded, 1100 * 5 + 2);
    assert_eq!(recorded.summary().lost_in_all(), 0);
}

#[test]
fn what_finds_no_room_is_counted() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("spreads").arg("threads").arg(4).arg(5_000);
    let options = ["-e", "spreads:*", "--subbuf-size", "4K", "--subbufs", "2"];
    let recorded = recording.options(options).run().succeeded();
    let summary = recorded.summary();
    assert!(summary.lost_in_all() > 0, "there is room for all");
    assert_eq!(summary.recorded + summary.lost_in_all(), 4 * (3 * 5_000 + 2));
    assert_eq!(judge::count(&recorded.trace()), summary.recorded);
}
