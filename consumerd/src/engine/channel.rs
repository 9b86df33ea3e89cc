//! A channel, as the engine has it: its configuration, its rules, and what it has recorded of processes that are gone.
//!
//! What living processes have in it stands with them ([`Process`]). The engine sets rules and state, and asks a channel
//! where a process's records go and what a ring file for it has to be like.

use super::api::{ChannelConfig, ChannelSummary, ChannelUid};
use super::clock::{Calibration, ClockDescription};
use super::process::{Destination, Origin, Process, RingKind};
use super::process_file::ProcessFile;
use super::refusals::Refusals;
use super::seen::Seen;
use super::session_file::SessionFile;
use crate::advice::{Attempt, why};
use crate::output::Output;
use crate::shm_dir::ShmDir;
use std::collections::BTreeSet;
use ust_core::abi::RingFileShape;
use wildmatch::WildMatch;

/// See the module page.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) config: ChannelConfig,
    /// Where its traces go, held open.
    pub(super) output: Output,
    /// Its rules, over `provider:name`.
    pub(super) globs: Vec<String>,
    /// Globs that have matched events of some process; noted when the process goes, or when globs may.
    pub(super) matched: BTreeSet<String>,
    /// Whom its rules reached.
    pub(super) seen: Seen,
    pub(super) is_active: bool,
    pub(super) calibration: Calibration,
    /// Reckoned when the first trace needs it.
    pub(super) clock: Option<ClockDescription>,
    /// What processes that are gone had recorded.
    pub(super) past: ChannelSummary,
    /// Processes that it does not record.
    pub(super) refusals: Refusals,
}

impl Channel {
    /// What a ring file is to be like that a process hands over for it.
    pub(super) fn origin(&self) -> Origin {
        let ChannelConfig { geometry, buffers, mode, shm_dir, .. } = &self.config;
        let (buffers, mode) = (*buffers, *mode);
        let kind = RingFileShape::of(*geometry).map(|shape| RingKind { shape, buffers, mode });
        Origin::Process { kind, dir: shm_dir.as_ref().map(ShmDir::shm_path) }
    }

    /// Notes which globs match events of a process, as long as both are there to be asked.
    pub(super) fn note_matches(&mut self, process: &mut Process) {
        let has_not_yet = |glob: &&String| !self.matched.contains(*glob);
        let asking: Vec<String> = self.globs.iter().filter(has_not_yet).cloned().collect();
        // Once all have, another process costs nothing.
        let Some(file) = process.file.as_mut().filter(|_| !asking.is_empty()) else { return };
        file.log.refresh();
        let matches = |glob: &String| {
            let pattern = WildMatch::new(glob);
            file.log.names().any(|class| pattern.matches(&class.name))
        };
        self.matched.extend(asking.into_iter().filter(matches));
    }

    /// The rules of which nobody has had an event.
    pub(super) fn unmatched(&self) -> Vec<&String> {
        self.globs.iter().filter(|glob| !self.matched.contains(*glob)).collect()
    }

    /// Notes a process that is gone.
    pub(super) fn note_gone(&mut self, file: &ProcessFile) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.note_gone(file, &self.unmatched());
        self.seen = seen;
    }

    /// Compares the events of one that still runs with the rules that have matched nothing.
    pub(super) fn compare(&mut self, file: &ProcessFile) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.compare(file, &self.unmatched());
        self.seen = seen;
    }

    /// Notes beside the rings what nobody could find out from them. From then on the clock means this, in the
    /// traces that are written here and in those that are recovered.
    pub(super) fn describe_session(&mut self, uid: ChannelUid) {
        let clock = *self.clock.get_or_insert_with(|| self.calibration.describe());
        let Some(dir) = &self.config.shm_dir else { return };
        let session = SessionFile::new(uid, clock, self.config.buffers);
        if let Err(error) = session.write(dir.own()) {
            let path = dir.path().display();
            let error = format!(
                "rings in {path} cannot be recovered if need be: {}",
                why(Attempt::RingDir, &error)
            );
            tracing::error!("{error}");
            self.past.add_error(&error);
        }
    }

    pub(super) fn destination(&mut self) -> Destination<'_> {
        let clock = *self.clock.get_or_insert_with(|| self.calibration.describe());
        let ChannelConfig { buffers, is_drained, .. } = &self.config;
        Destination { output: &self.output, clock, buffers: *buffers, is_drained: *is_drained }
    }
}
