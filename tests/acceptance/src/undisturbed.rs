//! A program under the shim, with every set of its events on, beside the same program alone. `UST_SETS=each` has the tests that can
//! do so use each set alone, in turn.

use crate::judge;
use crate::recording::{Recorded, Recording};
use std::path::Path;
use ust_test_support::command::Finished;

/// Sets of the shim's events, as `--preload` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sets(&'static str);

impl Sets {
    /// Every set at once, but for the one that has the others' events by other names.
    pub const ALL: Self = Self("all");

    const EACH: [Self; 7] = [
        Self("libc_mem"),
        Self("libc_io"),
        Self("pthread"),
        Self("proc"),
        Self("dl"),
        Self("func"),
        Self("lttng-names"),
    ];

    /// What programs are to be recorded with, one after the other.
    pub fn in_turn() -> &'static [Self] {
        match std::env::var("UST_SETS").as_deref() {
            Ok("each") => &Self::EACH,
            _ => &[Self::ALL],
        }
    }

    /// A recording, in rings that hold all that a test's program does.
    pub fn recording(self, program: &Path, arguments: &[&str]) -> Recording {
        let options = ["--preload", self.0, "--subbuf-size", "8M", "--subbufs", "8"];
        let recording = Recording::of_path(program.to_owned()).options(options);
        arguments.iter().fold(recording, |all, argument| all.arg(argument))
    }

    /// How many records are expected, where all sets together make `least`. Each program has libraries, descriptors and memory; it
    /// may have nothing for the other sets.
    pub fn least(self, least: u64) -> u64 {
        match self.0 {
            "all" => least,
            "libc_mem" | "libc_io" | "dl" => 1,
            _ => 0,
        }
    }

    /// Whether this set is one of them.
    pub fn has(self, set: &str) -> bool {
        self == Self::ALL || self.0 == set
    }

    /// Their name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// A recording of every set.
pub fn every_set(program: &Path, arguments: &[&str]) -> Recording {
    Sets::ALL.recording(program, arguments)
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
    // Where nothing was recorded, there is no trace to be read.
    if summary.recorded > 0 {
        assert_eq!(judge::count(&recorded.trace()), summary.recorded, "{name}");
    }
}

/// The same, and nothing is lost.
#[track_caller]
pub fn assert_complete(name: &str, recorded: &Recorded, least: u64) {
    assert_eq!(recorded.summary().lost_in_all(), 0, "{name}: {:?}", recorded.summary());
    assert_read_whole(name, recorded, least);
}
