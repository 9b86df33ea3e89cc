//! The consumer's state of one stream: its reader, its file, its losses, and what an error does to it.

use super::framer::Framer;
use super::held_up::HeldUp;
use super::pass::Pass;
use super::spare::Spare;
use super::stream_error::StreamError;
use super::trace::Trace;
use crate::engine::loss_names::{ABANDONED, MALFORMED, UNWRITTEN};
use crate::engine::untrusted_errno::known_errno;
use rustix::io::Errno;
use ust_core::abi::{LossCause, StreamState};
use ust_core::ring::{Image, Reader, RingMemory};
use ust_core::shm::StreamWords;
use ust_core::sync::{Ordering, ReadOnly};

/// Attempts to take a sub-buffer in one turn, for each memory of the ring: one finds it overwritten, one takes what is
/// there then. More are needed only for a process that changes its table without end.
const TRIES_PER_MEMORY: usize = 2;

/// The reading end of a stream and the writing end of its file.
#[derive(Debug)]
pub struct StreamDrain {
    pub(super) reader: Reader<StreamWords<ReadOnly>>,
    pub(super) framer: Framer,
    /// Records copied out of the ring, and how many of them are framed.
    pub(super) copied: Image,
    pub(super) copied_framed: usize,
    pub(super) spare: Spare,
    /// Some framed records are not in the file yet.
    pub(super) is_unsettled: bool,
    /// The file could not be written, and the user has been told.
    pub(super) is_stuck: bool,
    /// The stream has ended, because it is corrupt or finished: nothing more is read.
    pub(super) has_ended: bool,
    /// It ended because of a record, so the records behind that can be counted.
    pub(super) is_malformed: bool,
    /// Whether its writers go on.
    pub(super) held_up: HeldUp,
    /// Records given up.
    pub(super) abandoned: u64,
    /// Records before this position are in the file of the reader that has died.
    pub(super) written_before: Option<u64>,
    /// See [`last_turn`](Self::last_turn).
    last_turns: [u64; 2],
}

impl StreamDrain {
    /// A stream that has never been read.
    pub fn new(words: StreamWords<ReadOnly>, instance: u64) -> Self {
        Self::with_reader(Reader::new(words), instance, None)
    }

    /// A stream whose reader and writers have died. It only recovers, into a file of its own.
    pub fn resume(words: StreamWords<ReadOnly>, instance: u64) -> Self {
        let mut reader = Reader::resume(words);
        let written_before = reader.rewind();
        Self::with_reader(reader, instance, Some(written_before))
    }

    fn with_reader(
        reader: Reader<StreamWords<ReadOnly>>,
        instance: u64,
        written_before: Option<u64>,
    ) -> Self {
        Self {
            reader,
            framer: Framer::new(instance),
            copied: Image::default(),
            copied_framed: 0,
            spare: Spare::Untried,
            is_unsettled: false,
            is_stuck: false,
            has_ended: false,
            is_malformed: false,
            held_up: HeldUp::Nobody,
            abandoned: 0,
            written_before,
            last_turns: [0; 2],
        }
    }

    /// Records in the file so far.
    pub fn recorded(&self) -> u64 {
        self.framer.written()
    }

    /// Records that writers overwrote before they were read.
    pub fn overwritten(&self) -> u64 {
        self.reader.overwritten()
    }

    /// Records that their writers had begun and not finished: the calls had not returned.
    pub fn holes(&self) -> u64 {
        self.reader.holes()
    }

    /// Records that were not there to be read. The writers' part of the count is untrusted.
    pub(super) fn missed(&self) -> u64 {
        let given_up = self.abandoned.saturating_add(self.framer.malformed());
        self.reader.overwritten().saturating_add(given_up)
    }

    /// Position below which everything has been taken.
    pub fn cursor(&self) -> u64 {
        self.reader.cursor()
    }

    /// The most bytes that one turn moves.
    pub fn most_bytes(&self) -> u64 {
        let geometry = self.reader.ring().geometry();
        geometry.memory_count() as u64 * geometry.subbuf_size_bytes() as u64
    }

