//! The options of a session and its channels as a user gives them; nothing is checked yet.

use super::error::SessionError;
use crate::engine::{ChannelConfig, SessionConfig};
use crate::shm_dir::{ShmDir, ShmDirError};
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ust_core::abi::{Buffers, Geometry, Mode, Residency};
use ust_core::clock::ClockKind;

/// The channel that a session has if the user names none.
pub const DEFAULT_CHANNEL: &str = "channel0";

/// Default bytes of a sub-buffer. A thread's first event takes that much.
pub const DEFAULT_SUBBUF_SIZE_BYTES: u64 = 128 << 10;

/// Default number of a stream's sub-buffers. With their default size it is as much as LTTng gives user space.
pub const DEFAULT_SUBBUF_COUNT: u64 = 16;

/// The options for all channels of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOptions {
    /// The clock of its records; the machine's best if not given.
    pub clock: Option<ClockKind>,
    /// Whether only snapshots are written.
    pub is_snapshot: bool,
    /// The directory in which ring files are made with names, so that they outlive both sides. Absolute.
    pub shm_path: Option<PathBuf>,
}

impl SessionOptions {
    /// The session that writes to `output`. The directory for its rings is not made yet: see
    /// [`make_shm_dir`](Self::make_shm_dir).
    ///
    /// # Errors
    /// The directory for ring files cannot take them.
    pub fn session(&self, output: PathBuf) -> Result<SessionConfig, SessionError> {
        self.shm_path.as_deref().map_or(Ok(()), ShmDir::check)?;
        Ok(SessionConfig {
            output,
            clock: self.clock.unwrap_or_else(ClockKind::best),
            is_drained: !self.is_snapshot,
            shm_dir: None,
        })
    }

    /// Makes the directory for ring files, if one is wanted.
    ///
    /// # Errors
    /// The directory cannot take them. Then nothing was made.
    pub fn make_shm_dir(&self) -> Result<Option<ShmDir>, ShmDirError> {
        self.shm_path.as_deref().map(ShmDir::make).transpose()
    }
}

/// The options of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelOptions {
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u64,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does if it finds no room. The default is [`Mode::Discard`], or [`Mode::Overwrite`] if only
    /// snapshots are written.
    pub mode: Option<Mode>,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        let (subbuf_size_bytes, subbuf_count) = (DEFAULT_SUBBUF_SIZE_BYTES, DEFAULT_SUBBUF_COUNT);
        let (buffers, residency) = (Buffers::default(), Residency::default());
        Self { subbuf_size_bytes, subbuf_count, buffers, mode: None, residency }
    }
}

impl ChannelOptions {
    /// The channel of that name, in a session that writes everything or only snapshots.
    ///
    /// # Errors
    /// The sub-buffers' size or number is out of range, or two options contradict each other.
    pub fn channel(&self, name: &str, is_snapshot: bool) -> Result<ChannelConfig, SessionError> {
        let geometry = Geometry::new(self.subbuf_size_bytes, self.subbuf_count)?;
        let mode = match self.mode {
            Some(mode) if is_snapshot && !mode.overwrites() => {
                return Err(SessionError::SnapshotMode);
            }
            Some(mode) => mode,
            None if is_snapshot => Mode::Overwrite,
            None => Mode::Discard,
        };
        if self.residency == Residency::Lock {
            check_lock_limit(geometry)?;
        }
        let (buffers, residency) = (self.buffers, self.residency);
        Ok(ChannelConfig { name: name.to_owned(), geometry, buffers, mode, residency })
    }
}

/// Checks that at least one stream could be locked. The traced program has the same limit, unless it was given another.
fn check_lock_limit(geometry: Geometry) -> Result<(), SessionError> {
    let wanted = geometry.stream_bytes() as u64;
    match getrlimit(Resource::Memlock).current {
        Some(limit) if limit < wanted && !rustix::process::geteuid().is_root() => {
            Err(SessionError::LockLimit { wanted, limit })
        }
        _ => Ok(()),
    }
}
