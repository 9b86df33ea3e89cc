//! What `#[tracepoint]` accepts, and what it says of what it does not.
//!
//! Each file of `ui/fail` is one wrong use, beside it what the compiler says of it: that is an interface
//! too. `TRYBUILD=overwrite cargo test -p ust-core --test tracepoint_ui` writes the `.stderr` files anew.

#[test]
fn tracepoint_accepts() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

#[test]
fn tracepoint_says_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
