//! Instrumented functions that are entered or left in ways of their own: handlers, dropped futures, panics in functions of C.

use ust_acceptance::{judge, recording::Recording, skip};

/// In the order of the records, each with the beginning of its payload.
const EXPECTED: &[(&str, &str)] = &[
    ("handler_entry", "signal = 10"),
    ("handler_exit", "outcome = ( \"returned\""),
    ("interrupted_entry", "number = 1"),
    ("handler_entry", "signal = 10"),
    ("handler_exit", "outcome = ( \"returned\""),
    ("interrupted_exit", "_outcome_tag = ( \"returned\""),
    ("slow_entry", "span = 1, number = 1"),
    ("slow_resume", "span = 1"),
    ("inner_entry", "span = 2, number = 2"),
    ("inner_resume", "span = 2"),
    ("inner_suspend", "span = 2"),
    ("slow_suspend", "span = 1"),
    ("quick_entry", "span = 3, number = 7"),
    ("quick_resume", "span = 3"),
    ("quick_exit", "span = 3"),
    // Where it waited, from the inside out.
    ("inner_exit", "span = 2"),
    ("slow_exit", "span = 1"),
    // In the children, whose ends the program has compared.
    ("panics_entry", "number = 1"),
    ("panics_exit", "_outcome_tag = ( \"unwound\""),
    ("panics_in_a_span", "number = 2"),
];

#[test]
fn handlers_dropped_futures_and_aborts_leave_what_happened() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("odd_endings").run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    let mut seen = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| seen.push(line.text.to_owned()));
    for (line, (event, payload)) in seen.iter().zip(EXPECTED) {
        assert!(line.contains(&format!("odd:{event}: ")), "{event}: {line}");
        assert!(line.contains(&format!("{{ {payload}")), "{event}: {line}");
    }
    let ended = |event: &str, outcome: &str| {
        let is_it = |line: &&String| {
            line.contains(&format!("odd:{event}: ")) && line.contains(&format!("\"{outcome}\""))
        };
        seen.iter().filter(is_it).count()
    };
    assert_eq!(ended("inner_exit", "dropped"), 1);
    assert_eq!(ended("slow_exit", "dropped"), 1);
    assert_eq!(ended("quick_exit", "returned"), 1);
    assert_eq!(ended("panics_in_a_span", "unwound"), 1);
    assert_eq!(seen.len(), EXPECTED.len(), "{seen:#?}");
}
