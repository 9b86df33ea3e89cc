//! The snapshots that a flight recorder has written.

use crate::engine::SessionSummary;
use serde::{Deserialize, Serialize};

/// The snapshots of one session so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotsTaken {
    /// How many there are.
    pub count: u64,
    /// The contents of the last one. Not a sum: an event may be in several.
    pub last: Option<SessionSummary>,
}

impl SnapshotsTaken {
    /// Notes one more snapshot.
    pub fn add(&mut self, taken: SessionSummary) {
        self.count += 1;
        self.last = Some(taken);
    }
}
