//! What a session has recorded: counts for each channel and in all, errors, and which processes its rules reached.

use super::loss_names::REMOVED;
use crate::limits::MAX_SESSION_ERRORS;
use crate::output::Gone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many event records there were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Written.
    pub recorded: u64,
    /// Overwritten by writers before they were read.
    pub overwritten: u64,
    /// Lost, by the cause's name (`records_lost_full`, ...). Causes that never came are absent.
    pub lost: BTreeMap<String, u64>,
}

/// How many streams of CPUs there are, by the way in which threads write to them (docs/what-an-event-costs.md). Processes say
/// so themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuStreams {
    /// In restartable sequences.
    pub sequenced: u64,
    /// By locked instructions.
    pub locked: u64,
}

/// What a session has recorded so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// In all its channels.
    #[serde(flatten)]
    pub all: Counts,
    /// In each.
    pub channels: BTreeMap<String, Counts>,
    /// Processes that have recorded anything.
    pub processes: u64,
    /// Its streams of CPUs, in all processes.
    #[serde(default)]
    pub cpu_streams: CpuStreams,
    /// Streams that were closed because they were corrupt, and files that could not be written.
    pub errors: Vec<String>,
    /// What of it is no longer where it was written. Looked for when the session is
    /// [concluded](super::Engine::conclude), and when a snapshot has been taken.
    pub gone: Option<String>,
    /// Which processes its rules reached. Filled when the session is [concluded](super::Engine::conclude).
    pub reach: Reach,
}

/// Which processes a session's rules reached: the reason if there are no events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Whether the session has ever recorded.
    pub was_active: bool,
    /// Processes that have connected while it did, whether or not they recorded anything.
    pub connected: u64,
    /// Of those, how many still run.
    pub still_run: u64,
    /// The first of them.
    pub running: Vec<Running>,
    /// How many rules there are.
    pub rules: u64,
    /// The rules that matched no event of any process that connected.
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

impl CpuStreams {
    pub(super) fn add(&mut self, is_sequenced: bool) {
        *(if is_sequenced { &mut self.sequenced } else { &mut self.locked }) += 1;
    }
}

impl Counts {
    /// Counts all recorded events as lost for that cause, after they had been written.
    fn lose_recorded(&mut self, cause: &str) {
        let recorded = std::mem::take(&mut self.recorded);
        self.add_lost(cause, recorded);
    }

    fn add_lost(&mut self, cause: &str, count: u64) {
        if count > 0 {
            let sum = self.lost.entry(cause.into()).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}

impl SessionSummary {
    /// Notes which of the written files are gone.
    pub(super) fn note_gone(&mut self, gone: Option<Gone>) {
        if let Some(Gone::Removed(_)) = gone {
            let all = std::iter::once(&mut self.all).chain(self.channels.values_mut());
            all.for_each(|counts| counts.lose_recorded(REMOVED));
        }
        self.gone = gone.map(|gone| gone.to_string());
        self.errors.extend(self.gone.clone());
    }

    /// Adds the errors that are not there yet: many processes meet the same full disk.
    pub(super) fn add_errors(&mut self, errors: &[String]) {
        errors.iter().for_each(|error| self.add_error(error));
    }

    /// Adds an error, if it is not there yet and there is room for it.
    pub(super) fn add_error(&mut self, error: &str) {
        let has_room = self.errors.len() < MAX_SESSION_ERRORS;
        if has_room && !self.errors.iter().any(|known| known == error) {
            let is_last = self.errors.len() + 1 == MAX_SESSION_ERRORS;
            let more = "there are more errors than a summary lists: the log has them all";
            self.errors.push(if is_last { more } else { error }.to_owned());
        }
    }

    /// The sums of a channel. What is added there is added to the session's too.
    pub(super) fn of(&mut self, channel: &str) -> ChannelSums<'_> {
        let channel = self.channels.entry(channel.to_owned()).or_default();
        ChannelSums([&mut self.all, channel])
    }
}

/// Where a channel's records are counted: in the session's sums, and in its own.
#[derive(Debug)]
pub(super) struct ChannelSums<'a>([&'a mut Counts; 2]);

impl ChannelSums<'_> {
    pub(super) fn add_recorded(&mut self, count: u64) {
        self.0.iter_mut().for_each(|counts| counts.recorded += count);
    }

    /// Adds the writers' own counts. Their sum saturates, as that of losses does.
    pub(super) fn add_overwritten(&mut self, count: u64) {
        for counts in &mut self.0 {
            counts.overwritten = counts.overwritten.saturating_add(count);
        }
    }

    pub(super) fn add_lost(&mut self, cause: &str, count: u64) {
        self.0.iter_mut().for_each(|counts| counts.add_lost(cause, count));
    }
}
