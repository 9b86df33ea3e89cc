//! What goes into the engine and what comes out of it: configurations, sums, errors.

use super::loss_names::{NO_STREAM, REMOVED};
use crate::advice::{Attempt, unusable, why};
use crate::limits::MAX_CHANNEL_ERRORS;
use crate::output::Gone;
use crate::shm_dir::ShmDir;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use ust_core::abi::{Buffers, Geometry, Mode, Residency};
use ust_core::clock::ClockKind;
use ust_core::paths::RuntimeDirError;

/// What a channel is like; never changes once it is added.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Where its traces go: one folder a process below it. Exists, writable.
    pub output: PathBuf,
    /// Size and number of sub-buffers.
    pub geometry: Geometry,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does that finds no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// Whether what is recorded is written out. If not, it stays in the rings for
    /// [`Engine::snapshot`](super::Engine::snapshot).
    pub is_drained: bool,
    /// Where ring files are made with names, to outlive both sides; memfds if there is none.
    pub shm_dir: Option<ShmDir>,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSummary {
    /// Event records written.
    pub recorded: u64,
    /// Records that writers overwrote before they were read.
    pub overwritten: u64,
    /// Records lost, by the cause's name (`records_lost_full`, ...). Causes that never came are absent.
    pub lost: BTreeMap<String, u64>,
    /// Processes that have recorded anything.
    pub processes: u64,
    /// Streams that were closed because they were corrupt, and files that could not be written.
    pub errors: Vec<String>,
    /// What of it is not where it was written any more. Looked for when the channel is
    /// [concluded](super::Engine::conclude), and when a snapshot has been taken.
    pub gone: Option<String>,
    /// Whom its rules reached. Filled when the channel is [concluded](super::Engine::conclude).
    pub reach: Reach,
}

/// Whom a channel's rules reached: why there is nothing, if there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Whether the channel has ever recorded.
    pub was_active: bool,
    /// Processes that have connected while it did, whether or not they recorded anything.
    pub connected: u64,
    /// Of those, how many still run.
    pub still_run: u64,
    /// The first of them.
    pub running: Vec<Running>,
    /// How many rules there are.
    pub rules: u64,
    /// Those that matched no event of any process that connected.
    pub unmatched: Vec<Unmatched>,
}

/// A process that still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub procname: String,
}

/// A rule that has matched nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// The glob over `provider:name`.
    pub rule: String,
    /// The events that come closest, the closest first; none if there were no events at all.
    pub closest: Vec<String>,
}

impl ChannelSummary {
    /// Notes what is gone of what was written.
    pub(super) fn note_gone(&mut self, gone: Option<Gone>) {
        if let Some(Gone::Removed(_)) = gone {
            let recorded = std::mem::take(&mut self.recorded);
            self.add_lost(REMOVED, recorded);
        }
        self.gone = gone.map(|gone| gone.to_string());
        self.errors.extend(self.gone.clone());
    }

    pub(super) fn add_no_stream(&mut self, count: u64) {
        self.add_lost(NO_STREAM, count);
    }

    /// Adds those that are not there yet: many a process meets the same full disk.
    pub(super) fn add_errors(&mut self, errors: &[String]) {
        errors.iter().for_each(|error| self.add_error(error));
    }

    /// Adds one, if it is not there yet and there is room for it.
    pub(super) fn add_error(&mut self, error: &str) {
        let has_room = self.errors.len() < MAX_CHANNEL_ERRORS;
        if has_room && !self.errors.iter().any(|known| known == error) {
            let is_last = self.errors.len() + 1 == MAX_CHANNEL_ERRORS;
            let more = "there are more errors than a summary lists: the log has them all";
            self.errors.push(if is_last { more } else { error }.to_owned());
        }
    }

    /// The writers' own counts: their sum saturates, as that of losses does.
    pub(super) fn add_overwritten(&mut self, count: u64) {
        self.overwritten = self.overwritten.saturating_add(count);
    }

    pub(super) fn add_lost(&mut self, cause: &str, count: u64) {
        if count > 0 {
            let sum = self.lost.entry(cause.into()).or_default();
            *sum = sum.saturating_add(count);
        }
    }
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
    /// How many more it has, beyond what a list has room for.
    pub events_left_out: usize,
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
    /// The kernel refused something in the runtime directory.
    #[error("{0}: {why}", why = why(Attempt::RuntimeDir, .1))]
    Io(String, #[source] io::Error),
    /// The kernel refused something that the engine needs for itself.
    #[error("{0}: {why}", why = why(Attempt::Own, .1))]
    Own(&'static str, #[source] io::Error),
}

impl EngineError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| EngineError::Io(what, error)
    }
}
