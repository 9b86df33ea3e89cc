//! A program with two versions of the library in it, which Cargo makes of dependencies that do not agree, is traced as
//! one process: the copy that is initialised first is its runtime, the other one joins it. Untraced it runs as without the
//! library.
//!
//! Both have the same sources here, and so the same names for everything that a linker or loader could mix up.

use std::process::Command;
use ust_acceptance::{judge, recording::Recording, skip};
use ust_test_support::binaries;

const EVENTS: u64 = 500;

#[test]
fn two_versions_in_one_program_are_one_process() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("two_versions").arg(EVENTS).run().succeeded();
    let emitted: [u64; 2] = recorded.report();
    let mut seen = [0, 0];
    judge::babeltrace2(&recorded.trace(), |line| {
        seen[usize::from(line.is_of("older:told"))] += 1;
    });
    assert_eq!(seen, emitted);
    assert_eq!(recorded.summary().lost_in_all(), 0);
    // The program and its child: one version has joined the other.
    assert_eq!(recorded.summary().processes, 2);
}

/// A constructor that panics would print that, and with `panic = "abort"` it would end the program.
#[test]
fn two_versions_in_one_program_say_nothing_while_nobody_records() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut program = Command::new(binaries::program("two_versions"));
    program.arg(EVENTS.to_string()).env("UST_RUNTIME_DIR", dir.path());
    let output = program.env(ust_acceptance::report::VARIABLE, dir.path().join("report")).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&[][..], &[][..]),
        "{output:?}"
    );
}
