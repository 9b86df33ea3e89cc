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
use ust_core::abi::{FrameKind, NOTE_BYTES, Note, WORD_BYTES};
use ust_core::ring::{Found, Records, Run};
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
    /// The thread, or CPU, whose records come now.
    owner: u32,
    /// Records that are missing before the present one: noted by the writers as lost, and counted by the
    /// reader.
    noted: u64,
    missed: u64,
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
            owner: 0,
            noted: 0,
            missed: 0,
            framed: 0,
            written: 0,
            unwritten: 0,
        }
    }

    /// One for another file of the same stream.
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

    /// Sets how many records before the next one the reader did not get: overwritten, or given up.
    pub fn set_missed(&mut self, missed: u64) {
        self.missed = missed;
        self.tell_missing();
    }

    /// Sets how many records the writers have lost in all: when nothing comes any more, and so no note.
    pub fn set_lost(&mut self, lost: u64) {
        self.noted = self.noted.max(lost);
        self.tell_missing();
    }

    /// Untrusted counts, whose sum saturates: readers take a count that goes back for one near 2^64.
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
    /// It is corrupt, or there is no room and the file cannot be written; then it counts as unwritten.
    #[inline]
    pub fn frame(
        &mut self,
        records: &impl Records,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        if found.kind == FrameKind::Note {
            return self.read_note(records, found);
        }
        let outcome = self.frame_event(records, found, trace);
        match outcome {
            Ok(()) => self.framed += 1,
            Err(_) => self.unwritten += 1,
        }
        outcome
    }

    /// Puts a run of records into packets, and returns how many.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame), after as many; those that are left for want of room are not counted.
    pub fn frame_run(
        &mut self,
        words: &StreamWords<ReadOnly>,
        run: Run,
        trace: &mut Trace<'_>,
    ) -> (usize, Result<(), StreamError>) {
        if run.first.kind == FrameKind::Note {
            let notes = (0..run.count).map(|index| run.nth(index));
            for (index, note) in notes.enumerate() {
                if let Err(error) = self.read_note(words, note) {
                    return (index, Err(error));
                }
            }
            return (run.count, Ok(()));
        }
        let mut framed = 0;
        while framed < run.count {
            let (count, outcome) = self.frame_part(words, run.without(framed), trace);
            framed += count;
            if outcome.is_err() {
                return (framed, outcome);
            }
        }
        (framed, Ok(()))
    }

    /// The first records of a run, as many as the open packet has room for; those before an error are in it.
    fn frame_part(
        &mut self,
        words: &StreamWords<ReadOnly>,
        run: Run,
        trace: &mut Trace<'_>,
    ) -> (usize, Result<(), StreamError>) {
        let length_bytes = run.first.length_bytes;
        if length_bytes == 0 {
            return (0, Err(StreamError::Header(run.first.end_position)));
        }
        if let Err(error) = self.open(trace) {
            return (0, Err(error.into()));
        }
        let Some(file) = &mut self.file else { return (run.count, Ok(())) };
        let mut records = match file.reserve_several(length_bytes, run.count) {
            Ok(records) => records,
            Err(error) => return (0, Err(error.into())),
        };
        words.copy_run_out(run, &mut records);
        let (mut count, mut clock, mut first_clock, mut known) = (0, self.clock, None, None);
        let mut outcome = Ok(());
        for record in records.chunks_exact_mut(length_bytes) {
            let resolved = match resolve(record, clock) {
                Some((id, resolved)) if known == Some(id) => resolved,
                Some((id, resolved)) => {
                    match trace.declare(id) {
                        Ok(Declare::Known) => {}
                        Ok(declared) => {
                            let end = run.nth(count).end_position;
                            outcome = Err(undeclared(declared, end, id));
                            break;
                        }
                        Err(error) => {
                            outcome = Err(error.into());
                            break;
                        }
                    }
                    known = Some(id);
                    resolved
                }
                None => {
                    outcome = Err(StreamError::Header(run.nth(count).end_position));
                    break;
                }
            };
            clock = resolved;
            first_clock.get_or_insert(clock);
            count += 1;
        }
        if let Some(first_clock) = first_clock {
            let end = run.nth(count - 1).end_position;
            let bytes = count * length_bytes;
            records.commit_several(count as u64, bytes, (first_clock, clock), end);
            self.clock = clock;
            self.framed += count as u64;
        }
        (count, outcome)
    }

    #[inline]
    fn frame_event(
        &mut self,
        records: &impl Records,
        found: Found,
        trace: &mut Trace<'_>,
    ) -> Result<(), StreamError> {
        self.open(trace)?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut record = file.reserve(found.length_bytes)?;
        records.copy_out(found, &mut record);
        let end = found.end_position;
        let (id, clock) = resolve(&mut record, self.clock).ok_or(StreamError::Header(end))?;
        match trace.declare(id)? {
            Declare::Known => {}
            declared => return Err(undeclared(declared, end, id)),
        }
        record.commit(clock, end);
        self.clock = clock;
        Ok(())
    }

    /// Takes note of a record that stands in another file already: whose the next ones are, and what their clocks
    /// count from.
    ///
    /// # Errors
    /// It is corrupt.
    pub fn pass_over(&mut self, records: &impl Records, found: Found) -> Result<(), StreamError> {
        if found.kind == FrameKind::Note {
            return self.read_note(records, found);
        }
        let mut header = [0; event_header::EXTENDED_BYTES];
        let header = &mut header[..found.length_bytes.min(event_header::EXTENDED_BYTES)];
        records.copy_out(found, header);
        let header = event_header::decode(header).ok_or(StreamError::Header(found.end_position))?;
        self.clock = header.stamp.resolve(self.clock).max(self.clock);
        Ok(())
    }

    /// Whether nothing has been framed.
    pub fn is_empty(&self) -> bool {
        self.file.is_none()
    }

    /// Whose the records are from here on, and how many are missing before them.
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
    #[inline]
    pub fn open(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        if self.file.is_none() { self.create(trace) } else { Ok(()) }
    }

    #[cold]
    fn create(&mut self, trace: &mut Trace<'_>) -> io::Result<()> {
        self.file = Some(trace.create_stream(self.instance, self.owner)?);
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

    /// Counts a record that will never be in the file.
    pub fn count_unwritten(&mut self, found: Found) {
        self.unwritten += u64::from(found.kind == FrameKind::Event);
    }
}

