//! `ust record -- cargo test`: what the tests of a crate emit is recorded. The crate needs no change.

use ust_acceptance::recording::Recording;
use ust_acceptance::small_package::small_package;
use ust_acceptance::{judge, skip};

#[test]
fn the_events_of_all_tests_are_recorded() {
    if !skip::judges_are_here() {
        return;
    }
    let package = small_package(env!("CARGO_TARGET_TMPDIR"), "tested");
    let recording = Recording::of_path(env!("CARGO").into()).arg("test").arg("--quiet");
    let mut command = recording.command();
    let recorded = recording.start_by(package.prepare(&mut command)).wait().succeeded();
    assert!(recorded.finished.stdout.contains("2 passed"), "{}", recorded.finished.stdout);

    // Two tests in the library, one beside it, one in the documentation.
    let numbers = judge::tally(&recorded.trace(), "number");
    assert_eq!(numbers, [(0, 1), (1, 1), (2, 1), (3, 1)].into());
    judge::babeltrace2(&recorded.trace(), |line| {
        assert!(line.is_of("counts:counted"), "{}", line.text);
        assert_eq!(line.number("process"), line.vpid(), "{}", line.text);
    });
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (4, 0), "{summary:?}");
    // Neither cargo nor the compiler is instrumented.
    assert_eq!(summary.processes, 3);
}
