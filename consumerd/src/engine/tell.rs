//! Messages that go into the log and into the summary of every session.

use super::state::Engine;

impl Engine {
    /// Writes a message that concerns every session into the log and into their summaries.
    pub(super) fn tell(&mut self, error: &str) {
        tracing::error!("{error}");
        self.sessions.values_mut().for_each(|session| session.past.add_error(error));
    }

    /// Reports what exceeded a process's budget since the last call.
    pub(super) fn tell_refusals(&mut self) {
        self.ledger.take_refusals().iter().for_each(|refusal| self.tell(refusal));
    }

    /// Notes in every session that a process is not recorded there.
    pub(super) fn note_refusal(&mut self, who: &str, reason: &str) {
        let mut is_new = self.sessions.is_empty();
        for session in self.sessions.values_mut() {
            is_new |= session.refusals.note(who, reason);
        }
        if is_new {
            tracing::warn!("{who}: {reason}");
        }
    }

    /// Says in the log, once for each program, that it holds copies of the library that do not join.
    pub(super) fn tell_of_copies(&mut self, who: &str, reason: &str) {
        if self.copies_told.note(who, reason) {
            tracing::warn!("{who}: {reason}");
        }
    }
}
