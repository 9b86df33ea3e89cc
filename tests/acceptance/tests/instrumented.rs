//! What instrumented functions leave, as babeltrace2 and `ust view` show it: arguments, values, errors, panics; futures that are polled to
//! their end and futures that are dropped; spans.

use std::process::Command;
use ust_acceptance::{judge, recording::Recording, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

/// In the order of the records. `#` stands for a time, `x…` for a long path.
#[rustfmt::skip]
const EXPECTED: &[&str] = &[
    r#"add_entry: { a = 1, b = 2 }"#,
    r#"add_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 3 } }"#,
    r#"fetch_entry: { url = "http://x", options = "Options { a: 0 }", n = 1, _v_length = 2, v = [ [0] = 1, [1] = 2 ] }"#,
    r#"fetch_exit: { _outcome_tag = ( "err" : container = 1 ), outcome = { "refused" } }"#,
    r#"fetch_entry: { url = "http://x", options = "Options { a: 1 }", n = 2, _v_length = 2, v = [ [0] = 1, [1] = 2 ] }"#,
    r#"fetch_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 10 } }"#,
    r#"consumes_entry: { name = "n" }"#,
    r#"consumes_exit: { outcome = ( "returned" : container = 0 ) }"#,
    r#"panics_entry: { x = 2 }"#,
    r#"panics_exit: { _outcome_tag = ( "unwound" : container = 2 ), outcome = { { } } }"#,
    r#"panics_entry: { x = 1 }"#,
    r#"panics_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { "fine" } }"#,
    r#"generic_entry: { t = "Some(1)", d = "5", a = [ [0] = 1, [1] = 2 ] }"#,
    r#"generic_exit: { outcome = ( "returned" : container = 0 ) }"#,
    r#"slow: { path = "/etc/passwd", n = 1, duration = #, _outcome_tag = ( "returned" : container = 0 ), outcome = { 1 } }"#,
    r#"slow: { path = "/nonexistent", n = 1, duration = #, _outcome_tag = ( "err" : container = 1 ), outcome = { "No such file or directory (os error 2)" } }"#,
    r#"slow: { path = "x…", n = 1, duration = #, _outcome_tag = ( "err" : container = 1 ), outcome = { "File name too long (os error 36)" } }"#,
    r#"lent_entry: { a = 0x10 }"#,
    r#"lent_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { "Some(Options { a: 1 })" } }"#,
    r#"of_c_entry: { a = 4 }"#,
    r#"of_c_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 8 } }"#,
    r#"letters_entry: { s = "ab" }"#,
    r#"letters_exit: { outcome = ( "returned" : container = 0 ) }"#,
    r#"work_entry: { span = 1, n = 1 }"#,
    r#"work_resume: { span = 1 }"#,
    r#"work_suspend: { span = 1 }"#,
    r#"work_resume: { span = 1 }"#,
    r#"work_exit: { span = 1, duration = #, busy = #, idle = #, polls = 2, _outcome_tag = ( "returned" : container = 0 ), outcome = { 1 } }"#,
    r#"work_entry: { span = 2, n = 3 }"#,
    r#"work_resume: { span = 2 }"#,
    r#"work_suspend: { span = 2 }"#,
    r#"work_resume: { span = 2 }"#,
    r#"work_suspend: { span = 2 }"#,
    r#"work_resume: { span = 2 }"#,
    r#"work_suspend: { span = 2 }"#,
    r#"work_resume: { span = 2 }"#,
    r#"work_exit: { span = 2, duration = #, busy = #, idle = #, polls = 4, _outcome_tag = ( "err" : container = 1 ), outcome = { "refused" } }"#,
    r#"timed: { name = "ws", duration = #, busy = #, idle = #, polls = 2, outcome = ( "returned" : container = 0 ) }"#,
    r#"work_entry: { span = 3, n = 1 }"#,
    r#"work_resume: { span = 3 }"#,
    r#"work_suspend: { span = 3 }"#,
    r#"work_exit: { span = 3, duration = #, busy = #, idle = #, polls = 1, _outcome_tag = ( "dropped" : container = 3 ), outcome = { { } } }"#,
    r#"request: { conn = 7, command = "GET", duration = #, busy = #, idle = #, polls = 0, outcome = ( "returned" : container = 0 ) }"#,
    r#"work_entry: { span = 4, n = 2 }"#,
    r#"work_resume: { span = 4 }"#,
    r#"work_suspend: { span = 4 }"#,
    r#"work_resume: { span = 4 }"#,
    r#"work_suspend: { span = 4 }"#,
    r#"work_resume: { span = 4 }"#,
    r#"work_exit: { span = 4, duration = #, busy = #, idle = #, polls = 3, _outcome_tag = ( "returned" : container = 0 ), outcome = { 2 } }"#,
    r#"request: { conn = 8, command = "PUT", duration = #, busy = #, idle = #, polls = 3, outcome = ( "returned" : container = 0 ) }"#,
    r#"Cache_insert_entry: { t = "\"a\"" }"#,
    r#"Cache_insert_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 1 } }"#,
    r#"getter_entry: { i = 0 }"#,
    r#"getter_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { "Some(\"a\")" } }"#,
    r#"one_entry: { a = 1 }"#,
    r#"one_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 1 } }"#,
    r#"S_two_entry: { this = "S!" }"#,
    r#"S_two_exit: { outcome = ( "returned" : container = 0 ) }"#,
    r#"panics_later_entry: { span = 5, n = 2 }"#,
    r#"panics_later_resume: { span = 5 }"#,
    r#"panics_later_suspend: { span = 5 }"#,
    r#"panics_later_resume: { span = 5 }"#,
    r#"panics_later_exit: { span = 5, duration = #, busy = #, idle = #, polls = 2, _outcome_tag = ( "unwound" : container = 2 ), outcome = { { } } }"#,
    r#"optional: { _name_tag = ( "some" : container = 1 ), name = { "x…xxxxxxx" }, duration = #, outcome = ( "returned" : container = 0 ) }"#,
    // One side of a `Result` may be generic.
    r#"opened_entry: { }"#,
    r#"opened_exit: { _outcome_tag = ( "err" : container = 1 ), outcome = { "No such file or directory (os error 2)" } }"#,
    r#"opened_entry: { }"#,
    r#"opened_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { { } } }"#,
    r#"parsed_entry: { }"#,
    r#"parsed_exit: { _outcome_tag = ( "returned" : container = 0 ), outcome = { 5 } }"#,
    r#"parsed_entry: { }"#,
    r#"parsed_exit: { _outcome_tag = ( "err" : container = 1 ), outcome = { { } } }"#,
    r#"Connection_refused_entry: { }"#,
    r#"Connection_refused_exit: { _outcome_tag = ( "err" : container = 1 ), outcome = { "refused" } }"#,
];

const TIMES: [&str; 3] = ["duration", "busy", "idle"];

/// Everything but times, which differ.
fn normal(line: &str) -> String {
    let fields = line.split_once("fns:").map_or(line, |(_, rest)| rest);
    let (event, rest) = fields.split_once(": ").expect("an event");
    let payload = rest.split_once("}, ").map_or("{ }", |(_, payload)| payload);
    let without_time = |part: &str| match part.rsplit_once(" = ") {
        Some((name, _)) if TIMES.iter().any(|time| name.ends_with(time)) => format!("{name} = #"),
        _ => part.to_owned(),
    };
    let parts: Vec<_> = payload.split(", ").map(without_time).collect();
    let text = parts.join(", ");
    // The path that is too long for a span is cut at its share of the room: 512 bytes less a number and a zero.
    format!("{event}: {}", text.replace(&"x".repeat(503), "x…"))
}

#[test]
fn functions_record_their_arguments_and_how_they_ended() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("instrumented").run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    let mut seen = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.text.contains(" busy = ") {
            assert_eq!(line.number("busy") + line.number("idle"), line.number("duration"));
        }
        seen.push(normal(line.text));
    });
    for (seen, expected) in seen.iter().zip(EXPECTED) {
        assert_eq!(seen, expected);
    }
    assert_eq!(seen.len(), EXPECTED.len());

    let mut view = Command::new(binaries::ust());
    let viewed = run(view.arg("view").arg(recorded.trace())).succeeded();
    // `ust view` does not print the length of a sequence apart.
    let lengths = seen.iter().map(|line| line.replace("_v_length = 2, ", ""));
    for (line, expected) in viewed.stdout.lines().map(normal).zip(lengths) {
        assert_eq!(line, expected);
    }
    assert_eq!(viewed.stdout.lines().count(), seen.len());
}
