//! Every field type that can be described while a program runs, from the class log to what readers say of it: values, sizes,
//! bases, labels, choices. Byte orders show in the values.

use std::process::Command;
use ust_acceptance::{judge, recording::Recording, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

/// Name, what `described.py` is to say, and what `ust view` is to print.
type Account = Vec<(String, Vec<String>, String)>;

#[test]
fn every_type_is_read_as_it_was_described() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("described").run().succeeded();
    let account: Account = recorded.report();
    let lines = account.iter().flat_map(|(event, said, _)| {
        said.iter().map(move |line| format!("described:{event}: {line}"))
    });
    let expected: Vec<String> = lines.collect();
    let said = judge::python("described.py", &[&recorded.trace()]);
    for (line, expected) in said.lines().zip(&expected) {
        assert_eq!(line, expected);
    }
    assert_eq!(said.lines().count(), expected.len());
    assert_eq!(recorded.summary().lost_in_all(), 0);

    let mut view = Command::new(binaries::ust());
    let viewed = run(view.arg("view").arg(recorded.trace())).succeeded();
    assert_eq!(viewed.stderr, "");
    for (event, _, shown) in &account {
        let line =
            viewed.stdout.lines().find(|line| line.contains(&format!(" described:{event}: ")));
        let line = line.unwrap_or_else(|| panic!("no {event} in {}", viewed.stdout));
        assert!(line.ends_with(&format!(", {{ {shown} }}")), "{line} is not {shown}");
    }
}

#[test]
fn a_class_beyond_the_bounds_is_left_out_and_told() {
    let recorded = Recording::of("described").arg("beyond").run();
    let said = &recorded.finished.stderr;
    assert!(said.contains("1 of its event classes"), "{said}");
    assert!(said.contains("exceed the limits of a class"), "{said}");
    let account: Account = recorded.report();
    // And the tracepoint.
    assert_eq!(recorded.summary().recorded, account.len() as u64 + 1);
}
