//! Draining one stream: from its ring into packets of its stream file.
//!
//! ```text
//!   full sub-buffer:  exchange -> frame its records into packets -> write -> clear
//!   flush:            frame what is committed, in place           -> write
//!   death:            frame what is committed, over the holes     -> write
//! ```
//!
//! The stream's words are the process's: what makes no sense ends this stream, with a reason, and nothing
//! else. Records are copied into the packet before they are looked at. Order matters: losses are sampled
//! before the walk, so that a packet never claims a loss that came after it; metadata is in its file before
//! a packet that needs it; a sub-buffer is in the file before it is cleared.

use super::trace::{Declare, Trace};
use ctf::event_header::{self, Stamp};
use ctf::stream_file::StreamWriter;
use std::io;
use ust_core::abi::{FrameKind, LossCause};
use ust_core::ring::{Corruption, Found, Reader};
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// Sub-buffers taken of one stream before the next has its turn.
const TURN_SUBBUFS: usize = 16;

/// The reading end of a stream and the writing end of its file.
#[derive(Debug)]
pub struct StreamDrain {
    reader: Reader<StreamWords<ReadOnly>>,
    /// None until there is something to write.
    file: Option<StreamWriter>,
    instance: u64,
    /// Clock of the last record.
    clock: u64,
    /// The thread whose records come now.
    tid: u32,
    is_spare_ready: bool,
    recorded: u64,
    /// An error has ended it: nothing more is read.
    has_ended: bool,
}

/// Why a stream was closed before its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The ring holds what no writer stores.
    #[error("the ring is corrupt: {0}")]
    Ring(#[from] Corruption),
    /// A record is too short for its header.
    #[error("the record that ends at position {0} is too short for its header")]
    Header(u64),
    /// A record of a class that the process has not described.
    #[error(
        "the record that ends at position {0} is of class {1}, which the process has not described"
    )]
    Class(u64, u32),
    /// The file cannot be written.
    #[error("the trace cannot be written: {0}")]
    File(#[from] io::Error),
}

impl StreamDrain {
    /// A stream that has never been read.
    pub fn new(words: StreamWords<ReadOnly>, instance: u64) -> Self {
        Self {
            reader: Reader::new(words),
            file: None,
            instance,
            clock: 0,
            tid: 0,
            is_spare_ready: false,
            recorded: 0,
            has_ended: false,
        }
    }

    /// Records in packets so far.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Records lost so far, by cause.
    pub fn lost(&self) -> impl Iterator<Item = (LossCause, u64)> {
        let lost = self.reader.lost();
        LossCause::ALL.into_iter().map(move |cause| (cause, lost[cause as usize]))
    }

    /// Writes out full sub-buffers; whether there was any. An error is returned once, and ends the stream.
    pub fn drain_full(&mut self, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        if self.has_ended || !self.reader.is_left_behind() {
            return Ok(false);
        }
        self.guard(|drain| drain.exchange_full(trace))
    }

    /// Writes out everything that is committed now.
    pub fn flush(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            while drain.exchange_full(trace)? {}
            drain.sample_losses();
            while let Some(found) = drain.reader.next()? {
                drain.copy(found, trace)?;
            }
            drain.write()
        })
    }

    /// The writers are dead: writes out what they left.
    pub fn recover(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.guard(|drain| {
            drain.sample_losses();
            while let Some(found) = drain.reader.next_after_death()? {
                drain.copy(found, trace)?;
            }
            drain.write()
        })
    }

    /// Closes the file, whose last packet carries the final count of losses.
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.sample_losses();
        if self.total_lost() > 0 && self.file.is_none() {
            self.file = Some(trace.create_stream(self.instance, self.tid)?);
            self.sample_losses();
        }
        if let Some(file) = &mut self.file {
            file.finish(trace.now())?;
        }
        Ok(())
    }

    /// Runs a step unless the stream has ended; an error ends it.
    fn guard<R: Default>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<R, StreamError>,
    ) -> Result<R, StreamError> {
        if self.has_ended {
            return Ok(R::default());
        }
        step(self).inspect_err(|_| self.end())
    }

    fn end(&mut self) {
        self.has_ended = true;
        // What was framed before the error is whole.
        if let Some(file) = &mut self.file {
            file.cut();
            let _ = file.flush();
        }
    }

    fn exchange_full(&mut self, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        let mut taken = 0;
        while taken < TURN_SUBBUFS && self.reader.is_left_behind() && self.reader.is_complete()? {
            if !self.is_spare_ready && !self.reader.prepare_spare() {
                return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
            }
            self.is_spare_ready = true;
            self.sample_losses();
            self.reader.take()?;
            while let Some(found) = self.reader.next()? {
                self.copy(found, trace)?;
            }
            self.write()?;
            self.reader.give_back();
            taken += 1;
        }
        Ok(taken > 0)
    }

    fn total_lost(&self) -> u64 {
        self.reader.lost().iter().sum()
    }

    fn sample_losses(&mut self) {
        let lost = self.total_lost();
        if let Some(file) = &mut self.file {
            file.set_discarded(lost);
        }
    }

    fn write(&mut self) -> Result<(), StreamError> {
        if let Some(file) = &mut self.file {
            file.cut();
            file.flush()?;
        }
        Ok(())
    }

    fn copy(&mut self, found: Found, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        match found.kind {
            FrameKind::Event => self.copy_event(found, trace),
            FrameKind::Note => self.read_note(found),
        }
    }

    /// From here on the records are another thread's.
    fn read_note(&mut self, found: Found) -> Result<(), StreamError> {
        let mut bytes = [0; 4];
        if found.length_bytes == bytes.len() {
            self.reader.ring().copy_out(found.memory, found.offset, &mut bytes);
            self.tid = u32::from_ne_bytes(bytes);
        }
        if let Some(file) = &mut self.file {
            file.set_extra(&self.tid.to_ne_bytes())?;
        }
        Ok(())
    }

    fn copy_event(&mut self, found: Found, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let lost = self.reader.lost().iter().sum();
                let file = none.insert(trace.create_stream(self.instance, self.tid)?);
                file.set_discarded(lost);
                file
            }
        };
        let mut record = file.reserve(found.length_bytes)?;
        self.reader.ring().copy_out(found.memory, found.offset, &mut record);
        let end = found.end_position;
        let header = event_header::decode(&record).ok_or(StreamError::Header(end))?;
        if trace.declare(header.id)? == Declare::Unknown {
            return Err(StreamError::Class(end, header.id));
        }
        let mut clock = header.stamp.resolve(self.clock);
        if clock < self.clock {
            // Only a process in disorder says so; readers refuse a packet in which time goes back.
            clock = self.clock;
            if let Stamp::Full(_) = header.stamp {
                let fixed = event_header::extended(header.id, clock);
                record[..fixed.len()].copy_from_slice(&fixed);
            }
        }
        record.commit(clock, found.end_position);
        self.clock = clock;
        self.recorded += 1;
        Ok(())
    }
}
