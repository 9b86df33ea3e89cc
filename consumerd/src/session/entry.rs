//! One session in the registry: its name, its channels, their rules.

use super::snapshots::SnapshotsTaken;
use crate::engine::{ChannelConfig, ChannelUid, SessionConfig, SessionUid};
use crate::output::Output;
use std::path::Path;
use ust_core::protocol::EventRule;

/// One session.
#[derive(Debug)]
pub struct Session {
    pub(super) name: String,
    pub(super) uid: SessionUid,
    pub(super) config: SessionConfig,
    pub(super) output: Output,
    /// In the order in which they were made.
    pub(super) channels: Vec<Channel>,
    /// What its first channel is like if no other is made. It is made when it is needed.
    pub(super) default_channel: ChannelConfig,
    pub(super) is_active: bool,
    /// Once this is set, the session gets no more channels.
    pub(super) was_started: bool,
    pub(super) snapshots: SnapshotsTaken,
}

/// A channel of a session.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) uid: ChannelUid,
    pub(super) config: ChannelConfig,
    pub(super) rules: Vec<EventRule>,
}

impl Session {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its identity in the engine.
    pub fn uid(&self) -> SessionUid {
        self.uid
    }

    /// Where its trace goes.
    pub fn output(&self) -> &Path {
        &self.config.output
    }

    /// Whether it is started.
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// How many rules it has, in all its channels.
    pub fn rule_count(&self) -> usize {
        self.rules().count()
    }

    /// What it has written, if it is a flight recorder; that writes nothing else.
    pub fn snapshots(&self) -> Option<&SnapshotsTaken> {
        (!self.config.is_drained).then_some(&self.snapshots)
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &EventRule> {
        self.channels.iter().flat_map(|channel| &channel.rules)
    }

    pub(super) fn channel_names(&self) -> Vec<String> {
        self.channels.iter().map(|channel| channel.config.name.clone()).collect()
    }
}
