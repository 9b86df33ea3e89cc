//! Sessions: adds them, gives them channels and rules, starts and stops them, and removes them with what was recorded.

use super::api::{ChannelConfig, ChannelUid, SessionConfig, SessionUid};
use super::drain::Pass;
use super::loss_names::NO_STREAM;
use super::process::Process;
use super::session::Session;
use super::state::Engine;
use super::summary::SessionSummary;
use crate::output::Output;
use ust_core::protocol::EventRule;

impl Engine {
    /// Adds a session that records nothing yet, and has no channel.
    pub fn add_session(&mut self, config: SessionConfig) -> SessionUid {
        let output = Output::at(&config.output);
        self.add_session_to(config, output)
    }

    /// The same, writing to a directory that was opened before.
    pub fn add_session_to(&mut self, config: SessionConfig, output: Output) -> SessionUid {
        let uid = SessionUid(self.next_uid());
        let mut session = Session::new(config, output);
        for tracked in self.processes.values() {
            let lack = tracked.lack.iter();
            lack.for_each(|(who, reason)| _ = session.refusals.note(who, reason));
        }
        self.sessions.insert(uid, session);
        uid
    }

    /// Adds a channel that records nothing yet to a session that has never been started. The caller makes sure that
    /// there are no more channels than processes can record into.
    pub fn add_channel(&mut self, session: SessionUid, config: ChannelConfig) -> ChannelUid {
        let uid = ChannelUid(self.next_uid());
        if let Some(session) = self.sessions.get_mut(&session) {
            session.add_channel(uid, config);
        }
        uid
    }

    /// A number that no session or channel has had, in this daemon or in one before it: the generation starts from the
    /// time.
    fn next_uid(&mut self) -> u64 {
        self.next_uid += 1;
        self.generation << 16 | self.next_uid
    }

    /// Sets which events a channel records. In force after the next [`publish`](Self::publish).
    pub fn set_rules(&mut self, channel: ChannelUid, rules: Vec<EventRule>) {
        let processes = self.processes.values_mut();
        let files: Vec<_> = processes.filter_map(|it| it.process.file.as_mut()).collect();
        let mut sessions = self.sessions.values_mut();
        if let Some(channel) = sessions.find_map(|session| session.channels.get_mut(&channel)) {
            files.into_iter().for_each(|file| channel.note_matches(file));
            channel.rules = rules;
        }
    }

    /// Whether a rule has been noted to match an event in this channel: at least for processes that are gone.
    pub fn has_matched(&self, channel: ChannelUid, rule: &EventRule) -> bool {
        let mut sessions = self.sessions.values();
        let channel = sessions.find_map(|session| session.channels.get(&channel));
        channel.is_some_and(|channel| channel.has_matched(rule))
    }

    /// Starts or stops a session. In force after the next [`publish`](Self::publish).
    pub fn set_active(&mut self, uid: SessionUid, is_active: bool) {
        if let Some(session) = self.sessions.get_mut(&uid) {
            session.is_active = is_active;
            if is_active {
                session.begin(uid);
            }
        }
    }

    /// Drains and closes the session's traces and forgets it. Returns what it has recorded, and which processes it
    /// reached.
    pub fn remove_session(&mut self, uid: SessionUid) -> SessionSummary {
        self.bury_dead();
        self.bury_replaced_images();
        self.pass(uid, Pass::Flush);
        self.pass(uid, Pass::Finish);
        let summary = self.conclude(uid);
        for tracked in self.processes.values_mut() {
            tracked.process.remove_session(uid);
        }
        self.departed.iter_mut().for_each(|process| process.remove_session(uid));
        self.departed.retain(Process::has_sessions);
        if let Some(dir) = self.sessions.remove(&uid).and_then(|session| session.config.shm_dir) {
            dir.remove_all();
            self.retired_dirs.push(dir);
        }
        let sessions = &self.sessions;
        let is_there = |uid| sessions.values().any(|session| session.channels.contains_key(&uid));
        self.kept_files.retain_of(is_there);
        summary
    }

    /// What a session has recorded so far.
    pub fn summary(&self, uid: SessionUid) -> SessionSummary {
        let Some(session) = self.sessions.get(&uid) else { return SessionSummary::default() };
        let mut sum = session.past.clone();
        sum.errors.extend(session.refusals.lines());
        for tracked in self.processes.values() {
            tracked.process.add_to(uid, session.classes(), &mut sum);
        }
        for (uid, channel) in &session.channels {
            sum.of(&channel.config.name).add_lost(NO_STREAM, self.kept_files.lost(*uid));
        }
        sum
    }
}
