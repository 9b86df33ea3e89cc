//! Framing: puts records into packets of one stream's file, and counts exactly which got there.
//!
//! ```text
//!   frame(record) --> framed, in the batch --settle--> written, in the file
//!                                             '-- the file cannot be written: it stays framed, and waits
//!   abandon       --> what never got there is counted as unwritten
//!   a record that does not fit its class --> malformed, and so are all that follow in the stream
//! ```
//!
//! Records are copied into the packet before they are checked ([`record_check`](super::record_check)): the process may
//! still be writing to the ring.

use super::record_check::{KnownLengths, RecordCheck};
use super::stream_error::{RecordError, StreamError};
use super::trace::Trace;
use ctf::write::event_header;
use ctf::write::stream_file::{RECORD_BYTES_MAX, StreamWriter};
use std::io;
use ust_core::abi::{FrameKind, NOTE_BYTES, Note, WORD_BYTES};
use ust_core::ring::{Found, Reader, Records};
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// The writing end of one stream.
#[derive(Debug)]
pub struct Framer {
    /// None until there is something to write.
    file: Option<StreamWriter>,
    instance: u64,
    /// Clock of the last record, and the latest that readers can show.
    clock: u64,
    latest_clock: u64,
    /// Of classes that the file's trace has declared.
    known: KnownLengths,
    /// The thread, or CPU, that owns the next records.
    owner: u32,
    /// Records missing before the present one: lost according to the writers' notes, and counted by the reader.
    noted: u64,
    missed: u64,
    /// Records in packets, and how many of them are in the file.
    framed: u64,
    written: u64,
    unwritten: u64,
    /// Records that do not fit their classes, or come after one that does not.
    malformed: u64,
}

impl Framer {
    /// A stream of which nothing is written yet.
    pub fn new(instance: u64) -> Self {
        Self {
            file: None,
            instance,
            clock: 0,
            latest_clock: 0,
            known: KnownLengths::default(),
            owner: 0,
            noted: 0,
            missed: 0,
            framed: 0,
            written: 0,
            unwritten: 0,
            malformed: 0,
        }
    }

    /// A framer for another file of the same stream.
    pub fn another(&self) -> Self {
        Self::new(self.instance)
    }

    /// Records in the file.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Records that were read and will never be in the file.
    pub fn unwritten(&self) -> u64 {
        self.unwritten
    }

    /// Records that do not fit their classes, or come after one that does not.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Sets how many records before the next one the reader did not get: overwritten, or given up.
    pub fn set_missed(&mut self, missed: u64) {
        self.missed = missed;
        self.tell_missing();
    }

    /// Sets how many records the writers have lost in all: for when no more records come, and so no note.
    pub fn set_lost(&mut self, lost: u64) {
        self.noted = self.noted.max(lost);
        self.tell_missing();
    }

    /// The counts are untrusted, so the sum saturates: readers take a count that goes back for one near 2^64.
    fn missing(&self) -> u64 {
        self.noted.saturating_add(self.missed)
    }

    fn tell_missing(&mut self) {
        let missing = self.missing();
        if let Some(file) = &mut self.file {
            file.set_discarded(missing);
        }
    }

    /// Puts a record into the open packet.
    ///
    /// # Errors
    /// The record is corrupt, and counts as malformed; or there is no room and the file cannot be written, and the
    /// record counts as unwritten.
    #[inline]
    pub fn frame(
        &mut self,
        records: &impl Records,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        let outcome = self.frame_one(records, found, trace);
        if found.kind == FrameKind::Event {
            match outcome {
                Ok(()) => {}
                Err(StreamError::File(_)) => self.unwritten += 1,
                Err(_) => self.malformed += 1,
            }
        }
        outcome
    }

    /// Puts the committed records at the reader's cursor into packets, all that its sub-buffer holds.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame), but the record is not counted: it comes again.
    pub fn frame_committed(
        &mut self,
        reader: &mut Reader<StreamWords<ReadOnly>>,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        loop {
            self.frame_row(reader, trace)?;
            let Some(found) = reader.next()? else { return Ok(()) };
            if let Err(error) = self.frame_one(reader.ring(), found, trace) {
                reader.put_back(found);
                return Err(error);
            }
        }
    }

