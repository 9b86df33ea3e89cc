//! A program that closes descriptors it does not know is still traced, and nothing is written to its own files.
//!
//! Daemons close everything from 3 on when they start. Then a number that a tracer kept is closed, or names another file.
//! The program opens files under those numbers, and checks that they stay empty.

use ust_acceptance::{judge, recording::Recording, skip};

const EVENTS: u64 = 20;

fn records_everything(when: &str) {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("closes_descriptors")
        .options(["--subbuf-size", "8K"])
        .arg(when)
        .arg(EVENTS)
        .run()
        .succeeded();
    let threads: u64 = recorded.report();
    let tally = judge::tally(&recorded.trace(), "thread");
    assert_eq!(
        tally,
        (0..threads).map(|thread| (thread, EVENTS)).collect(),
        "closed at the {when}"
    );
    assert_eq!(recorded.summary().lost_in_all(), 0);
}

#[test]
fn a_program_that_closes_all_descriptors_at_its_start_is_traced() {
    // The agent starts at the same time. Nothing may be lost in either order.
    (0..40).for_each(|_| records_everything("start"));
}

#[test]
fn a_program_that_closes_all_descriptors_in_the_middle_goes_on_being_traced() {
    (0..5).for_each(|_| records_everything("middle"));
}

#[test]
fn a_program_without_standard_descriptors_is_traced_and_prints_into_nothing_of_ours() {
    if !skip::judges_are_here() {
        return;
    }
    for in_files in [false, true] {
        // So large that a file holds two of the eight threads' rings: more files than there are numbers.
        let recording = Recording::of("prints_to_nobody")
            .options(["--subbuf-size", "16M", "--subbufs", "4"])
            .arg(EVENTS);
        let recording = if in_files { recording.with_rings_in_files() } else { recording };
        let recorded = recording.run().succeeded();
        let account: [usize; 2] = recorded.report();
        assert_eq!(account, [0, 0], "rings in files: {in_files}");
        let tally = judge::tally(&recorded.trace(), "thread");
        assert_eq!(tally, (0..8).map(|thread| (thread, EVENTS)).collect());
        assert_eq!(recorded.summary().lost_in_all(), 0);
        assert_eq!(recorded.summary().processes, 1);
    }
}
