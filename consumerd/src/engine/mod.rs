//! The engine: accepts processes, drains their rings, writes their traces. One thread, one event loop.
//!
//! (Interface stub; bodies follow.)

use rustix::fd::BorrowedFd;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use ust_core::abi::Geometry;
use ust_core::agent::paths::{RuntimeDir, RuntimeDirError};
use ust_core::clock::ClockKind;

/// What a channel is like; never changes once it is added.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Where its traces go: one folder a process below it. Exists, writable.
    pub output: PathBuf,
    /// Size and number of sub-buffers.
    pub geometry: Geometry,
    /// The clock of its records.
    pub clock: ClockKind,
}

/// Identity of a channel, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelUid(pub u64);

/// How the engine drains.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// At least so often everything committed is written out.
    pub flush_interval: Duration,
    /// Instead of being woken by writers, look so often: writers then make no system call.
    pub read_timer: Option<Duration>,
}

/// What a channel has recorded so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelSummary {
    /// Event records written.
    pub recorded: u64,
    /// Records lost, by the cause's name (`records_lost_full`, ...). Causes that never came are absent.
    pub lost: BTreeMap<String, u64>,
    /// Processes that have recorded anything.
    pub processes: u64,
    /// Streams that were closed because they were corrupt, and files that could not be written.
    pub errors: Vec<String>,
}

/// A traced process, as `ust list` shows it.
#[derive(Debug, Clone)]
pub struct ProcessInfo {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub procname: String,
    /// Its event classes: `provider:name` and level.
    pub events: Vec<(String, u8)>,
}

/// Why the engine cannot work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The runtime directory cannot be used.
    #[error(transparent)]
    RuntimeDir(#[from] RuntimeDirError),
    /// Another daemon serves this runtime directory.
    #[error("a daemon already serves {0}: stop it first, or set UST_RUNTIME_DIR to another directory")]
    Taken(PathBuf),
    /// The kernel refused something.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
}

/// See the module page.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Opens the sockets in the runtime directory and publishes empty rules.
    pub fn bind(_dir: RuntimeDir, _options: EngineOptions) -> Result<Self, EngineError> {
        unimplemented!()
    }
    /// Adds a channel that records nothing yet.
    pub fn add_channel(&mut self, _config: ChannelConfig) -> ChannelUid {
        unimplemented!()
    }
    /// Sets the channel's globs over `provider:name`. In force after the next [`publish`](Self::publish).
    pub fn set_events(&mut self, _channel: ChannelUid, _globs: Vec<String>) {}
    /// Starts or stops a channel. In force after the next [`publish`](Self::publish).
    pub fn set_active(&mut self, _channel: ChannelUid, _is_active: bool) {}
    /// Publishes the rules to the file and to all agents; returns their generation.
    pub fn publish(&mut self) -> Result<u64, EngineError> {
        unimplemented!()
    }
    /// Whether every connected agent has applied this generation (or a later one).
    pub fn is_applied(&self, _generation: u64) -> bool {
        unimplemented!()
    }
    /// Writes out all that is committed now, in every stream of the channel.
    pub fn flush(&mut self, _channel: ChannelUid) {}
    /// Drains and closes the channel's traces and forgets it.
    pub fn remove_channel(&mut self, _channel: ChannelUid) -> ChannelSummary {
        unimplemented!()
    }
    /// What it has recorded so far.
    pub fn summary(&self, _channel: ChannelUid) -> ChannelSummary {
        unimplemented!()
    }
    /// The processes that are connected now.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        unimplemented!()
    }
    /// Waits until something happened, and handles what is the engine's: connections, deaths, full
    /// sub-buffers, the flush timer. Returns after one round, or earlier when one of `others` is readable
    /// (their indices are returned) or `timeout` has passed.
    pub fn poll(
        &mut self,
        _others: &[BorrowedFd<'_>],
        _timeout: Option<Duration>,
    ) -> Result<Vec<usize>, EngineError> {
        unimplemented!()
    }
    /// The traced program has ended: takes in every connection and message that is still queued, drains
    /// every process, writes and closes everything, and removes the sockets and the rules file.
    pub fn shut_down(&mut self) {}
}
