//! What to record: channels, and which events go into each.

use super::Block;
use super::coded::{enumeration, structure};
use crate::abi::{Buffers, Mode, Residency};
use crate::clock::ClockKind;

/// Everything to record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelRules {
    /// Identity, never reused for another channel.
    pub channel_uid: u64,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u32,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Whether a stream belongs to a thread or to a CPU.
    pub buffers: Buffers,
    /// What a writer does when there is no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// The directory in which the process makes its ring files, with names. None: they are memfds.
    pub shm_path: Option<String>,
    /// The device and inode of that directory, as the consumer sees it.
    pub shm_dir: Option<(u64, u64)>,
    /// Whether its session is started. A stopped channel keeps its streams.
    pub is_active: bool,
    /// What each record of the channel has besides the event's own fields. A process that does not know all of these
    /// contexts records nothing into the channel.
    pub contexts: Vec<Block<ContextRule>>,
    /// Which events go into it: every event that at least one of these rules names.
    pub events: Vec<Block<EventRule>>,
}

/// Which events a channel records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct EventRule {
    /// A glob (`*`, `?`) over `provider:name`.
    pub pattern: String,
    /// Globs over `provider:name` of events that are left out nevertheless.
    pub exclusions: Vec<String>,
    /// Which levels the rule names.
    pub levels: Levels,
    /// A program over the event's fields that decides whether an event is recorded. Empty: every event is. A process
    /// that cannot run it records none of the events that the rule names.
    pub filter: Vec<u8>,
}

/// A condition on an event's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
pub enum Levels {
    /// Any level.
    #[default]
    All,
    /// This level (a discriminant of [`Level`](crate::event::Level)) and more important ones.
    AtLeast(u8),
    /// Only this level.
    Only(u8),
}

impl Levels {
    /// Whether an event of `level` is among these.
    pub const fn has(self, level: u8) -> bool {
        match self {
            Levels::All => true,
            // A smaller number is more important.
            Levels::AtLeast(least) => level <= least,
            Levels::Only(only) => level == only,
        }
    }
}

/// A property of the moment of recording that every record of a channel has, whatever its event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct ContextRule {
    /// Its name.
    pub name: String,
}

impl EventRule {
    /// A rule for all events that a glob names.
    pub fn of(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), ..Self::default() }
    }
}

structure!(Rules { generation, channels });
structure!(ChannelRules {
    channel_uid,
    subbuf_size_bytes,
    subbuf_count,
    clock,
    buffers,
    mode,
    residency,
    shm_path,
    shm_dir,
    is_active,
    contexts,
    events,
});
structure!(EventRule { pattern, exclusions, levels, filter });
enumeration!(Levels { 0 => All, 1 => AtLeast(least), 2 => Only(level) });
structure!(ContextRule { name });