    /// Puts event records at the reader's cursor into the open packet, until it has no room for the next one. What it
    /// leaves is for [`frame_one`](Self::frame_one): notes, and the first record of a packet.
    fn frame_row(
        &mut self,
        reader: &mut Reader<StreamWords<ReadOnly>>,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        let Some(mut room) = self.file.as_mut().and_then(StreamWriter::rest) else { return Ok(()) };
        // Lent to no function in the usual case, so that they can be in registers.
        let (mut clock, latest) = (self.clock, self.latest_clock);
        let mut outcome = Ok(());
        let row = reader.copy_row(&mut room, |record, end_position| {
            if let Some(its_clock) = self.known.clock_of(record, clock, latest) {
                clock = its_clock;
                return true;
            }
            let mut check = RecordCheck::new(clock, latest, &mut self.known);
            outcome = check.admit_other(record, trace, end_position);
            clock = check.clock();
            outcome.is_ok()
        });
        if row.count > 0 {
            self.clock = clock;
            self.framed += row.count as u64;
            room.commit_several(row.count as u64, row.bytes, clock, row.end_position);
        }
        outcome
    }

    /// Puts a record into the open packet, or reads a note. An error is not counted.
    #[inline]
    fn frame_one(
        &mut self,
        records: &impl Records,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        match found.kind {
            FrameKind::Note => self.read_note(records, found),
            FrameKind::Event => self.frame_event(records, found, trace),
        }
    }

    #[inline]
    fn frame_event(
        &mut self,
        records: &impl Records,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        self.make_room(found, trace)?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut record = file.reserve(found.length_bytes)?;
        records.copy_out(found, &mut record);
        let mut check = RecordCheck::new(self.clock, self.latest_clock, &mut self.known);
        check.admit(&mut record, trace, found.end_position)?;
        record.commit(check.clock(), found.end_position);
        self.clock = check.clock();
        self.framed += 1;
        Ok(())
    }

    /// Makes sure that there is a file, and that the record is not too long for any packet.
    #[inline]
    fn make_room(&mut self, found: Found, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.open(trace)?;
        if found.length_bytes > RECORD_BYTES_MAX {
            return Err(RecordError::Long(found.length_bytes).at(found.end_position));
        }
        Ok(())
    }

    /// Notes a record that is in another file already: who owns the next ones, and from which clock theirs count.
    ///
    /// # Errors
    /// The record is corrupt.
    pub fn pass_over(&mut self, records: &impl Records, found: Found) -> Result<(), StreamError> {
        if found.kind == FrameKind::Note {
            return self.read_note(records, found);
        }
        let mut header = [0; event_header::EXTENDED_BYTES];
        let header = &mut header[..found.length_bytes.min(event_header::EXTENDED_BYTES)];
        records.copy_out(found, header);
        let header = event_header::decode(header)
            .ok_or_else(|| RecordError::Header.at(found.end_position))?;
        self.clock = header.stamp.resolve(self.clock).max(self.clock);
        Ok(())
    }

    /// Whether nothing has been framed.
    pub fn is_empty(&self) -> bool {
        self.file.is_none()
    }

    /// Reads who owns the records from here on, and how many are missing before them.
    fn read_note(&mut self, records: &impl Records, found: Found) -> Result<(), StreamError> {
        let mut bytes = [0; NOTE_BYTES - WORD_BYTES];
        if found.length_bytes != bytes.len() {
            return Err(StreamError::Note(found.end_position));
        }
        records.copy_out(found, &mut bytes);
        let word =
            |at| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let untrusted_note = Note::from_words([word(0), word(4), word(8)]);
        if self.owner != untrusted_note.owner {
            self.owner = untrusted_note.owner;
            if let Some(file) = &mut self.file {
                file.set_extra(&self.owner.to_ne_bytes())?;
            }
        }
        // Writers on several CPUs may not have seen each other's latest losses.
        self.set_lost(untrusted_note.lost);
        Ok(())
    }

