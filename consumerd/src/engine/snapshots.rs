//! Snapshots: what the rings of a session hold now, including those of processes that are gone.

use super::api::SessionUid;
use super::connection::Connection;
use super::process::Destination;
use super::state::Engine;
use super::summary::SessionSummary;
use crate::output::Output;
use std::io;
use std::path::Path;

/// A process that waits for a snapshot until this is dropped.
#[derive(Debug)]
pub struct SnapshotRequest {
    _connection: Connection,
}

impl Engine {
    /// Writes everything that the session's rings hold now, including those of processes that are gone, as traces below
    /// `output` (a directory, which exists). Returns what is in them. The rings stay as they are.
    pub fn snapshot(&mut self, uid: SessionUid, output: &Path) -> SessionSummary {
        self.snapshot_to(uid, &Output::at(output))
    }

    /// The same, into a directory that is made in the session's own.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn snapshot_below(&mut self, uid: SessionUid, name: &str) -> io::Result<SessionSummary> {
        let session = self.sessions.get(&uid).ok_or(io::ErrorKind::NotFound)?;
        let output = session.output.make_below(name)?;
        Ok(self.snapshot_to(uid, &output))
    }

    fn snapshot_to(&mut self, uid: SessionUid, output: &Output) -> SessionSummary {
        self.take_in_everything();
        // A process whose message waits for room has handed over its rings as well.
        if self.is_burying() {
            self.bury_now(Vec::new());
        }
        let mut sum = SessionSummary::default();
        let Some(session) = self.sessions.get_mut(&uid) else { return sum };
        let to = Destination { output, ..session.destination() };
        let living = self.processes.values_mut().map(|tracked| &mut tracked.process);
        for process in self.departed.iter_mut().chain(living) {
            process.snapshot(uid, to, &mut sum);
        }
        sum.errors.extend(session.refusals.lines());
        sum.note_gone(output.look());
        sum
    }

    /// The processes that have asked for a snapshot since the last call. Each waits for a moment, until its request is
    /// dropped.
    pub fn take_snapshot_requests(&mut self) -> Vec<SnapshotRequest> {
        let request = |connection| SnapshotRequest { _connection: connection };
        self.snapshot_requests.drain(..).map(request).collect()
    }
}
