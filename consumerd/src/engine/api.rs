//! What goes into the engine and what comes out of it: configurations, identities, errors. (Sums: `summary`.)

use super::event_details::EventDetails;
use super::summary::CpuStreams;
use crate::advice::{Attempt, unusable, why};
use crate::shm_dir::ShmDir;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use ust_core::abi::{Buffers, Geometry, Mode, Residency};
use ust_core::clock::ClockKind;
use ust_core::paths::RuntimeDirError;

/// The configuration of a session; it never changes once the session is added.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// Where its traces go, each process in a folder of its own. The directory exists and is writable.
    pub output: PathBuf,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Whether what is recorded is written out. If not, it stays in the rings for
    /// [`Engine::snapshot`](super::Engine::snapshot).
    pub is_drained: bool,
    /// The directory in which ring files are made with names, so that they outlive both sides; memfds if there is none.
    pub shm_dir: Option<ShmDir>,
}

/// The configuration of a channel of a session; it never changes once the channel is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Its name in the session, and the beginning of its files' names.
    pub name: String,
    /// Size and number of sub-buffers.
    pub geometry: Geometry,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does if it finds no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
}

/// Identity of a session in the engine, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionUid(pub u64);

/// Identity of a channel, never used again. Processes know a channel by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelUid(pub u64);

/// How the engine drains.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Everything committed is written out at least this often.
    pub flush_interval: Duration,
    /// If set, the engine looks this often instead of being woken by writers. Writers then make no system call.
    pub read_timer: Option<Duration>,
}

/// A traced process, as `ust list` shows it.
#[derive(Debug, Clone)]
pub struct ProcessInfo {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub procname: String,
    /// Its event classes.
    pub events: Vec<EventInfo>,
    /// How many more event classes it has than a list has room for.
    pub events_left_out: usize,
    /// Its streams of CPUs.
    pub cpu_streams: CpuStreams,
}

/// An event class of a process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventInfo {
    /// `provider:name`.
    pub name: String,
    /// Its level, as LTTng numbers them.
    pub level: u8,
    /// The rest, if it was asked for.
    pub details: Option<Box<EventDetails>>,
}

/// Why the engine cannot work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The runtime directory cannot be used.
    #[error("{}", unusable(.0))]
    RuntimeDir(#[from] RuntimeDirError),
    /// Another daemon serves this runtime directory.
    #[error(
        "a daemon already serves {0}: stop it first, or set UST_RUNTIME_DIR to another directory"
    )]
    Taken(PathBuf),
    /// A system call failed in the runtime directory.
    #[error("{0}: {why}", why = why(Attempt::RuntimeDir, .1))]
    Io(String, #[source] io::Error),
    /// A system call failed that the engine needs for itself.
    #[error("{0}: {why}", why = why(Attempt::Own, .1))]
    Own(&'static str, #[source] io::Error),
}

impl EngineError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| EngineError::Io(what, error)
    }
}
