//! A channel of a session, as the engine has it: its configuration, its rules, and which of them have matched.
//!
//! What living processes have in it is stored with them ([`Process`](super::process::Process)).

use super::api::ChannelConfig;
use super::process::{Origin, RingKind};
use super::process_file::ProcessFile;
use crate::shm_dir::ShmDir;
use std::collections::BTreeSet;
use ust_core::abi::RingFileShape;
use ust_core::protocol::EventRule;

/// See the module page.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) config: ChannelConfig,
    /// Which events go into it.
    pub(super) rules: Vec<EventRule>,
    /// Rules that have matched events of some process. Noted when the process goes, or before rules may go.
    matched: BTreeSet<EventRule>,
}

impl Channel {
    /// A channel that records nothing yet.
    pub(super) fn new(config: ChannelConfig) -> Self {
        Self { config, rules: Vec::new(), matched: BTreeSet::new() }
    }

    /// The required properties of a ring file that a process hands over for it. `dir` is the directory of its session's
    /// ring files.
    pub(super) fn origin(&self, dir: Option<&ShmDir>) -> Origin {
        let ChannelConfig { geometry, buffers, mode, .. } = self.config;
        let kind = RingFileShape::of(geometry).map(|shape| RingKind { shape, buffers, mode });
        Origin::Process { kind, dir: dir.map(ShmDir::shm_path) }
    }

    /// Whether a rule has been noted to match an event.
    pub(super) fn has_matched(&self, rule: &EventRule) -> bool {
        self.matched.contains(rule)
    }

    /// The rules that are not known to have matched.
    fn waiting(&self) -> impl Iterator<Item = &EventRule> {
        self.rules.iter().filter(|rule| !self.has_matched(rule))
    }

    /// Their patterns.
    pub(super) fn unmatched(&self) -> impl Iterator<Item = &String> {
        self.waiting().map(|rule| &rule.pattern)
    }

    /// Notes which rules match events of a process, while both are still there.
    pub(super) fn note_matches(&mut self, file: &mut ProcessFile) {
        let asking: Vec<_> = self.waiting().cloned().collect();
        // Once all rules have matched, another process costs nothing.
        if asking.is_empty() {
            return;
        }
        file.log.refresh();
        let matches =
            |rule: &EventRule| file.log.names().any(|class| rule.names(&class.name, class.level));
        self.matched.extend(asking.into_iter().filter(matches));
    }
}
