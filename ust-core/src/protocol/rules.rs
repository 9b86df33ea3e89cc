//! What is to be recorded: channels, and which events go into each.

use super::Block;
use crate::abi::{Buffers, Mode, Residency};
use crate::clock::ClockKind;
use serde::{Deserialize, Serialize};

/// Everything that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Grows with each change.
    pub generation: u64,
    /// The channels of all sessions.
    pub channels: Vec<Block<ChannelRules>>,
}

impl Rules {
    /// The channels.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelRules> {
        self.channels.iter().map(|Block(channel)| channel)
    }
}

/// One channel, and which events go into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRules {
    /// Identity: never used again for another channel.
    pub channel_uid: u64,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u32,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does that finds no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// The directory in which the process makes its ring files, with names; none: they are memfds.
    pub shm_path: Option<String>,
    /// Which directory that is where the consumer runs: device and inode.
    pub shm_dir: Option<(u64, u64)>,
    /// Whether its session is started. A stopped channel keeps its streams.
    pub is_active: bool,
    /// What each of its records has besides the event's own fields. A process that does not know all of them records
    /// nothing into the channel.
    pub contexts: Vec<Block<ContextRule>>,
    /// Which events go into it: those that any of these names.
    pub events: Vec<Block<EventRule>>,
}

/// Which events a channel records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct EventRule {
    /// A glob (`*`, `?`) over `provider:name`.
    pub pattern: String,
    /// Globs over `provider:name` of events that are left out all the same.
    pub exclusions: Vec<String>,
    /// Which levels.
    pub levels: Levels,
    /// A program over the event's fields that says whether it is recorded; empty: each is. A process that cannot run it
    /// records none of the events that the rule names.
    pub filter: Vec<u8>,
}

/// A condition on an event's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Levels {
    /// Any level.
    #[default]
    All,
    /// This one (as [`Level`](crate::event::Level)'s discriminants) and those that are more important.
    AtLeast(u8),
    /// This one.
    Only(u8),
}

impl Levels {
    /// Whether an event of `level` is among them.
    pub const fn has(self, level: u8) -> bool {
        match self {
            Levels::All => true,
            // The more important, the smaller.
            Levels::AtLeast(least) => level <= least,
            Levels::Only(only) => level == only,
        }
    }
}

/// Something of the moment that records of a channel have, whatever their event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRule {
    /// Its name.
    pub name: String,
}

impl EventRule {
    /// All events that a glob names.
    pub fn of(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), ..Self::default() }
    }
}