/// Why there is no class for the record that ends at `end`.
#[cold]
fn undeclared(declared: Declare, end: u64, id: u32) -> StreamError {
    match declared {
        Declare::OverBudget => StreamError::Metadata(end, id),
        _ => StreamError::Class(end, id),
    }
}

/// Class and clock of a record, from its header; `None` if that is cut short. `before` is the clock of the one before.
#[inline]
fn resolve(record: &mut [u8], before: u64) -> Option<(u32, u64)> {
    let header = event_header::decode(record)?;
    let mut clock = header.stamp.resolve(before);
    if clock < before {
        // Only a process in disorder says so; readers refuse a packet in which time goes back.
        clock = before;
        if let Stamp::Full(_) = header.stamp {
            let fixed = event_header::extended(header.id, clock);
            record[..fixed.len()].copy_from_slice(&fixed);
        }
    }
    Some((header.id, clock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::Calibration;
    use crate::engine::played::{Player, number};
    use std::fs;
    use ust_core::abi::{Buffers, Geometry, Mode};
    use ust_core::clock::ClockKind;
    use ust_core::ring::{Reader, RingMemory};
    use ust_core::shm::{Mapping, memfd};
    use ust_core::stream::Stream;
    use ust_core::sync::Local;

    #[test]
    #[allow(unsafe_code)]
    fn of_a_run_whose_second_class_cannot_be_declared_yet_nothing_comes_twice() {
        let output = tempfile::tempdir().unwrap();
        let player = Player::new();
        let known = player.add_class("known", 0);
        // Longer than a page: its declaration replaces the file, and cannot if that is not there.
        let later = player.add_class(&"x".repeat(5000), 0);
        number(&player.map, known, 0);

        let geometry = Geometry::new(4096, 2).unwrap();
        let ring_fd = memfd::create(c"ring", geometry.stream_bytes()).unwrap();
        let ring = Mapping::new(&ring_fd, geometry.stream_bytes()).unwrap();
        // SAFETY: the mapping is as long, and outlives both.
        let (stream, words) = unsafe {
            let stream =
                Stream::<Local>::new(ring.base(), geometry, Mode::Discard, ClockKind::Monotonic);
            (stream, StreamWords::<ReadOnly>::new(ring.base(), geometry, Mode::Discard))
        };
        stream.words().control().initialise(geometry);
        let write = |class_id| stream.record(class_id, &(7u64,), false).unwrap();
        let mut reader = Reader::new(words);

        let mut process = player.process_file();
        let mut folder = None;
        let mut trace = Trace {
            folder: &mut folder,
            process: &mut process,
            output: output.path(),
            clock: Calibration::start(ClockKind::Monotonic).describe(),
            buffers: Buffers::PerThread,
        };
        let mut framer = Framer::new(0);
        let mut frame_all = |framer: &mut Framer| {
            while let Some(run) = reader.next_run(100).unwrap() {
                let (framed, outcome) = framer.frame_run(&words, run, &mut trace);
                if let Err(error) = outcome {
                    reader.put_back(run, run.count - framed);
                    return Err(error);
                }
            }
            Ok(())
        };
        write(0);
        // The first of a sub-buffer has the long header.
        frame_all(&mut framer).unwrap();

        let metadata = output.path().join("pppppppppppppppp-1/metadata");
        let aside = output.path().join("aside");
        fs::rename(&metadata, &aside).unwrap();
        [0, 0, 1, 0].into_iter().for_each(write);
        number(&player.map, later, 1);
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
