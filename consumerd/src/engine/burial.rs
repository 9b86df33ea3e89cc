//! The end of processes: they are buried after everything that was queued when their end became known, some in each
//! turn.
//!
//! ```text
//!   a pidfd is readable, an image is gone --> dying
//!   dying --> Wake: the connections that had something queued by then, and the listener's queue
//!                   each turn hears some of them; once all are heard, each turn buries some;
//!                   at its end, messages that waited for room are handled (`room`)
//! ```
//!
//! A process may have handed over a ring file on a connection that is still queued when its pidfd says that it is dead.
//! Strangers decide how much is queued, so hearing it takes several turns; what comes meanwhile waits. There is no
//! other way to bury a process: a caller that needs it at once holds a wake at once (`bury_now`).

use super::drain::Pass;
use super::loss_names::NO_STREAM;
use super::process::Process;
use super::round::Round;
use super::state::Engine;
use super::tracked::Tracked;
use super::wake::Wake;
use super::watch::Watch;
use crate::limits::{AGENT_BACKLOG, MAX_ACCEPTS, MAX_BURIALS, MAX_DEPARTED_PROCESSES, MAX_EVENTS};

/// How often everything is taken in at once because processes have ended; processes that end after that are buried in
/// the next turn.
const MAX_BURIALS_AT_ONCE: usize = 3;

impl Engine {
    /// Whether there is something left to do for processes that have ended.
    pub(super) fn is_burying(&self) -> bool {
        self.wake.is_some() || !self.dying.is_empty()
    }

    /// Notes the processes of an account whose end is known now.
    pub(super) fn note_deaths(&mut self, payer: i32) {
        for (uid, tracked) in &self.processes {
            if tracked.payer == payer && tracked.is_dead() {
                self.dying.insert(*uid);
                if let Watch::Pidfd(pidfd) = &tracked.watch {
                    // A pidfd stays readable.
                    self.readiness.forget(pidfd);
                }
            }
        }
    }

    /// Does one turn's part of the burials.
    pub(super) fn bury_some(&mut self) {
        if self.wake.is_none() && !self.dying.is_empty() {
            self.hold_wake();
        }
        let Some(mut wake) = self.wake.take() else { return };
        if wake.to_accept > 0 {
            let is_empty = self.accept_some();
            wake.to_accept = if is_empty { 0 } else { wake.to_accept.saturating_sub(MAX_ACCEPTS) };
        }
        for _ in 0..MAX_EVENTS.min(wake.to_hear.len()) {
            wake.to_hear.pop_front().into_iter().for_each(|number| self.hear_some(number));
        }
        // Writing the records now must not take the descriptors that the next messages need.
        self.keep_room();
        if wake.to_accept == 0 && wake.to_hear.is_empty() {
            for _ in 0..MAX_BURIALS.min(wake.uids.len()) {
                wake.uids.pop_front().into_iter().for_each(|uid| self.bury(uid));
            }
        }
        match wake.uids.is_empty() {
            true => self.let_in(),
            false => self.wake = Some(wake),
        }
    }

    /// Buries processes in this turn, after everything that is queued now is heard.
    pub(super) fn bury_now(&mut self, uids: Vec<[u8; 16]>) {
        // A wake that is being held hears only what was queued when it began.
        self.end_wake();
        self.dying.extend(uids);
        self.bury_some();
        self.end_wake();
    }

    /// Holds the wake to its end. Processes that die meanwhile are not waited for.
    fn end_wake(&mut self) {
        while self.wake.is_some() {
            self.bury_some();
        }
    }

    /// Begins a wake: notes what is queued now.
    fn hold_wake(&mut self) {
        let has_queued = |number: &u64| {
            self.connections.get(number).is_some_and(|connection| connection.queued_bytes() > 0)
        };
        let to_hear = self.connections.keys().copied().filter(has_queued).collect();
        // One more than the backlog is what the kernel queues.
        let to_accept = AGENT_BACKLOG as usize + 1;
        let uids = std::mem::take(&mut self.dying).into_iter().collect();
        self.wake = Some(Wake { uids, to_accept, to_hear });
    }

