//! The end of processes: after everything that was queued when it became known, and a few in each turn.
//!
//! ```text
//!   a pidfd is readable, an image is gone --> dying
//!   dying --> Wake: the connections that had something queued by then, and the listener's queue
//!                   each turn hears some of them; once all are heard, each turn buries some
//! ```
//!
//! A process may have handed over a ring file on a connection that is still queued when its pidfd says that it is dead.
//! How much is queued strangers decide, so hearing it takes as many turns as it takes; what comes meanwhile waits.

use super::connection::Watch;
use super::{Engine, Tracked};
use crate::limits::{AGENT_BACKLOG, MAX_ACCEPTS, MAX_BURIALS, MAX_EVENTS};
use std::collections::VecDeque;

/// How often everything is taken in at once for the sake of processes that have ended; the last ones have the next turn.
const MAX_BURIALS_AT_ONCE: usize = 3;

/// Processes whose end is known, and what is heard before they are buried.
#[derive(Debug)]
pub struct Wake {
    uids: VecDeque<[u8; 16]>,
    /// Connections that the kernel may have queued when it began.
    to_accept: usize,
    to_hear: VecDeque<u64>,
}

impl Engine {
    /// Whether there is something left to do for processes that have ended.
    pub(super) fn is_burying(&self) -> bool {
        self.wake.is_some() || !self.dying.is_empty()
    }

    /// Notes the processes of an account whose end is known now.
    pub(super) fn note_deaths(&mut self, payer: i32) {
        for (uid, tracked) in &self.processes {
            if tracked.payer == payer && tracked.is_dead() {
                self.dying.push(*uid);
                if let Watch::Pidfd(pidfd) = &tracked.watch {
                    // It stays readable.
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
        // What is written now must not take what the next messages need.
        self.keep_room();
        if wake.to_accept == 0 && wake.to_hear.is_empty() {
            for _ in 0..MAX_BURIALS.min(wake.uids.len()) {
                wake.uids.pop_front().into_iter().for_each(|uid| self.bury(uid));
            }
        }
        if !wake.uids.is_empty() {
            self.wake = Some(wake);
        }
    }

    /// Takes note of what is queued now.
    fn hold_wake(&mut self) {
        let has_queued = |number: &u64| {
            self.connections.get(number).is_some_and(|connection| connection.queued_bytes() > 0)
        };
        let to_hear = self.connections.keys().copied().filter(has_queued).collect();
        // One more than the backlog is what the kernel queues.
        let to_accept = AGENT_BACKLOG as usize + 1;
        let uids = std::mem::take(&mut self.dying).into();
        self.wake = Some(Wake { uids, to_accept, to_hear });
    }

    /// Takes in everything that is queued, and buries every process whose death was known before that: one that ended
    /// after it was heard would be met again in what it sent last, and what its process file counts be counted twice.
    pub(super) fn bury_dead(&mut self) {
        for _ in 0..MAX_BURIALS_AT_ONCE {
            let is_dead = |(_, tracked): &(&[u8; 16], &Tracked)| tracked.is_dead();
            let dead = self.processes.iter().filter(is_dead).map(|(uid, _)| *uid);
            self.dying.extend(dead.collect::<Vec<_>>());
            self.take_in_everything();
            if !self.is_burying() {
                return;
            }
            // The wake that is held, to its end: whoever dies meanwhile is not waited for.
            self.bury_some();
            while self.wake.is_some() {
                self.bury_some();
            }
        }
    }
}
