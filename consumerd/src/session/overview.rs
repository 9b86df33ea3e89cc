//! What `ust list` and `ust status` show: sessions with their rules, processes with their events.
//!
//! This is plain data that travels over the control socket. Whether a rule matches is answered from the processes that
//! are connected now; a rule that matches none of their events still holds for later ones. For processes that are gone,
//! the engine has noted only which rules had matched them.

use super::entry::{Channel, Session};
use super::error::SessionError;
use super::registry::Sessions;
use super::rules::RuleOptions;
use super::snapshots::SnapshotsTaken;
use crate::engine::{
    ChannelConfig, CpuStreams, Engine, EventDetails, EventInfo, ProcessInfo, SessionSummary,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;
use ust_core::abi::{Buffers, Mode};
use ust_core::clock::ClockKind;
use ust_core::protocol::EventRule;

/// Sessions and processes as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Ordered by when they were created.
    pub sessions: Vec<SessionView>,
    /// Ordered by process id.
    pub processes: Vec<ProcessView>,
    /// What has happened to the runtime directory, a line each.
    pub notes: Vec<String>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its name.
    pub name: String,
    /// Whether commands without a name act on it.
    pub is_current: bool,
    /// Whether it is started.
    pub is_active: bool,
    /// Where its trace goes.
    pub output: PathBuf,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Ordered by when they were made.
    pub channels: Vec<ChannelView>,
    /// What it has written, if it writes only snapshots.
    pub snapshots: Option<SnapshotsTaken>,
    /// What it has recorded so far.
    pub summary: SessionSummary,
}

/// A channel of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelView {
    /// Its name.
    pub name: String,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u64,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does if it finds no room.
    pub mode: Mode,
    /// Which events go into it.
    pub rules: Vec<RuleView>,
}

/// An event rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// The rule as it was given.
    #[serde(flatten)]
    pub rule: RuleOptions,
    /// How many different events of the connected processes it matches.
    pub matches: usize,
    /// Whether it has matched events of processes that are gone.
    pub has_matched: bool,
}

/// A connected process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessView {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub procname: String,
    /// Its events, by name, each once.
    pub events: Vec<EventView>,
    /// How many more it has, beyond what a list has room for.
    pub events_left_out: usize,
    /// Its streams of CPUs.
    #[serde(default)]
    pub cpu_streams: CpuStreams,
}

/// An event of a process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventView {
    /// `provider:name`.
    pub name: String,
    /// Its level, as LTTng numbers them.
    pub level: u8,
    /// The rest, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<EventDetails>>,
}

impl Overview {
    /// The same, with only the number of events of each process.
    pub fn without_events(mut self) -> Self {
        for process in &mut self.processes {
            process.events_left_out += std::mem::take(&mut process.events).len();
        }
        self
    }
}

impl Sessions {
    /// All sessions, or the one of that name, and all processes. Records are written out first, so that the figures are
    /// those of this moment, not of the last flush.
    ///
    /// # Errors
    /// There is no such session.
    pub fn overview(
        &self,
        engine: &mut Engine,
        name: Option<&str>,
        in_detail: bool,
    ) -> Result<Overview, SessionError> {
        let is_wanted = |session: &&Session| name.is_none_or(|name| session.name == name);
        if name.is_some() {
            self.get(name)?;
        }
        engine.take_stock();
        for session in self.sessions.iter().filter(is_wanted) {
            engine.flush(session.uid);
        }
        let mut processes: Vec<ProcessView> =
            engine.processes(in_detail).into_iter().map(process_view).collect();
        processes.sort_by_key(|process| process.pid);
        let events: BTreeSet<(&str, u8)> = processes
            .iter()
            .flat_map(|process| &process.events)
            .map(|event| (event.name.as_str(), event.level))
            .collect();
        let sessions = self
            .sessions
            .iter()
            .filter(is_wanted)
            .map(|session| SessionView {
                name: session.name.clone(),
                is_current: self.current.as_ref() == Some(&session.name),
                is_active: session.is_active,
                output: session.config.output.clone(),
                clock: session.config.clock,
                channels: channel_views(session, engine, &events),
                snapshots: session.snapshots().cloned(),
                summary: engine.summary(session.uid),
            })
            .collect();
        Ok(Overview { sessions, processes, notes: engine.notes() })
    }
}

fn process_view(process: ProcessInfo) -> ProcessView {
    let ProcessInfo { pid, procname, events, events_left_out, cpu_streams } = process;
    let view = |EventInfo { name, level, details }| EventView { name, level, details };
    let mut events: Vec<EventView> = events.into_iter().map(view).collect();
    events.sort();
    // An event may have several classes: of each module that declares it, or with more fields.
    events.dedup();
    ProcessView { pid, procname, events, events_left_out, cpu_streams }
}

/// The channels of a session; while it has none, the one that it would have.
fn channel_views(
    session: &Session,
    engine: &Engine,
    events: &BTreeSet<(&str, u8)>,
) -> Vec<ChannelView> {
    let of_channel = |channel: &Channel| {
        let rule = |rule: &EventRule| RuleView {
            rule: RuleOptions::from(rule.clone()),
            matches: matches(rule, events),
            has_matched: engine.has_matched(channel.uid, rule),
        };
        channel_view(&channel.config, channel.rules.iter().map(rule).collect())
    };
    match &session.channels[..] {
        [] => vec![channel_view(&session.default_channel, Vec::new())],
        channels => channels.iter().map(of_channel).collect(),
    }
}

fn channel_view(config: &ChannelConfig, rules: Vec<RuleView>) -> ChannelView {
    let ChannelConfig { name, geometry, buffers, mode, residency: _ } = config;
    ChannelView {
        name: name.clone(),
        subbuf_size_bytes: geometry.subbuf_size_bytes() as u64,
        subbuf_count: geometry.subbuf_count() as u64,
        buffers: *buffers,
        mode: *mode,
        rules,
    }
}

/// How many of the events a rule matches.
fn matches(rule: &EventRule, events: &BTreeSet<(&str, u8)>) -> usize {
    events.iter().filter(|(name, level)| rule.names(name, *level)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_each_event_it_matches() {
        let events = ["indexer:file_indexed", "indexer:queue_wait", "other:file_indexed"];
        let events = events.map(|name| (name, 6)).into();
        let matches = |pattern: &str| matches(&EventRule::of(pattern), &events);
        assert_eq!(matches("indexer:*"), 2);
        assert_eq!(matches("*:file_?ndexed"), 2);
        assert_eq!(matches("*"), 3);
        assert_eq!(matches("index"), 0);
    }
}
