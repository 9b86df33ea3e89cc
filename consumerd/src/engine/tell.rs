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
        let sessions = self.sessions.values_mut();
        let of_sessions = sessions.filter_map(|session| session.refusals.note(who, reason)).last();
        // Without a session nothing is noted, and the log has them all.
        let line = self.sessions.is_empty().then(|| format!("{who}: {reason}")).or(of_sessions);
        line.into_iter().for_each(|line| tracing::warn!("{line}"));
    }

    /// Says in the log that a program holds copies of the library that do not join.
    pub(super) fn tell_of_copies(&mut self, who: &str, reason: &str) {
        let line = self.copies_told.note(who, reason);
        line.into_iter().for_each(|line| tracing::warn!("{line}"));
    }
}
