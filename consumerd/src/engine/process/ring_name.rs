//! The name of one of a process's ring files.

use crate::engine::api::{ChannelUid, SessionUid};

/// A ring file, named by the session, channel and number that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingName {
    /// The session whose trace its records go to.
    pub session: SessionUid,
    /// The channel of that session.
    pub channel: ChannelUid,
    /// Its number among those of its process and channel.
    pub index: u32,
}
