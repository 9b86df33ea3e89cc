//! Goes over streams: all of one session at once, or a part of all of them in each round (`round`).

use super::api::SessionUid;
use super::drain::Pass;
use super::round::Round;
use super::state::Engine;

impl Engine {
    /// Writes out everything that is committed now, in every stream of the session.
    pub fn flush(&mut self, session: SessionUid) {
        self.bury_dead();
        self.pass(session, Pass::Flush);
    }

    /// Goes over every stream of one session, in every process.
    pub(super) fn pass(&mut self, uid: SessionUid, pass: Pass) {
        self.pass_in(&mut Round::whole(), uid, pass);
    }

    /// Gives a turn to those streams of one session that have one in this round; returns whether anything was taken.
    pub(super) fn pass_in(&mut self, round: &mut Round, uid: SessionUid, pass: Pass) -> bool {
        let Some(session) = self.sessions.get_mut(&uid) else { return false };
        let mut any = false;
        for tracked in self.processes.values_mut() {
            if tracked.process.has_session(uid) {
                any |= tracked.process.pass(uid, pass, session.destination(), round);
            }
        }
        any
    }

    /// Takes full sub-buffers for one round; returns whether there was any.
    pub(super) fn take_full(&mut self) -> bool {
        let (any, is_behind) = self.sweep(Pass::Full);
        self.is_behind = is_behind;
        any || is_behind
    }

    /// Continues a sweep for one round; returns whether anything was taken, and whether streams are left for the next
    /// round.
    pub(super) fn sweep(&mut self, pass: Pass) -> (bool, bool) {
        let kind = usize::from(pass == Pass::Full);
        let mut round = Round::of_sweep(self.sweeps[kind]);
        let mut any = false;
        for session in self.sessions.keys().copied().collect::<Vec<_>>() {
            any |= self.pass_in(&mut round, session, pass);
        }
        if !round.is_cut_short() {
            self.sweeps[kind] += 1;
        }
        (any, round.is_cut_short())
    }
}
