//! Draining one stream: from its ring into packets of its stream file.
//!
//! ```text
//!   full sub-buffer:  exchange -> frame its records into packets -> write -> clear
//!   flush:            frame what is committed, in place           -> write
//!   death:            frame what is committed, over the holes     -> write
//! ```
//!
//! The stream's words are the process's: what makes no sense ends this stream, with a reason, and nothing
//! else. A file that cannot be written (disk full) does not end it: what is framed waits, nothing more is
//! taken, so that the ring fills and its writers count what they lose; each pass tries again. What is
//! still not written at the end is counted as `records_lost_unwritten`.

use super::framer::Framer;
use super::trace::Trace;
use std::io;
use ust_core::abi::LossCause;
use ust_core::ring::{Corruption, Reader};
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// Bytes taken of one stream before the next has its turn; a sub-buffer at least.
const TURN_BYTES: u64 = 2 << 20;

/// What a record is called that was read and could not be written to its file.
const UNWRITTEN: &str = "records_lost_unwritten";

/// The reading end of a stream and the writing end of its file.
#[derive(Debug)]
pub struct StreamDrain {
    reader: Reader<StreamWords<ReadOnly>>,
    framer: Framer,
    is_spare_ready: bool,
    /// Something is framed that is not in the file yet.
    is_unsettled: bool,
    /// The file could not be written, and that has been said.
    is_stuck: bool,
    /// It is corrupt: nothing more is read.
    has_ended: bool,
}

/// Why a stream could not be drained.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The ring holds what no writer stores.
    #[error("a ring is corrupt: {0}; its stream is closed")]
    Ring(#[from] Corruption),
    /// A record is too short for its header.
    #[error(
        "the record that ends at position {0} is too short for its header; its stream is closed"
    )]
    Header(u64),
    /// A record of a class that the process has not described.
    #[error(
        "the record that ends at position {0} is of class {1}, which the process has not described; \
         its stream is closed"
    )]
    Class(u64, u32),
    /// The file cannot be written.
    #[error(
        "the trace cannot be written: {0}; trying again until the end: make room for it meanwhile"
    )]
    File(#[from] io::Error),
}

impl StreamDrain {
    /// A stream that has never been read.
    pub fn new(words: StreamWords<ReadOnly>, instance: u64) -> Self {
        Self {
            reader: Reader::new(words),
            framer: Framer::new(instance),
            is_spare_ready: false,
            is_unsettled: false,
            is_stuck: false,
            has_ended: false,
        }
    }

    /// Records in the file so far.
    pub fn recorded(&self) -> u64 {
        self.framer.written()
    }

    /// Records lost so far, by the cause's name.
    pub fn lost(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let lost = self.reader.lost();
        let by_writers = LossCause::ALL.map(|cause| (cause.name(), lost[cause as usize]));
        by_writers.into_iter().chain([(UNWRITTEN, self.framer.unwritten())])
    }

    /// Writes out full sub-buffers; whether there was any.
    ///
    /// # Errors
    /// Each is returned once.
    pub fn drain_full(&mut self, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        if !self.is_unsettled && !self.reader.is_left_behind() {
            return Ok(false);
        }
        self.guard(|drain| drain.exchange_full(trace, u64::MAX))
    }

    /// Writes out everything that is committed now.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn flush(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            // What is committed now, and no more: a writer may well be faster than this.
            let until = drain.reader.untrusted_write_position();
            while drain.exchange_full(trace, until)? {}
            drain.frame_prefix(trace)?;
            drain.settle()
        })
    }

    /// The writers are dead: writes out what they left.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn recover(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            drain.settle()?;
            drain.sample_losses();
            while let Some(found) = drain.reader.next_after_death()? {
                drain.is_unsettled = true;
                drain.framer.frame(drain.reader.ring(), found, trace)?;
            }
            drain.settle()
        })
    }

    /// Closes the file, whose last packet carries the final count of losses, and counts what will never be
    /// in it.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.sample_losses();
        let outcome = self.framer.finish(trace);
        if self.is_stuck || outcome.is_err() {
            while let Ok(Some(found)) = self.reader.next_after_death() {
                self.framer.count_unwritten(found);
            }
        }
        self.has_ended = true;
        self.once(outcome.map_err(StreamError::from))
    }

    /// Runs a step unless the stream has ended. Corruption ends it.
    fn guard<R: Default>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<R, StreamError>,
    ) -> Result<R, StreamError> {
        if self.has_ended {
            return Ok(R::default());
        }
        let outcome = step(self);
        if matches!(&outcome, Err(error) if !matches!(error, StreamError::File(_))) {
            self.has_ended = true;
            // What was framed before is whole.
            let _ = self.framer.settle();
        }
        self.once(outcome)
    }

    /// Says that the file cannot be written when it begins, not at each try.
    fn once<R: Default>(&mut self, outcome: Result<R, StreamError>) -> Result<R, StreamError> {
        match outcome {
            Ok(done) => {
                self.is_stuck = false;
                Ok(done)
            }
            Err(StreamError::File(_)) if self.is_stuck => Ok(R::default()),
            Err(StreamError::File(error)) => {
                self.is_stuck = true;
                Err(StreamError::File(error))
            }
            other => other,
        }
    }

    /// Takes full sub-buffers that begin before `until`, as many as are one turn; whether there was any.
    fn exchange_full(&mut self, trace: &mut Trace<'_>, until: u64) -> Result<bool, StreamError> {
        if self.is_stuck {
            // Perhaps there was no file yet: nothing is read before there is one.
            self.framer.open(trace)?;
        }
        self.settle()?;
        let start = self.reader.cursor();
        let until = until.min(start.saturating_add(TURN_BYTES));
        while self.reader.cursor() < until
            && self.reader.is_left_behind()
            && self.reader.is_complete()?
        {
            if !self.is_spare_ready && !self.reader.prepare_spare() {
                return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
            }
            self.is_spare_ready = true;
            self.reader.take()?;
            self.frame_prefix(trace)?;
            self.settle()?;
        }
        Ok(self.reader.cursor() > start)
    }

    /// Frames what is committed of the sub-buffer at the cursor.
    fn frame_prefix(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.sample_losses();
        while let Some(found) = self.reader.next()? {
            self.is_unsettled = true;
            self.framer.frame(self.reader.ring(), found, trace)?;
        }
        Ok(())
    }

    /// Writes what is framed; after that a sub-buffer that was taken, and read to its end, is the spare.
    fn settle(&mut self) -> Result<(), StreamError> {
        if self.is_unsettled {
            self.framer.settle()?;
            self.is_unsettled = false;
        }
        self.reader.give_back();
        Ok(())
    }

    fn sample_losses(&mut self) {
        // Untrusted counters: their sum may wrap.
        let lost = self.reader.lost().into_iter().fold(0, u64::wrapping_add);
        self.framer.set_lost(lost);
    }
}
