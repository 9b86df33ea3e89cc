//! Channels: added, given rules, started and stopped, and taken away with all that was recorded in them.

use super::api::{ChannelConfig, ChannelSummary, ChannelUid};
use super::channel::Channel;
use super::clock::Calibration;
use super::drain::Pass;
use super::process::Process;
use super::refusals::Refusals;
use super::seen::Seen;
use super::state::Engine;
use crate::output::Output;
use std::collections::BTreeSet;

impl Engine {
    /// Adds a channel that records nothing yet.
    pub fn add_channel(&mut self, config: ChannelConfig) -> ChannelUid {
        let output = Output::at(&config.output);
        self.add_channel_to(config, output)
    }

    /// The same, writing to a directory that was opened before.
    pub fn add_channel_to(&mut self, config: ChannelConfig, output: Output) -> ChannelUid {
        // Unlike any of a daemon before this one: the generation's seed is the time.
        let uid = ChannelUid(self.generation << 16 | self.next_channel);
        self.next_channel += 1;
        let calibration = Calibration::start(config.clock);
        let mut channel = Channel {
            config,
            output,
            globs: Vec::new(),
            matched: BTreeSet::new(),
            seen: Seen::default(),
            is_active: false,
            calibration,
            clock: None,
            past: ChannelSummary::default(),
            refusals: Refusals::default(),
        };
        for tracked in self.processes.values() {
            let lack = tracked.lack.iter();
            lack.for_each(|(who, reason)| _ = channel.refusals.note(who, reason));
        }
        self.channels.insert(uid, channel);
        uid
    }

    /// Sets the channel's globs over `provider:name`. In force after the next [`publish`](Self::publish).
    pub fn set_events(&mut self, channel: ChannelUid, globs: Vec<String>) {
        if let Some(channel) = self.channels.get_mut(&channel) {
            for tracked in self.processes.values_mut() {
                channel.note_matches(&mut tracked.process);
            }
            channel.globs = globs;
        }
    }

    /// Whether a glob has been noted to match an event, in this channel: of processes that are gone, at least.
    pub fn has_matched(&self, channel: ChannelUid, glob: &str) -> bool {
        self.channels.get(&channel).is_some_and(|channel| channel.matched.contains(glob))
    }

    /// Starts or stops a channel. In force after the next [`publish`](Self::publish).
    pub fn set_active(&mut self, uid: ChannelUid, is_active: bool) {
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.is_active = is_active;
            if is_active {
                channel.seen.was_active = true;
                channel.calibration.wait_for_baseline();
                if channel.config.shm_dir.is_some() {
                    channel.describe_session(uid);
                }
            }
        }
    }

    /// Drains and closes the channel's traces and forgets it. Returns what it has recorded, and whom it reached.
    pub fn remove_channel(&mut self, channel: ChannelUid) -> ChannelSummary {
        self.bury_dead();
        self.bury_replaced_images();
        self.pass(channel, Pass::Flush);
        self.pass(channel, Pass::Finish);
        let summary = self.conclude(channel);
        for tracked in self.processes.values_mut() {
            tracked.process.remove_channel(channel);
        }
        self.departed.iter_mut().for_each(|process| process.remove_channel(channel));
        self.departed.retain(Process::has_channels);
        if let Some(dir) = self.channels.remove(&channel).and_then(|channel| channel.config.shm_dir)
        {
            dir.remove_all();
            self.retired_dirs.push(dir);
        }
        self.kept_files.retain_of(|uid| self.channels.contains_key(&uid));
        summary
    }

    /// What it has recorded so far.
    pub fn summary(&self, channel: ChannelUid) -> ChannelSummary {
        let mut sum = self.channels.get(&channel).map(|c| c.past.clone()).unwrap_or_default();
        let refusals = self.channels.get(&channel).map(|channel| channel.refusals.lines());
        sum.errors.extend(refusals.into_iter().flatten());
        for tracked in self.processes.values() {
            tracked.process.add_to(channel, &mut sum);
        }
        sum.add_no_stream(self.kept_files.lost(channel));
        sum
    }
}
