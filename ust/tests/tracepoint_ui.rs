//! What `#[tracepoint]` accepts, and how it reports what it refuses.
//!
//! Each file of `ui/fail` is one wrong use. The `.stderr` file beside it is the compiler's report, which
//! is an interface too. `TRYBUILD=overwrite cargo test -p ust --test tracepoint_ui` writes the `.stderr`
//! files anew.

mod identifiers;

#[test]
fn tracepoint_accepts() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

#[test]
fn tracepoint_says_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}

/// Uses a file of its own, which is written anew each time.
#[test]
fn every_identifier_can_be_an_event_a_field_a_type_a_module_and_a_value() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("every_identifier.rs");
    std::fs::write(&file, identifiers::program()).expect("a file in the target directory");
    trybuild::TestCases::new().pass(file);
}
