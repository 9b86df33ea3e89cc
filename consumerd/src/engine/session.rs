//! A session in the engine: where its traces go, what their clock means, its channels, and what it has recorded of
//! processes that are gone.
//!
//! ```text
//!   Session    output, clock, directory for ring files
//!     Channel  number 0: geometry, mode, rules      a stream class of every trace of the session
//!     Channel  number 1: ...
//! ```
//!
//! All its channels are there before it is started for the first time, because the metadata of each trace begin with
//! them.

use super::api::{ChannelConfig, ChannelUid, SessionConfig, SessionUid};
use super::channel::Channel;
use super::clock::{Calibration, ClockDescription};
use super::drain::StreamClass;
use super::process::Destination;
use super::process_file::ProcessFile;
use super::refusals::Refusals;
use super::seen::Seen;
use super::session_file::{SessionChannel, SessionFile};
use super::summary::SessionSummary;
use crate::advice::{Attempt, why};
use crate::output::Output;
use std::collections::BTreeMap;

/// See the module page.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: SessionConfig,
    /// Where its traces go, held open.
    pub(super) output: Output,
    /// In the order of their numbers.
    pub(super) channels: BTreeMap<ChannelUid, Channel>,
    /// As its traces describe them, by number.
    classes: Vec<StreamClass>,
    /// Which processes its rules reached.
    pub(super) seen: Seen,
    pub(super) is_active: bool,
    calibration: Calibration,
    /// Computed when the first trace needs it.
    clock: Option<ClockDescription>,
    /// What processes that are gone had recorded.
    pub(super) past: SessionSummary,
    /// Processes that it does not record.
    pub(super) refusals: Refusals,
}

impl Session {
    /// A session without channels.
    pub(super) fn new(config: SessionConfig, output: Output) -> Self {
        let calibration = Calibration::start(config.clock);
        Self {
            config,
            output,
            channels: BTreeMap::new(),
            classes: Vec::new(),
            seen: Seen::default(),
            is_active: false,
            calibration,
            clock: None,
            past: SessionSummary::default(),
            refusals: Refusals::default(),
        }
    }

    /// Adds a channel that records nothing yet. Later channels have greater numbers.
    pub(super) fn add_channel(&mut self, uid: ChannelUid, config: ChannelConfig) {
        let ChannelConfig { name, buffers, .. } = &config;
        self.classes.push(StreamClass { channel: uid, name: name.clone(), buffers: *buffers });
        self.past.of(name);
        self.channels.insert(uid, Channel::new(config));
    }

    /// Its channels, as its traces describe them.
    pub(super) fn classes(&self) -> &[StreamClass] {
        &self.classes
    }

    /// Records from now on. From here its clock means the same for all its traces.
    pub(super) fn begin(&mut self, uid: SessionUid) {
        self.seen.was_active = true;
        self.calibration.wait_for_baseline();
        if self.config.shm_dir.is_some() {
            self.describe(uid);
        }
    }

    /// Writes, beside the rings, what the rings do not say themselves. From then on the clock has this meaning, in
    /// traces that are written here and in those that are recovered.
    fn describe(&mut self, uid: SessionUid) {
        let clock = *self.clock.get_or_insert_with(|| self.calibration.describe());
        let Some(dir) = &self.config.shm_dir else { return };
        let channels = self.classes.iter().map(SessionChannel::of).collect();
        let session = SessionFile::new(uid, clock, channels);
        if let Err(error) = session.write(dir.own()) {
            let path = dir.path().display();
            let error = format!(
                "rings in {path} could not be recovered after a crash: {}",
                why(Attempt::RingDir, &error)
            );
            tracing::error!("{error}");
            self.past.add_error(&error);
        }
    }

    /// Notes which rules match events of a process, while both are still there.
    pub(super) fn note_matches(&mut self, file: &mut ProcessFile) {
        self.channels.values_mut().for_each(|channel| channel.note_matches(file));
    }

    /// The rules that no process's events have matched.
    pub(super) fn unmatched(&self) -> Vec<&String> {
        let mut unmatched: Vec<_> = self.channels.values().flat_map(Channel::unmatched).collect();
        unmatched.sort();
        unmatched.dedup();
        unmatched
    }

    /// Notes a process that is gone.
    pub(super) fn note_gone(&mut self, file: &ProcessFile) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.note_gone(file, &self.unmatched());
        self.seen = seen;
    }

    /// Compares the events of a process that still runs with the rules that have matched nothing.
    pub(super) fn compare(&mut self, file: &ProcessFile) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.compare(file, &self.unmatched());
        self.seen = seen;
    }

    /// Where its records go.
    pub(super) fn destination(&mut self) -> Destination<'_> {
        let clock = *self.clock.get_or_insert_with(|| self.calibration.describe());
        let is_drained = self.config.is_drained;
        Destination { output: &self.output, clock, classes: &self.classes, is_drained }
    }
}
