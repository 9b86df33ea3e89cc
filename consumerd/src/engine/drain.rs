//! Draining one stream: from its ring into packets of its stream file.
//!
//! ```text
//!   full sub-buffer:  exchange -> frame its records into packets -> write -> clear
//!   flush:            frame what is committed, in place           -> write
//!   death:            frame what is committed, over the holes     -> write
//! ```
//!
//! Each is one turn of the stream, and a turn ends: it moves over what the ring can hold when it begins
//! ([`Reader::reach`]), however far the process claims to be, and looks at each place a few times at most, however often
//! the process takes back what stands there. What is left is for the next turn (see `round`).
//!
//! The stream's words are the process's: what makes no sense ends this stream, with a reason, and nothing
//! else. A file that cannot be written (disk full) does not end it: what is framed waits, nothing more is
//! taken, so that the ring fills and its writers count what they lose; each pass tries again. What is
//! still not written at the end is counted as `records_lost_unwritten`.
//!
//! A record that is not what its class says ends its stream as well: what was framed before it is in the file; it,
//! and what the ring holds behind it, is counted as `records_lost_malformed`, at the end; what the writers find no
//! room for from then on they count themselves.

use super::framer::Framer;
use super::process::Pass;
use super::record_check::RecordError;
use super::spare::Spare;
use super::starved;
use super::trace::Trace;
use crate::advice::{Attempt, why};
use crate::limits::MAX_TURN_BYTES;
use rustix::io::Errno;
use std::io;
use std::time::{Duration, Instant};
use ust_core::abi::LossCause;
use ust_core::ring::{Corruption, Found, Holes, Image, Reader, RingMemory, Stall, Take};
use ust_core::shm::StreamWords;
use ust_core::sync::{Ordering, ReadOnly};

/// Records that are framed at once, if they are alike: as many small ones as a packet holds.
const RUN_RECORDS: usize = 512;

/// How long a record may be in flight, with others behind it, before its stream is closed; and how long after
/// that before it is given up.
const PATIENCE: Duration = Duration::from_secs(1);

/// Attempts to take a sub-buffer in one turn, for each memory of the ring: once to find it overwritten, once to take what
/// stands there then. Only a process that changes its table without end makes more of them.
const TRIES_PER_MEMORY: usize = 2;

/// What a record is called that was read and could not be written to its file.
const UNWRITTEN: &str = "records_lost_unwritten";

/// What a record is called that is not what its class says, or comes behind one that is not.
pub const MALFORMED: &str = "records_lost_malformed";

/// What a record is called that its writer began and did not end, while the process went on.
const ABANDONED: &str = "records_lost_abandoned";

/// The reading end of a stream and the writing end of its file.
#[derive(Debug)]
pub struct StreamDrain {
    reader: Reader<StreamWords<ReadOnly>>,
    framer: Framer,
    /// Records copied out of the ring, and how many of them are framed.
    copied: Image,
    copied_framed: usize,
    spare: Spare,
    /// Something is framed that is not in the file yet.
    is_unsettled: bool,
    /// The file could not be written, and that has been said.
    is_stuck: bool,
    /// It is corrupt: nothing more is read.
    has_ended: bool,
    /// That is because of a record: what comes behind it can be counted.
    is_malformed: bool,
    held_up: Option<(Stall, Instant)>,
    closed: Option<Instant>,
    /// Records given up.
    abandoned: u64,
    /// What lies before this position stands in the file of the reader that has died.
    written_before: Option<u64>,
    /// See [`last_turn`](Self::last_turn).
    last_turns: [u64; 2],
}

/// Why a stream could not be drained.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The ring holds what no writer stores.
    #[error("a ring is corrupt: {0}; its stream is closed")]
    Ring(#[from] Corruption),
    /// A record is not what a reader expects it to be.
    #[error(
        "the record that ends at position {end_position} {error}; its stream is closed: this record and what its ring \
         still holds are counted as {MALFORMED}"
    )]
    Record {
        /// Where in the stream it ends.
        end_position: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// A note is not as long as a note is.
    #[error("the note that ends at position {0} makes no sense; its stream is closed")]
    Note(u64),
    /// Full sub-buffers have not the checksum that their writers noted.
    #[error(
        "a ring has full sub-buffers that are not what was written, as after a machine crash ({0}): their records are \
         left out"
    )]
    Damaged(u64),
    /// The memory that full sub-buffers are exchanged for cannot be had.
    #[error(
        "the spare sub-buffer of a ring cannot be had, and without it the ring is emptied only at the end: {why}",
        why = why(Attempt::Memory, .0)
    )]
    Spare(io::Error),
    /// The file cannot be written.
    #[error(
        "the trace cannot be written, which is tried again until the end: {why}", why = why(Attempt::Trace, .0)
    )]
    File(#[from] io::Error),
}