    /// The sweep in which it had its last turn of that kind.
    pub fn last_turn(&mut self, pass: Pass) -> &mut u64 {
        &mut self.last_turns[usize::from(pass == Pass::Full)]
    }

    /// Reads nothing more: the memory is no longer the stream.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether its writers say that they write in restartable sequences, which is untrusted.
    pub fn is_sequenced(&self) -> bool {
        self.reader.ring().control().is_sequenced.load(Ordering::Relaxed) != 0
    }

    /// Whether its owner has given it back, by what its writers say, which is untrusted. Threads that begin at once on one CPU
    /// may each claim a stream for it, and all but one give theirs back.
    pub fn is_given_back(&self) -> bool {
        let untrusted = self.reader.ring().control().state.load(Ordering::Relaxed);
        StreamState::from_word(untrusted) == Some(StreamState::Ended)
    }

    /// Records lost so far because there was no memory, and the reason for the last of them.
    pub fn lost_no_memory(&self) -> (u64, Option<Errno>) {
        let untrusted = self.reader.ring().control().memory_errno.load(Ordering::Relaxed);
        (self.reader.lost()[LossCause::Memory as usize], known_errno(untrusted))
    }

    /// Records lost so far, by the cause's name.
    pub fn lost(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let lost = self.reader.lost();
        let by_writers = LossCause::ALL.map(|cause| (cause.name(), lost[cause as usize]));
        let by_reader = [
            (ABANDONED, self.abandoned),
            (UNWRITTEN, self.framer.unwritten()),
            (MALFORMED, self.framer.malformed()),
        ];
        by_writers.into_iter().chain(by_reader)
    }

    /// Gives back memory that was needed for one turn only: there may be thousands of streams.
    pub fn release(&mut self) {
        if self.copied_framed == self.copied.found().len() {
            self.copied = Image::default();
            self.copied_framed = 0;
        }
        self.framer.release();
    }

    /// Whether the file could not be written when it was last tried.
    pub fn is_stuck(&self) -> bool {
        self.is_stuck
    }

    /// Runs a step unless the stream has ended. Corruption ends it.
    pub(super) fn guard<R: Default>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<R, StreamError>,
    ) -> Result<R, StreamError> {
        if self.has_ended {
            return Ok(R::default());
        }
        let outcome = step(self);
        if matches!(&outcome, Err(error) if !matches!(error, StreamError::File(_) | StreamError::Spare(_)))
        {
            self.has_ended = true;
            self.is_malformed = matches!(&outcome, Err(StreamError::Record { .. }));
            // What was framed before is valid.
            let _ = self.framer.settle();
        }
        self.once(outcome)
    }

    /// Reports that the file cannot be written when that begins, not at each try.
    pub(super) fn once<R: Default>(
        &mut self,
        outcome: Result<R, StreamError>,
    ) -> Result<R, StreamError> {
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

    /// The number of attempts in one turn.
    pub(super) fn tries(&self) -> usize {
        TRIES_PER_MEMORY * self.reader.ring().geometry().memory_count()
    }

    /// Frames what was copied and is not framed yet.
    pub(super) fn frame_copied(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.framer.set_missed(self.missed());
        while let Some(found) = self.copied.found().get(self.copied_framed) {
            self.is_unsettled = true;
            self.copied_framed += 1;
            self.framer.frame(&self.copied, *found, trace)?;
        }
        Ok(())
    }

    /// Writes what is framed. After that, a sub-buffer that was taken and read to its end becomes the spare.
    pub(super) fn settle(&mut self) -> Result<(), StreamError> {
        if self.is_unsettled {
            self.framer.settle()?;
            self.is_unsettled = false;
        }
        // Also after nothing but a pad was stepped over: a successor must not look for memory that is given back.
        self.reader.set_consumed();
        self.reader.give_back();
        Ok(())
    }
}
