//! What a session's channel is to be like, as a user gives it: nothing of it is checked yet.

use super::error::SessionError;
use crate::engine::ChannelConfig;
use crate::shm_dir::{ShmDir, ShmDirError};
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ust_core::abi::{Buffers, Geometry, Mode, Residency};
use ust_core::clock::ClockKind;

/// Bytes of a sub-buffer, if nobody says otherwise. It is what a thread's first event takes.
pub const DEFAULT_SUBBUF_SIZE_BYTES: u64 = 128 << 10;

/// Sub-buffers of a stream, if nobody says otherwise: with their size as much as LTTng gives user space.
pub const DEFAULT_SUBBUF_COUNT: u64 = 16;

/// The options of `ust create` and `ust record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelOptions {
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u64,
    /// The clock of its records; the machine's best if not given.
    pub clock: Option<ClockKind>,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does that finds no room; if not given, [`Mode::Discard`], or [`Mode::Overwrite`] where only
    /// snapshots are written.
    pub mode: Option<Mode>,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// Whether only snapshots are written.
    pub is_snapshot: bool,
    /// Where ring files are made with names, to outlive both sides. Absolute.
    pub shm_path: Option<PathBuf>,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        let (subbuf_size_bytes, subbuf_count) = (DEFAULT_SUBBUF_SIZE_BYTES, DEFAULT_SUBBUF_COUNT);
        Self {
            subbuf_size_bytes,
            subbuf_count,
            clock: None,
            buffers: Buffers::default(),
            mode: None,
            residency: Residency::default(),
            is_snapshot: false,
            shm_path: None,
        }
    }
}

impl ChannelOptions {
    /// The channel that writes to `output`, its rings nowhere yet: see [`make_shm_dir`](Self::make_shm_dir).
    ///
    /// # Errors
    /// The sub-buffers' size or number is out of range, or something does not go with something else.
    pub fn channel(&self, output: PathBuf) -> Result<ChannelConfig, SessionError> {
        let geometry = Geometry::new(self.subbuf_size_bytes, self.subbuf_count)?;
        let mode = match self.mode {
            Some(mode) if self.is_snapshot && !mode.overwrites() => {
                return Err(SessionError::SnapshotMode);
            }
            Some(mode) => mode,
            None if self.is_snapshot => Mode::Overwrite,
            None => Mode::Discard,
        };
        if self.residency == Residency::Lock {
            check_lock_limit(geometry)?;
        }
        self.shm_path.as_deref().map_or(Ok(()), ShmDir::check)?;
        Ok(ChannelConfig {
            output,
            geometry,
            clock: self.clock.unwrap_or_else(ClockKind::best),
            buffers: self.buffers,
            mode,
            residency: self.residency,
            is_drained: !self.is_snapshot,
            shm_dir: None,
        })
    }
}

impl ChannelOptions {
    /// Makes the directory for ring files, if one is wanted.
    ///
    /// # Errors
    /// It cannot take them. Then nothing was made.
    pub fn make_shm_dir(&self) -> Result<Option<ShmDir>, ShmDirError> {
        self.shm_path.as_deref().map(ShmDir::make).transpose()
    }
}

/// Whether even one stream could be locked: the traced program has the same limit, unless it was given another.
fn check_lock_limit(geometry: Geometry) -> Result<(), SessionError> {
    let wanted = geometry.stream_bytes() as u64;
    match getrlimit(Resource::Memlock).current {
        Some(limit) if limit < wanted && !rustix::process::geteuid().is_root() => {
            Err(SessionError::LockLimit { wanted, limit })
        }
        _ => Ok(()),
    }
}
