//! `--snapshot-on`: the flight recorder of one program, and when it is written.
//!
//! ```text
//!   exit      the program has ended by itself
//!   signal    a signal has killed it: the rings outlive it, so the trace ends with its last event
//!   panic     it has panicked, and asks for a snapshot before it goes on (`ust::snapshot_on_panic`)
//! ```
//!
//! Each is a trace of its own, OUTPUT/snapshot-N.

use super::child::Ended;
use crate::tell::tell;
use consumerd::advice::{Attempt, why};
use consumerd::engine::{Engine, SessionUid};
use consumerd::session::SnapshotsTaken;
use std::path::{Path, PathBuf};

/// When a snapshot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SnapshotOn {
    /// When the program has ended by itself
    Exit,
    /// When a signal has killed the program
    Signal,
    /// When the program panics and has called ust::snapshot_on_panic()
    Panic,
}

/// The snapshots of one recording.
#[derive(Debug)]
pub struct Snapshots {
    wanted: Vec<SnapshotOn>,
    output: PathBuf,
    taken: SnapshotsTaken,
}

impl Snapshots {
    /// The snapshots that are wanted, to be written below `output`.
    pub fn new(wanted: Vec<SnapshotOn>, output: &Path) -> Self {
        Self { wanted, output: output.to_owned(), taken: SnapshotsTaken::default() }
    }

    /// Whether any is wanted: then nothing else is written.
    pub fn are_wanted(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Answers programs that have asked for one.
    pub fn answer(&mut self, engine: &mut Engine, session: SessionUid) {
        let requests = engine.take_snapshot_requests();
        if !requests.is_empty() && self.wanted.contains(&SnapshotOn::Panic) {
            self.take(engine, session);
        }
    }

    /// Takes the snapshot of the program's end, if it is wanted.
    pub fn end(&mut self, engine: &mut Engine, session: SessionUid, ended: Ended) {
        let cause = if ended.is_killed { SnapshotOn::Signal } else { SnapshotOn::Exit };
        if self.wanted.contains(&cause) {
            self.take(engine, session);
        }
    }

    /// Those taken, if any was wanted.
    pub fn into_taken(self) -> Option<SnapshotsTaken> {
        self.are_wanted().then_some(self.taken)
    }

    fn take(&mut self, engine: &mut Engine, session: SessionUid) {
        let name = format!("snapshot-{}", self.taken.count + 1);
        match engine.snapshot_below(session, &name) {
            Ok(summary) => self.taken.add(summary),
            Err(error) => {
                let output = self.output.join(name);
                let (output, why) = (output.display(), why(Attempt::Trace, &error));
                tell(&format!("snapshot {output} cannot be made: {why}"));
            }
        }
    }
}

/// The line about a flight recorder that has written nothing.
pub fn explain_none(taken: &SnapshotsTaken, ended: Ended) -> Option<String> {
    let (how, wanted) = match ended.is_killed {
        true => ("was killed by a signal", "signal"),
        false => ("ended by itself", "exit"),
    };
    (taken.count == 0).then(|| {
        format!("nothing was written: the program {how}, and only `--snapshot-on {wanted}` takes a snapshot then")
    })
}
