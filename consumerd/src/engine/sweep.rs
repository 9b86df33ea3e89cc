//! Going over streams: all of one channel at once, or a part of all of them each round (`round`).

use super::api::ChannelUid;
use super::drain::Pass;
use super::round::Round;
use super::state::Engine;

impl Engine {
    /// Writes out all that is committed now, in every stream of the channel.
    pub fn flush(&mut self, channel: ChannelUid) {
        self.bury_dead();
        self.pass(channel, Pass::Flush);
    }

    /// Goes over every stream of one channel, in every process.
    pub(super) fn pass(&mut self, uid: ChannelUid, pass: Pass) {
        self.pass_in(&mut Round::whole(), uid, pass);
    }

    /// Goes over those streams of one channel that have a turn in this round; whether anything was taken.
    pub(super) fn pass_in(&mut self, round: &mut Round, uid: ChannelUid, pass: Pass) -> bool {
        let Some(channel) = self.channels.get_mut(&uid) else { return false };
        let mut any = false;
        for tracked in self.processes.values_mut() {
            if tracked.process.has_channel(uid) {
                any |= tracked.process.pass(uid, pass, channel.destination(), round);
            }
        }
        any
    }

    /// Takes full sub-buffers for one round; whether there was any.
    pub(super) fn take_full(&mut self) -> bool {
        let (any, is_behind) = self.sweep(Pass::Full);
        self.is_behind = is_behind;
        any || is_behind
    }

    /// Goes on with a sweep for one round; whether anything was taken, and whether streams are left for the next round.
    pub(super) fn sweep(&mut self, pass: Pass) -> (bool, bool) {
        let kind = usize::from(pass == Pass::Full);
        let mut round = Round::of_sweep(self.sweeps[kind]);
        let mut any = false;
        for channel in self.channels.keys().copied().collect::<Vec<_>>() {
            any |= self.pass_in(&mut round, channel, pass);
        }
        if !round.is_cut_short() {
            self.sweeps[kind] += 1;
        }
        (any, round.is_cut_short())
    }
}
