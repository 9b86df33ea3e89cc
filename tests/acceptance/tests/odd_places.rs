//! Tracepoints may be called anywhere: where a thread ends, on a handler's small stack, after `main`.
//!
//! Each place emits one event; each must be in the trace, once.

use ust_acceptance::{judge, recording::Recording, skip};

#[test]
fn an_event_is_recorded_wherever_it_is_emitted() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("odd_places").run().succeeded();
    let places: Vec<String> = recorded.report();
    let tally = judge::tally(&recorded.trace(), "number");
    for (number, place) in places.iter().enumerate() {
        assert_eq!(tally.get(&(number as u64)), Some(&1), "from {place}");
    }
    assert_eq!(recorded.summary().lost_in_all(), 0);
}
