//! One session, as the registry has it: its name, its channel in the engine, its rules.

use super::snapshots::SnapshotsTaken;
use crate::engine::{ChannelConfig, ChannelUid};
use crate::output::Output;
use std::path::Path;

/// One session.
#[derive(Debug)]
pub struct Session {
    pub(super) name: String,
    pub(super) config: ChannelConfig,
    pub(super) output: Output,
    pub(super) channel: ChannelUid,
    pub(super) globs: Vec<String>,
    pub(super) is_active: bool,
    pub(super) snapshots: SnapshotsTaken,
}

impl Session {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its channel in the engine.
    pub fn channel(&self) -> ChannelUid {
        self.channel
    }

    /// Where its trace goes.
    pub fn output(&self) -> &Path {
        &self.config.output
    }

    /// Whether it is started.
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// How many rules it has.
    pub fn rule_count(&self) -> usize {
        self.globs.len()
    }

    /// What it has written if it is a flight recorder, which writes nothing else.
    pub fn snapshots(&self) -> Option<&SnapshotsTaken> {
        (!self.config.is_drained).then_some(&self.snapshots)
    }
}
