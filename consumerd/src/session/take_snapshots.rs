//! Takes snapshots of sessions that write nothing else.

use super::error::SessionError;
use super::registry::Sessions;
use crate::engine::{Engine, SessionSummary};
use std::path::PathBuf;

impl Sessions {
    /// Writes what the session's rings hold now to a trace of its own, below its output directory. Returns the
    /// session's name, where the trace is, and what is in it.
    ///
    /// # Errors
    /// There is no such session, it takes no snapshots, or the directory cannot be made.
    pub fn snapshot(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
    ) -> Result<(String, PathBuf, SessionSummary), SessionError> {
        let index = self.index(name)?;
        let session = &mut self.sessions[index];
        if session.config.is_drained {
            return Err(SessionError::NoSnapshots(session.name.clone()));
        }
        let number = session.snapshots.count + 1;
        let name = format!("snapshot-{number}");
        let output = session.config.output.join(&name);
        let summary = engine
            .snapshot_below(session.uid, &name)
            .map_err(|error| SessionError::Snapshot(output.clone(), error))?;
        session.snapshots.add(summary.clone());
        Ok((session.name.clone(), output, summary))
    }

    /// Takes a snapshot of every session that takes any.
    pub fn take_snapshots(&mut self, engine: &mut Engine) {
        let taking = self.sessions.iter().filter(|session| !session.config.is_drained);
        for name in taking.map(|session| session.name.clone()).collect::<Vec<_>>() {
            match self.snapshot(engine, Some(&name)) {
                Ok((_, output, _)) => tracing::info!("snapshot {}", output.display()),
                Err(error) => tracing::error!("{error}"),
            }
        }
    }
}
