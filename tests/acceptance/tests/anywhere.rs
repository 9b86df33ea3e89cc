//! Events, texts and spans without a declaration: their classes are there before they are executed, their fields have the types of the
//! expressions, and what is off is not evaluated.

use ust_acceptance::{judge, recording::Recording, skip};

#[rustfmt::skip]
const EXPECTED: &[&str] = &[
    r#"anywhere:declared: { id = 1 }"#,
    r#"anywhere:order: { id = 7, customer = "Ada", why = "Some(1)", name = "Ada", path = "/x", at = { x = 1, y = -1 } }"#,
    r#"anywhere:order: { id = 8, customer = "Ada", why = "Some(1)", name = "Ada", path = "/x", at = { x = 1, y = -1 } }"#,
    r#"anywhere:nothing: { }"#,
    r#"anywhere:own_provider: { }"#,
    r#"anywhere:formatted: { value = "1" }"#,
    r#"anywhere:formatted: { value = "\"text\"" }"#,
    r#"anywhere:inlined: { number = 1 }"#,
    r#"anywhere:inlined: { number = 2 }"#,
    r#"anywhere:text: { message = "Ada has 7" }"#,
    r#"anywhere:text: { message = "plain" }"#,
    r#"anywhere:parse: { file = "a.rs", id = "7", duration"#,
    r#"anywhere:evaluated: { value = 3 }"#,
];

#[test]
fn events_without_a_declaration_are_recorded_with_the_types_of_their_expressions() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("anywhere").run();
    // The event whose field has several types.
    let said = &recorded.finished.stderr;
    assert!(said.contains("1 of its event classes"), "{said}");
    let mut seen = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        let (_, event) = line.text.split_once(") anywhere:").expect("an event");
        let (name, contents) = event.split_once(": ").expect("a name");
        let (_, payload) = contents.split_once("}, ").expect("a payload");
        seen.push(format!("anywhere:{name}: {payload}"));
    });
    for (seen, expected) in seen.iter().zip(EXPECTED) {
        assert!(seen.starts_with(expected), "{seen} is not {expected}");
    }
    assert_eq!(seen.len(), EXPECTED.len(), "{seen:?}");
    assert_eq!(recorded.summary().lost_in_all(), 0);
    assert!(recorded.finished.stdout.contains("evaluated"));
}

#[test]
fn what_is_off_is_not_evaluated() {
    let recorded = Recording::of("anywhere").options(["-e", "anywhere:order"]).run();
    assert_eq!(recorded.summary().recorded, 2);
    assert!(!recorded.finished.stdout.contains("evaluated"));
}