    /// Takes in everything that is queued, and buries every process whose death was known before that. If a process
    /// that died after it was heard were buried too, what it sent last would make it known again, and the counts of its
    /// process file would be added twice.
    pub(super) fn bury_dead(&mut self) {
        for _ in 0..MAX_BURIALS_AT_ONCE {
            let is_dead = |(_, tracked): &(&[u8; 16], &Tracked)| tracked.is_dead();
            let dead = self.processes.iter().filter(is_dead).map(|(uid, _)| *uid);
            self.dying.extend(dead.collect::<Vec<_>>());
            self.take_in_everything();
            if !self.is_burying() {
                return;
            }
            self.bury_some();
            self.end_wake();
        }
    }

    /// Recovers what a process has left, closes its traces, keeps the sums. Only called at the end of a wake: otherwise
    /// a message not heard yet would make the process known again, and the counts of its process file would be added
    /// twice.
    fn bury(&mut self, uid: [u8; 16]) {
        let Some(mut tracked) = self.processes.remove(&uid) else { return };
        for (session_uid, session) in &mut self.sessions {
            if let Some(file) = &mut tracked.process.file {
                session.note_matches(file);
                session.note_gone(file);
            }
            if !session.config.is_drained {
                continue;
            }
            // If the session has nothing of the process, the clock is not computed: the session may not have begun.
            if tracked.process.has_session(*session_uid) {
                for pass in [Pass::Recover, Pass::Finish] {
                    let to = session.destination();
                    tracked.process.pass(*session_uid, pass, to, &mut Round::whole());
                }
            }
            let mut sum = std::mem::take(&mut session.past);
            for error in tracked.process.wants(*session_uid, session.classes()) {
                tracing::error!("{error}");
                sum.add_error(&error);
            }
            tracked.process.add_streams_to(*session_uid, session.classes(), &mut sum);
            session.past = sum;
            tracked.process.remove_session(*session_uid);
            // Everything that could be recovered from them is in the trace.
            session.config.shm_dir.iter().for_each(|dir| dir.remove_process(uid));
        }
        for (session, error) in tracked.process.unexplained() {
            tracing::error!("{error}");
            if let Some(session) = self.sessions.get_mut(&session) {
                session.past.add_error(&error);
            }
        }
        if let Some(file) = &tracked.process.file {
            self.kept_files.keep(file.losses());
            self.settle_kept_files();
        }
        if tracked.process.has_sessions() {
            self.keep_departed(tracked.process);
        }
    }

    /// Keeps a dead process for snapshots. If there are too many, drops the oldest of them and its ring files.
    fn keep_departed(&mut self, process: Process) {
        self.departed.push_back(process);
        if self.departed.len() <= MAX_DEPARTED_PROCESSES {
            return;
        }
        if let Some(oldest) = self.departed.pop_front().and_then(|process| process.file) {
            let dirs = self.sessions.values().filter_map(|session| session.config.shm_dir.as_ref());
            dirs.for_each(|dir| dir.remove_process(oldest.uid));
        }
    }

    /// Takes in what is queued and buries the dead, so that the next question is answered as of now, and not as of the
    /// last [`poll`](Self::poll).
    pub fn take_stock(&mut self) {
        self.bury_dead();
        self.settle_kept_files();
    }

    /// Adds up the counts in the dead processes' files that will not change any more.
    pub(super) fn settle_kept_files(&mut self) {
        for file in self.kept_files.settle() {
            // Snapshots count such losses themselves, from the file.
            for session in self.sessions.values_mut().filter(|it| it.config.is_drained) {
                for (uid, channel) in &session.channels {
                    let lost = file.lost_no_stream(uid.0);
                    session.past.of(&channel.config.name).add_lost(NO_STREAM, lost);
                }
            }
        }
    }
}