/// What became of the records that a snapshot found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotCounts {
    /// In the snapshot.
    pub recorded: u64,
    /// Overwritten before.
    pub overwritten: u64,
    /// Not what their classes say, or behind one that is not.
    pub malformed: u64,
}

/// Frames what a stream holds, in so many attempts, up to the first record that is not what its class says; counts
/// those behind it.
fn copy_to(
    framer: &mut Framer,
    reader: &mut Reader<StreamWords<ReadOnly>>,
    tries: usize,
    trace: &mut Trace<'_>,
) -> Result<(), StreamError> {
    let mut image = Image::default();
    let mut outcome = Ok(());
    let claimed = reader.untrusted_write_position();
    reader.catch_up()?;
    let until = claimed.min(reader.reach());
    for _ in 0..tries {
        reader.catch_up()?;
        if reader.cursor() >= until {
            break;
        }
        if !reader.copy(&mut image, until, Holes::Skip)? {
            continue;
        }
        framer.set_missed(reader.overwritten());
        for found in image.found() {
            if outcome.is_err() {
                framer.count_malformed(*found);
                continue;
            }
            outcome = framer.frame(&image, *found, trace);
            if !matches!(outcome, Ok(()) | Err(StreamError::Record { .. })) {
                return outcome;
            }
        }
        framer.settle()?;
        reader.step_over();
    }
    outcome
}

impl StreamDrain {
    /// A stream that has never been read.
    pub fn new(words: StreamWords<ReadOnly>, instance: u64) -> Self {
        Self::with_reader(Reader::new(words), instance, None)
    }

    /// A stream whose reader has died, and its writers too. It only recovers, into a file of its own.
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
            held_up: None,
            closed: None,
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

    /// Records that their writers had begun, and not ended: their calls had not returned.
    pub fn holes(&self) -> u64 {
        self.reader.holes()
    }

    /// Records that were not there to be read; the writers' part of the count is untrusted.
    fn missed(&self) -> u64 {
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

    /// Reads no more of it: what it reads is not the stream any longer.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Records lost so far for want of memory, and why there was none for the last of them.
    pub fn lost_no_memory(&self) -> (u64, Option<Errno>) {
        let untrusted = self.reader.ring().control().memory_errno.load(Ordering::Relaxed);
        (self.reader.lost()[LossCause::Memory as usize], starved::errno(untrusted))
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

    /// Writes out full sub-buffers; whether there was any.
    ///
    /// # Errors
    /// Each is returned once.
    pub fn drain_full(&mut self, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        if self.closed.is_some() || (!self.is_unsettled && !self.reader.is_left_behind()) {
            return Ok(false);
        }
        self.guard(|drain| {
            let until = drain.reader.cursor().saturating_add(MAX_TURN_BYTES);
            let any = drain.exchange_full(trace, until)?;
            drain.tell_lack().map(|()| any)
        })
    }

    /// Writes out everything that is committed now.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn flush(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        if let Some(closed) = self.closed {
            return if closed.elapsed() < PATIENCE { Ok(()) } else { self.give_up(trace) };
        }
        self.guard(|drain| {
            // What is committed now, and no more: a writer may well be faster than this. A claim is no more than that.
            let claimed = drain.reader.untrusted_write_position();
            drain.reader.catch_up()?;
            let until = claimed.min(drain.reader.reach());
            drain.exchange_full(trace, until)?;
            drain.frame_prefix(trace, until)?;
            drain.settle()?;
            drain.tell_lack()
        })?;
        self.close_if_held_up(self.reader.stall());
        Ok(())
    }

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
    fn give_up(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        let outcome = self.recover(trace);
        self.abandoned = self.reader.holes();
        outcome
    }

    /// Looks after a stream that is only read by snapshots: closes it if its writers hold each other up.
    pub fn watch(&mut self) {
        if self.closed.is_none() {
            let earlier = self.held_up.map(|(stall, _)| stall);
            self.close_if_held_up(self.reader.recycling_stall(earlier));
        }
    }