    /// Closes the open packet and writes everything framed.
    ///
    /// # Errors
    /// The file cannot be written now. What is framed stays framed; try again.
    pub fn settle(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.cut();
        let outcome = file.flush();
        self.written = file.stats().visible_records;
        outcome
    }

    /// Gives back memory that holds nothing.
    pub fn release(&mut self) {
        self.file.as_mut().into_iter().for_each(StreamWriter::release);
    }

    /// Makes sure that there is a file to write to.
    ///
    /// # Errors
    /// The file cannot be made.
    #[inline]
    pub fn open(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        if self.file.is_none() { self.create(trace) } else { Ok(()) }
    }

    #[cold]
    fn create(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        self.file = Some(trace.create_stream(self.instance, self.owner)?);
        self.latest_clock = trace.clock.latest();
        self.tell_missing();
        Ok(())
    }

    /// Writes the last packet, which carries the final count of losses.
    ///
    /// # Errors
    /// The file cannot be written: what was framed is unwritten for good.
    pub fn finish(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        let outcome = self.settle().and_then(|()| {
            if self.missing() > 0 {
                self.open(trace)?;
            }
            self.file.as_mut().map_or(Ok(()), |file| file.finish(trace.now()))
        });
        self.written = self.file.as_ref().map_or(0, |file| file.stats().visible_records);
        self.unwritten += self.framed.saturating_sub(self.written);
        self.framed = self.written;
        outcome
    }

    /// Counts a record that comes after one that does not fit its class.
    pub fn count_malformed(&mut self, found: Found) {
        self.malformed += u64::from(found.kind == FrameKind::Event);
    }

    /// Counts a record that will never be in the file.
    pub fn count_unwritten(&mut self, found: Found) {
        self.unwritten += u64::from(found.kind == FrameKind::Event);
    }
}

#[cfg(test)]
mod agreement;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::played::number;
    use crate::engine::played_stream::{self, PlayedStream};
    use std::fs;
    use ust_core::abi::{Geometry, Mode};

    #[test]
    fn of_a_run_whose_second_class_cannot_be_declared_yet_nothing_comes_twice() {
        let output = tempfile::tempdir().unwrap();
        let geometry = Geometry::new(4096, 2).unwrap();
        let player = PlayedStream::new(1, [b'p'; 16], geometry, Mode::Discard);
        let known = player.process.add_class("known", 0);
        // The name is longer than a page, so its declaration replaces the metadata file, and that fails if the file is
        // not there.
        let later = player.process.add_class(&"x".repeat(5000), 0);
        number(&player.process.map, known, 0);
        let mut reader = Reader::new(player.words());

        let (mut folder, mut process) = (None, player.process.process_file());
        let opened = crate::output::Output::at(output.path());
        let mut trace = played_stream::trace(&mut folder, &mut process, &opened);
        let mut framer = Framer::new(0);
        let mut frame_all = |framer: &mut Framer| framer.frame_committed(&mut reader, &mut trace);
        player.write(0, &[]);
        // The first record of a sub-buffer has the long header.
        frame_all(&mut framer).unwrap();

        let metadata = output.path().join("pppppppppppppppp-1/metadata");
        let aside = output.path().join("aside");
        fs::rename(&metadata, &aside).unwrap();
        [0, 0, 1, 0].into_iter().for_each(|class| player.write(class, &[]));
        number(&player.process.map, later, 1);
        for _ in 0..3 {
            assert!(matches!(frame_all(&mut framer), Err(StreamError::File(_))));
            framer.settle().unwrap();
            assert_eq!(framer.written(), 3);
        }
        fs::rename(&aside, &metadata).unwrap();
        frame_all(&mut framer).unwrap();
        framer.settle().unwrap();
        assert_eq!((framer.written(), framer.unwritten()), (5, 0));
    }
}
