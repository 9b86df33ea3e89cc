//! A program that starts others by `vfork`, from among its own tracing threads, is traced as if it did not.
//!
//! The child of `vfork` shares its parent's memory until it executes: what a tracer does for forked children must
//! not happen in it.

use ust_acceptance::{judge, recording::Recording, skip};

#[test]
fn starting_other_programs_by_vfork_is_harmless() {
    if !skip::judges_are_here() {
        return;
    }
    // It is not known how much is emitted meanwhile. Where there is no room, threads wait.
    let options = ["--subbuf-size", "8M", "--mode", "block=600s"];
    let recorded = Recording::of("spawns").options(options).arg(300).run().succeeded();
    let emitted: u64 = recorded.report();
    let mut next = [0; 4];
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let next = &mut next[line.number("thread") as usize];
        assert_eq!(line.number("sequence"), *next, "{}", line.text);
        *next += 1;
    });
    let summary = recorded.summary();
    assert_eq!((lines, summary.recorded, summary.lost_in_all()), (emitted, emitted, 0));
    assert_eq!((recorded.folders().len(), summary.processes), (1, 1));
}