    fn close_if_held_up(&mut self, now: Option<Stall>) {
        match (now, self.held_up) {
            (Some(now), Some((earlier, since))) if now.lasts_since(earlier) => {
                if since.elapsed() >= PATIENCE {
                    self.reader.close();
                    self.closed = Some(Instant::now());
                }
            }
            (now, _) => self.held_up = now.map(|stall| (stall, Instant::now())),
        }
    }

    /// Writes what the stream holds now to a file of its own, and leaves it as it is. Returns what became of it, and
    /// why not all of it is there.
    pub fn snapshot(&self, trace: &mut Trace<'_>) -> (SnapshotCounts, Option<StreamError>) {
        let mut reader = Reader::new(*self.reader.ring());
        let mut framer = self.framer.another();
        let mut outcome = copy_to(&mut framer, &mut reader, self.tries(), trace);
        if outcome.is_err() {
            // What is missing behind it.
            framer.set_missed(reader.overwritten().saturating_add(framer.malformed()));
        }
        // What is lost after this belongs to another snapshot, or to none.
        let finished = framer.finish(trace);
        outcome = outcome.and(finished.map_err(StreamError::from));
        let counts = SnapshotCounts {
            recorded: framer.written(),
            overwritten: reader.overwritten(),
            malformed: framer.malformed(),
        };
        (counts, outcome.err())
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

    /// Gives back memory that was needed for one turn: there may be thousands of streams.
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
    fn guard<R: Default>(
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

    /// Attempts that are one turn.
    fn tries(&self) -> usize {
        TRIES_PER_MEMORY * self.reader.ring().geometry().memory_count()
    }

    /// Takes full sub-buffers that begin before `until`; whether there was any.
    fn exchange_full(&mut self, trace: &mut Trace<'_>, until: u64) -> Result<bool, StreamError> {
        if self.is_stuck {
            // Perhaps there was no file yet: nothing is read before there is one.
            self.framer.open(trace)?;
        }
        self.frame_copied(trace)?;
        self.settle()?;
        let start = self.reader.cursor();
        for _ in 0..self.tries() {
            let is_due = self.reader.cursor() < until && self.reader.is_left_behind();
            if !is_due || !self.spare.prepare(&self.reader) {
                break;
            }
            match self.reader.take()? {
                Take::Taken => {
                    self.reader.ring().wake_waiting();
                    self.frame_here(trace)?;
                    if !self.reader.is_at_end() {
                        // It was complete when it was taken, and no writer in its right mind has it.
                        return Err(Corruption::Position { position: self.reader.cursor() }.into());
                    }
                    self.settle()?;
                }
                Take::Overwritten => self.reader.catch_up()?,
                Take::NotYet => break,
            }
        }
        Ok(self.reader.cursor() > start)
    }

    /// Says once that there is nothing to exchange full sub-buffers for.
    fn tell_lack(&mut self) -> Result<(), StreamError> {
        match self.spare.take_lack() {
            Some(errno) => Err(StreamError::Spare(errno.into())),
            None => Ok(()),
        }
    }

    /// Frames what is committed of the sub-buffer at the cursor.
    fn frame_prefix(&mut self, trace: &mut Trace<'_>, until: u64) -> Result<(), StreamError> {
        if !self.reader.ring().mode().overwrites() {
            return self.frame_here(trace);
        }
        self.reader.catch_up()?;
        self.copied_framed = 0;
        self.reader.copy(&mut self.copied, until, Holes::Await)?;
        self.frame_copied(trace)
    }

    /// Frames records where they lie: nobody can take them away.
    fn frame_here(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.framer.set_missed(self.missed());
        while let Some(run) = self.reader.next_run(RUN_RECORDS)? {
            self.is_unsettled = true;
            let (framed, outcome) = self.framer.frame_run(self.reader.ring(), run, trace);
            if let Err(error) = outcome {
                // What there was no room for comes again.
                self.reader.put_back(run, run.count - framed);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Frames what was copied and is not framed yet.
    fn frame_copied(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.framer.set_missed(self.missed());
        while let Some(found) = self.copied.found().get(self.copied_framed) {
            self.is_unsettled = true;
            self.copied_framed += 1;
            self.framer.frame(&self.copied, *found, trace)?;
        }
        Ok(())
    }

    /// Writes what is framed; after that a sub-buffer that was taken, and read to its end, is the spare.
    fn settle(&mut self) -> Result<(), StreamError> {
        if self.is_unsettled {
            self.framer.settle()?;
            self.is_unsettled = false;
        }
        // Also where there was nothing but a pad to step over: a successor must not look for what is given back.
        self.reader.set_consumed();
        self.reader.give_back();
        Ok(())
    }
}
