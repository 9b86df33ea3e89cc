//! The end of a stream: its writers are dead, or nothing comes any more. All that is left is written, or counted.

use super::framer::Framer;
use super::stream::StreamDrain;
use super::stream_error::StreamError;
use super::trace::Trace;
use ust_core::ring::{Found, RingMemory};

impl StreamDrain {
    /// The writers are dead: writes out what they left. What they began and left behind for later records is
    /// lost; what each had under way when it died never happened.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn recover(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            drain.frame_copied(trace)?;
            drain.settle()?;
            // Should somebody write all the same, he is not followed: neither beyond this, nor over more than one ring.
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

    /// The stream is closed, and its writers have had time enough: as after their death, but that all they
    /// began is lost.
    pub(super) fn give_up(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        let outcome = self.recover(trace);
        self.abandoned = self.reader.holes();
        outcome
    }

    /// Closes the file, whose last packet carries the final count of losses, and counts what will never be
    /// in it.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        if self.written_before.is_some() && self.framer.is_empty() && !self.is_stuck {
            // All there was stands in the other file. One for what was lost alone would tell it twice.
            self.has_ended = true;
            return Ok(());
        }
        if self.is_malformed {
            self.count_rest(Framer::count_malformed);
        }
        self.framer.set_lost(self.reader.lost().into_iter().fold(0, u64::saturating_add));
        self.framer.set_missed(self.missed());
        // What could not be exchanged is still where it was written.
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

    /// Counts what is left, when nothing more is written.
    fn count_rest(&mut self, count: impl Fn(&mut Framer, Found)) {
        let copied = &self.copied.found()[self.copied_framed..];
        copied.iter().for_each(|found| count(&mut self.framer, *found));
        self.copied_framed += copied.len();
        // Should somebody write all the same, he is not followed.
        let until = self.reader.untrusted_write_position();
        while self.reader.cursor() < until
            && let Ok(Some(found)) = self.reader.next_after_death()
        {
            count(&mut self.framer, found);
        }
    }
}
