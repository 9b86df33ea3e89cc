//! Framing: records into packets of one stream's file, and an exact account of which got there.
//!
//! ```text
//!   frame(record) --> framed, in the batch --settle--> written, in the file
//!                                             '-- the file cannot be written: it stays framed, and waits
//!   abandon       --> what never got there is unwritten, and counted so
//! ```
//!
//! Records are copied into the packet before they are looked at: the process may be writing there.

use super::drain::StreamError;
use super::trace::{Declare, Trace};
use ctf::event_header::{self, Stamp};
use ctf::stream_file::StreamWriter;
use std::io;
use ust_core::abi::FrameKind;
use ust_core::ring::Found;
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// The writing end of one stream.
#[derive(Debug)]
pub struct Framer {
    /// None until there is something to write.
    file: Option<StreamWriter>,
    instance: u64,
    /// Clock of the last record.
    clock: u64,
    /// The thread whose records come now.
    tid: u32,
    /// Records lost by the writers, as last sampled.
    lost: u64,
    /// Records in packets, and those of them in the file.
    framed: u64,
    written: u64,
    unwritten: u64,
}

impl Framer {
    /// A stream of which nothing is written yet.
    pub fn new(instance: u64) -> Self {
        Self {
            file: None,
            instance,
            clock: 0,
            tid: 0,
            lost: 0,
            framed: 0,
            written: 0,
            unwritten: 0,
        }
    }

    /// Records in the file.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Records that were read and will never be in the file.
    pub fn unwritten(&self) -> u64 {
        self.unwritten
    }

    /// Sets how many records the writers have lost: sampled before the walk, so that no packet claims a
    /// loss that came after it.
    pub fn set_lost(&mut self, total: u64) {
        self.lost = total;
        if let Some(file) = &mut self.file {
            file.set_discarded(total);
        }
    }

    /// Puts a record into the open packet.
    ///
    /// # Errors
    /// It is corrupt, or there is no room and the file cannot be written; then it counts as unwritten.
    pub fn frame(
        &mut self,
        words: &StreamWords<ReadOnly>,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        if found.kind == FrameKind::Note {
            return self.read_note(words, found);
        }
        let outcome = self.frame_event(words, found, trace);
        match outcome {
            Ok(()) => self.framed += 1,
            Err(_) => self.unwritten += 1,
        }
        outcome
    }

    fn frame_event(
        &mut self,
        words: &StreamWords<ReadOnly>,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        self.open(trace)?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut record = file.reserve(found.length_bytes)?;
        words.copy_out(found.memory, found.offset, &mut record);
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
        record.commit(clock, end);
        self.clock = clock;
        Ok(())
    }

    /// From here on the records are another thread's.
    fn read_note(
        &mut self,
        words: &StreamWords<ReadOnly>,
        found: Found,
    ) -> Result<(), StreamError> {
        let mut bytes = [0; 4];
        if found.length_bytes == bytes.len() {
            words.copy_out(found.memory, found.offset, &mut bytes);
            self.tid = u32::from_ne_bytes(bytes);
        }
        if let Some(file) = &mut self.file {
            file.set_extra(&self.tid.to_ne_bytes())?;
        }
        Ok(())
    }

    /// Closes the open packet and writes everything framed.
    ///
    /// # Errors
    /// The file cannot be written now. What is framed stays so; try again.
    pub fn settle(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.cut();
        let outcome = file.flush();
        self.written = file.stats().visible_records;
        outcome
    }

    /// Makes sure that there is a file to write to.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        if self.file.is_none() {
            let mut file = trace.create_stream(self.instance, self.tid)?;
            file.set_discarded(self.lost);
            self.file = Some(file);
        }
        Ok(())
    }

    /// Writes the last packet, which carries the final count of losses.
    ///
    /// # Errors
    /// The file cannot be written: what was framed is unwritten for good.
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        let outcome = self.settle().and_then(|()| {
            if self.lost > 0 {
                self.open(trace)?;
            }
            self.file.as_mut().map_or(Ok(()), |file| file.finish(trace.now()))
        });
        self.written = self.file.as_ref().map_or(0, |file| file.stats().visible_records);
        self.unwritten += self.framed.saturating_sub(self.written);
        self.framed = self.written;
        outcome
    }

    /// Counts a record that will never be in the file.
    pub fn count_unwritten(&mut self, found: Found) {
        self.unwritten += u64::from(found.kind == FrameKind::Event);
    }
}
