//! The end of a stream: its writers are dead, or no more records come. Everything left is written, or counted.

use super::framer::Framer;
use super::stream::StreamDrain;
use super::stream_error::StreamError;
use super::trace::Trace;
use ust_core::ring::{Found, RingMemory};

impl StreamDrain {
    /// Writes out what the dead writers left. Reservations that they left unfinished, with later records behind them,
    /// are lost; a record that a writer had in progress when it died never happened.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn recover(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            drain.frame_copied(trace)?;
            drain.settle()?;
            // A process that writes nevertheless is not followed: neither beyond this position, nor over more than one
            // ring.
            let until = drain.reader.untrusted_write_position();
            while drain.reader.cursor() < until
                && let Some(found) = drain.reader.next_after_death()?
            {
                if drain.written_before.is_some_and(|position| found.end_position <= position) {
                    drain.framer.pass_over(drain.reader.ring(), found)?;
                    continue;
                }
                drain.is_unsettled = true;
                drain.abandoned = drain.reader.holes();
                drain.framer.set_missed(drain.missed());
                drain.framer.frame(drain.reader.ring(), found, trace)?;
            }
            drain.settle()?;
            match drain.reader.damaged() {
                0 => Ok(()),
                damaged => Err(StreamError::Damaged(damaged)),
            }
        })
    }

    /// Recovers a stream that is closed and whose writers have had time enough. As after their death, but everything
    /// that they began is lost.
    pub(super) fn give_up(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        let outcome = self.recover(trace);
        self.abandoned = self.reader.holes();
        outcome
    }

    /// Closes the file, whose last packet carries the final count of losses, and counts what will never be in it.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        if self.written_before.is_some() && self.framer.is_empty() && !self.is_stuck {
            // All its records are in the other file. A file for losses alone would report them twice.
            self.has_ended = true;
            return Ok(());
        }
        if self.is_malformed {
            self.count_rest(Framer::count_malformed);
        }
        self.framer.set_lost(self.reader.lost().into_iter().fold(0, u64::saturating_add));
        self.framer.set_missed(self.missed());
        // A sub-buffer that could not be exchanged is still in the ring.
        let rest = match self.spare.is_lacking()
            && !self.is_stuck
            && !self.reader.ring().mode().overwrites()
        {
            true => self.recover(trace),
            false => Ok(()),
        };
        let outcome = self.framer.finish(trace);
        if self.is_stuck || outcome.is_err() {
            self.count_rest(Framer::count_unwritten);
        }
        self.has_ended = true;
        self.once(outcome.map_err(StreamError::from)).and(rest)
    }

    /// Counts what is left, if nothing more is written.
    fn count_rest(&mut self, count: impl Fn(&mut Framer, Found)) {
        let copied = &self.copied.found()[self.copied_framed..];
        copied.iter().for_each(|found| count(&mut self.framer, *found));
        self.copied_framed += copied.len();
        // A process that writes nevertheless is not followed.
        let until = self.reader.untrusted_write_position();
        while self.reader.cursor() < until
            && let Ok(Some(found)) = self.reader.next_after_death()
        {
            count(&mut self.framer, found);
        }
    }
}
