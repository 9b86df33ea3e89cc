//! A program under the shim, with every set of its events on, beside the same program alone.

use crate::judge;
use crate::recording::{Recorded, Recording};
use std::path::Path;
use ust_test_support::command::Finished;

/// A recording of every set, in rings that hold all that a test's program does.
pub fn every_set(program: &Path, arguments: &[&str]) -> Recording {
    let options = ["--preload", "all", "--subbuf-size", "8M", "--subbufs", "8"];
    let recording = Recording::of_path(program.to_owned()).options(options);
    arguments.iter().fold(recording, |all, argument| all.arg(argument))
}

/// A program's own lines on its standard error, without those of `ust`.
fn own_lines(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| !line.starts_with("ust: ")).collect()
}

/// Output and exit code are those of the program alone.
#[track_caller]
pub fn assert_same(name: &str, alone: &Finished, recorded: &Finished) {
    assert_eq!(recorded.code(), alone.code(), "{name}: {}", recorded.stderr);
    assert_eq!(recorded.stdout, alone.stdout, "{name}");
    assert_eq!(own_lines(&recorded.stderr), own_lines(&alone.stderr), "{name}");
}

/// babeltrace2 reads the whole trace. `least` records are expected, so that a shim that is not there is noticed.
#[track_caller]
pub fn assert_read_whole(name: &str, recorded: &Recorded, least: u64) {
    let summary = recorded.summary();
    assert!(summary.recorded >= least, "{name}: {summary:?}");
    assert_eq!(judge::count(&recorded.trace()), summary.recorded, "{name}");
}

/// The same, and nothing is lost.
#[track_caller]
pub fn assert_complete(name: &str, recorded: &Recorded, least: u64) {
    assert_eq!(recorded.summary().lost_in_all(), 0, "{name}: {:?}", recorded.summary());
    assert_read_whole(name, recorded, least);
}
