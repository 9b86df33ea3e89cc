//! Rounds: how much the event loop moves out of rings before it looks at its sockets again.
//!
//! ```text
//!   sweep     each stream has one turn              s1 s2 s3 s4 s5 s6 | s1 s2 ...
//!   round     as many turns as there is room for    '------'  '---'  '
//! ```
//!
//! Every loop whose end a process decides has a bound of the consumer's own:
//!
//! | loop | bound |
//! | --- | --- |
//! | frames of a stream, full or flushed | one turn: what its ring can hold (`drain`, `ust_core::ring::consume`) |
//! | records of a stream that dead writers left, or that a snapshot copies | one ring |
//! | streams of a round | [`MAX_ROUND_BYTES`] and one turn; streams that had no turn have it in the next round |
//! | ring files, streams, identities, connections of a process | budgets (`budget`) |
//! | messages of a connection | what was queued when it was looked at (`hear`) |
//! | messages that wait for room | one for each connection (`room`) |
//! | connections that wait to be accepted | `AGENT_BACKLOG` |
//! | entries of a class log; looks for a class that is not there | the budget for classes; `MAX_FUTILE_LOOKS` |
//! | declarations of classes in metadata | the budget for metadata, each class once |
//!
//! So `ust` waits for at most one round, and each stream has its turn in each sweep, whatever the others claim. The end
//! of a recording (`stop`, `destroy`, a death) gives each stream one turn at once, which takes everything that was
//! committed before.

use crate::limits::MAX_ROUND_BYTES;

/// What one round may do. See the module page.
#[derive(Debug)]
pub struct Round {
    /// Number of the sweep; `None` stands for everything at once.
    sweep: Option<u64>,
    left_bytes: u64,
    is_cut_short: bool,
}

impl Round {
    /// A part of a sweep. Sweeps are numbered from 1.
    pub fn of_sweep(number: u64) -> Self {
        Self { sweep: Some(number), left_bytes: MAX_ROUND_BYTES, is_cut_short: false }
    }

    /// A turn of each stream, however long it takes.
    pub fn whole() -> Self {
        Self { sweep: None, left_bytes: u64::MAX, is_cut_short: false }
    }

    /// Whether a stream has a turn now. `last_turn` is the number of the sweep in which it had its last one.
    pub fn admits(&mut self, last_turn: &mut u64) -> bool {
        let Some(sweep) = self.sweep else { return true };
        if *last_turn == sweep {
            return false;
        }
        if self.left_bytes == 0 {
            self.is_cut_short = true;
            return false;
        }
        *last_turn = sweep;
        true
    }

    /// Counts what a turn has moved.
    pub fn spend(&mut self, bytes: u64) {
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
    }

    /// Whether there are streams that had no turn in this sweep yet.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_each_sweep_each_stream_has_one_turn_over_as_many_rounds_as_it_takes() {
        let mut last_turns = [0; 5];
        for sweep in 1..4 {
            let mut turns = [0; 5];
            for rounds in 1.. {
                let mut round = Round::of_sweep(sweep);
                for (last, turns) in last_turns.iter_mut().zip(&mut turns) {
                    if round.admits(last) {
                        round.spend(MAX_ROUND_BYTES / 2);
                        *turns += 1;
                    }
                }
                if !round.is_cut_short() {
                    assert_eq!(rounds, 3, "two turns are a round");
                    break;
                }
            }
            assert_eq!(turns, [1; 5]);
        }
        assert!(last_turns.iter_mut().all(|last| Round::whole().admits(last)));
    }
}
