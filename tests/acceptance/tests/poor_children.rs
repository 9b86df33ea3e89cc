//! Where a forked child can have no descriptor, its events are counted, and recorded as soon as it can.
//!
//! A child without a process file has no memory to write to and no connection. Its ancestor's file is all that it still
//! shares with the consumer. Children of `fork` and of raw `clone`, of traced and of untraced parents, and one that
//! outlives its parent: written + lost must be what was emitted.

use ust_acceptance::{judge, recording::Recording, skip};

const EVENTS: u64 = 1000;

#[test]
fn what_children_without_descriptors_emit_is_counted() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("poor_children").arg(EVENTS).run().succeeded();
    let [rich, poor]: [u64; 2] = recorded.report();
    let summary = recorded.summary();
    let tally = judge::tally(&recorded.trace(), "is_rich");
    assert_eq!(tally.values().sum::<u64>(), summary.recorded);
    assert_eq!(summary.recorded + summary.lost_in_all(), rich + poor, "{summary:?}");
    assert_eq!(tally.get(&0), None, "with no descriptor to be had there is no stream");
    // Three of the four threads may have to wait for the one that gives the child files of its own.
    let surely = rich - 3 * EVENTS;
    assert!(summary.recorded >= surely, "what could be recorded was not: {summary:?}");
    assert_eq!(summary.processes, 7, "{summary:?}");
}
