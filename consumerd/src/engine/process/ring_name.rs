//! Which of a process's ring files it is.

use crate::engine::api::{ChannelUid, SessionUid};

/// A ring file, by what it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingName {
    /// The session whose trace its records go to.
    pub session: SessionUid,
    /// The channel of that session.
    pub channel: ChannelUid,
    /// Its number among those of its process and channel.
    pub index: u32,
}
