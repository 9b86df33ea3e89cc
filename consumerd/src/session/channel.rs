//! What a session's channel is to be like, as a user gives it: nothing of it is checked yet.

use crate::engine::ChannelConfig;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ust_core::abi::{Geometry, GeometryError};
use ust_core::clock::ClockKind;

/// Bytes of a sub-buffer, if nobody says otherwise. It is what a thread's first event takes.
pub const DEFAULT_SUBBUF_SIZE_BYTES: u64 = 128 << 10;

/// Sub-buffers of a stream, if nobody says otherwise: with their size as much as LTTng gives user space.
pub const DEFAULT_SUBBUF_COUNT: u64 = 16;

/// The options of `ust create` and `ust record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelOptions {
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u64,
    /// The clock of its records; the machine's best if not given.
    pub clock: Option<ClockKind>,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        let (subbuf_size_bytes, subbuf_count) = (DEFAULT_SUBBUF_SIZE_BYTES, DEFAULT_SUBBUF_COUNT);
        Self { subbuf_size_bytes, subbuf_count, clock: None }
    }
}

impl ChannelOptions {
    /// The channel that writes to `output`.
    ///
    /// # Errors
    /// The sub-buffers' size or number is out of range.
    pub fn channel(&self, output: PathBuf) -> Result<ChannelConfig, GeometryError> {
        let geometry = Geometry::new(self.subbuf_size_bytes, self.subbuf_count)?;
        Ok(ChannelConfig { output, geometry, clock: self.clock.unwrap_or_else(ClockKind::best) })
    }
}
