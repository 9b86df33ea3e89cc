//! Hears what is queued on connections, in bounded portions, and handles their end.

use super::connection::Heard;
use super::readiness::{Interest, Source};
use super::state::Engine;
use crate::advice::{Attempt, why};
use crate::limits::MAX_MESSAGES;

impl Engine {
    /// Takes in everything that is queued on the listener and on all connections.
    pub(super) fn take_in_everything(&mut self) {
        self.accept_all();
        for number in self.connections.keys().copied().collect::<Vec<_>>() {
            self.hear_some(number);
        }
        self.keep_room();
    }

    /// Hears what is queued on a connection, as much as one turn may, and notes whether the connection has ended after
    /// that.
    pub(super) fn hear_some(&mut self, number: u64) {
        self.make_room();
        let Some(connection) = self.connections.get(&number) else { return };
        let queued_bytes = connection.queued_bytes();
        let mut heard_bytes = 0;
        for _ in 0..MAX_MESSAGES {
            let Some(connection) = self.connections.get(&number) else { return };
            if heard_bytes > queued_bytes || connection.waiting.is_some() {
                return;
            }
            match connection.hear(&mut self.inbox) {
                Heard::Message(message, fds, bytes) => {
                    heard_bytes += bytes;
                    self.handle(number, message, fds);
                }
                Heard::PassedOver(version, bytes) => {
                    heard_bytes += bytes;
                    tracing::debug!(
                        "{} sent a message that only version {version} knows",
                        connection.shown()
                    );
                }
                Heard::Nothing => return,
                Heard::End(reason) => {
                    let who = connection.shown();
                    reason.into_iter().for_each(|reason| self.note_refusal(&who, &reason));
                    self.hang_up(number);
                }
            }
        }
    }

    /// Waits for a connection's next step: it sends a message, or has room for what it is to be sent.
    pub(super) fn expect(&mut self, number: u64) {
        let Some(connection) = self.connections.get(&number) else { return };
        let interest = if connection.is_behind { Interest::Write } else { Interest::Read };
        let source = Source::Connection(number);
        if let Err(errno) = self.readiness.change(connection.socket(), source, interest) {
            tracing::warn!("a connection is closed: {}", why(Attempt::Own, &errno.into()));
            self.hang_up(number);
        }
    }

    /// Forgets a connection.
    pub(super) fn hang_up(&mut self, number: u64) {
        let uid = self.connections.remove(&number).and_then(|connection| connection.agent_of);
        if let Some(uid) = uid
            && let Some(tracked) = self.processes.get_mut(&uid)
        {
            // The process is dead or was replaced by `exec`: its pidfd tells, or the next look for images.
            tracked.agent = None;
        }
    }
}
