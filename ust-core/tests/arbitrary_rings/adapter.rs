//! All of the ring's own calls, those that write a ring and those that read one.

use crate::checked::Checked;
use crate::contents::Filling;
use crate::guarded::Guarded;
use proptest::prelude::*;
use ust_core::abi::{FrameKind, Geometry, Mode, Position, TableEntry};
use ust_core::clock::ClockKind;
use ust_core::ring::{Corruption, Found, Holes, Image, Reader, Records, RingMemory, Take};
use ust_core::shm::StreamWords;
use ust_core::stream::Stream;
use ust_core::sync::Ordering::Relaxed;
use ust_core::sync::{Local, ReadOnly};

/// Size of the count before the sequence's elements. The event header before it is short or long.
const COUNT_BYTES: usize = 4;

/// Room for a row, as in a packet: the ring's longest records have none in it.
const ROOM_BYTES: usize = 300;

/// A call of the reader.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// `next`, up to that many times.
    Next(u8),
    /// `copy_row`, into so much room.
    CopyRow(u8),
    /// Exchange the sub-buffer, if it is complete and the writers have left it.
    Take,
    /// Skip what was overwritten.
    CatchUp,
    /// Copy the committed records of the sub-buffer, leave it where it is, and move on.
    CopyAndStepOver,
    /// Give the sub-buffer back.
    GiveBack,
    /// `next_after_death`, up to that many times.
    NextAfterDeath(u8),
    /// Read the counts of lost records.
    Lost,
}

impl Call {
    /// Any call.
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => any::<u8>().prop_map(Call::Next),
            2 => any::<u8>().prop_map(Call::CopyRow),
            3 => Just(Call::Take),
            2 => Just(Call::CatchUp),
            2 => Just(Call::CopyAndStepOver),
            3 => Just(Call::GiveBack),
            1 => (0u8..8).prop_map(Call::NextAfterDeath),
            1 => Just(Call::Lost),
        ]
    }

    /// A few calls, different ones in each round.
    pub fn some(round: u64) -> Vec<Self> {
        let all = [
            Call::Next(200),
            Call::CatchUp,
            Call::Take,
            Call::Next(3),
            Call::CopyRow(100),
            Call::CopyAndStepOver,
            Call::GiveBack,
            Call::NextAfterDeath(5),
            Call::Lost,
        ];
        let turn = (round % all.len() as u64) as usize;
        all[turn..].iter().chain(&all[..turn]).copied().take(4).collect()
    }
}

/// Writes a ring as a traced thread does. Returns the payloads of the records that were not lost.
pub fn write(ring: &Guarded, geometry: Geometry, mode: Mode, filling: &Filling) -> Vec<Vec<u8>> {
    // SAFETY: the memory is as long as a stream of this geometry, and outlives the stream.
    let stream: Stream<Local> =
        unsafe { Stream::new(ring.base(), geometry, mode, ClockKind::best()) };
    let control = stream.words().control();
    control.initialise(geometry);
    control.has_checksums.store(1, Relaxed);
    let mut written = Vec::new();
    for (number, length_bytes) in filling.lengths_bytes.iter().enumerate() {
        let payload: Vec<u8> =
            (0..usize::from(*length_bytes)).map(|at| (at + number) as u8).collect();
        let lost = control.lost_in_all(Relaxed);
        stream.record(Local, 3, &(&payload[..],), None).expect("nobody closes it");
        if control.lost_in_all(Relaxed) == lost {
            written.push(payload);
        }
    }
    written
}

/// The memories of the sub-buffers that a ring's writer has left, in their order.
pub fn full_memories(ring: &Guarded, geometry: Geometry) -> Vec<usize> {
    // SAFETY: the memory is as long as a stream of this geometry, and outlives the words.
    let words: StreamWords<ReadOnly> =
        unsafe { StreamWords::new(ring.base(), geometry, Mode::Discard) };
    let control = words.control();
    let position = Position::from_word(control.position.load(Relaxed)).bytes();
    let places = geometry.subbuf_count() as u64;
    let last = position.saturating_sub(1) / geometry.subbuf_size_bytes() as u64;
    let entry = |number: u64| {
        let word = control.table[(number % places) as usize].load(Relaxed);
        TableEntry::from_word(word)
    };
    let is_there = |number: &u64| entry(*number).lap() == number / places;
    (last.saturating_sub(places)..last)
        .filter(is_there)
        .map(|number| entry(number).memory())
        .collect()
}

/// A reader, and whether it still has a ring to read.
pub struct Harness {
    reader: Reader<Checked>,
    geometry: Geometry,
    is_corrupt: bool,
    /// Whether a thread writes to the ring meanwhile.
    changes: bool,
}

impl Harness {
    /// A reader of this ring.
    pub fn new(ring: &Guarded, geometry: Geometry, mode: Mode) -> Self {
        // SAFETY: the memory is as long as a stream of this geometry, and outlives the harness.
        let words: StreamWords<ReadOnly> = unsafe { StreamWords::new(ring.base(), geometry, mode) };
        let reader = Reader::new(Checked::new(words));
        Self { reader, geometry, is_corrupt: false, changes: false }
    }

    /// The same, for a ring that changes while the reader reads it.
    pub fn of_changing(ring: &Guarded, geometry: Geometry, mode: Mode) -> Self {
        Self { changes: true, ..Self::new(ring, geometry, mode) }
    }

    fn words_of_subbuf(&self) -> usize {
        self.geometry.subbuf_size_bytes() / 4
    }

    /// Makes a call, and checks that its result is possible.
    pub fn call(&mut self, call: Call) {
        match call {
            Call::Next(times) => {
                for _ in 0..times {
                    if self.next().is_none() {
                        break;
                    }
                }
            }
            Call::CopyRow(room_bytes) => {
                self.copy_row(usize::from(room_bytes));
            }
            Call::Take => {
                if self.reader.is_left_behind() {
                    self.take();
                }
            }
            Call::CatchUp => {
                self.catch_up();
            }
            Call::CopyAndStepOver => {
                self.copy_and_step_over(Holes::Skip);
            }
            Call::GiveBack => self.reader.give_back(),
            Call::NextAfterDeath(times) => {
                for _ in 0..times {
                    if self.next_after_death().is_none() {
                        break;
                    }
                }
            }
            Call::Lost => {
                self.reader.lost();
            }
        }
    }

    /// Takes full sub-buffers and then committed records, as a flush does. Returns the payloads.
    pub fn drain_as_the_daemon_does(&mut self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        // Each memory is cleared when it is given back, and a zeroed memory is not complete.
        for _ in 0..=2 * self.geometry.memory_count() {
            match self.take() {
                Some(Take::Taken) => {}
                Some(Take::Overwritten) => {
                    self.catch_up();
                    continue;
                }
                Some(Take::NotYet) | None => break,
            }
            loop {
                payloads.extend(self.copy_row(ROOM_BYTES));
                let Some(found) = self.next() else { break };
                payloads.extend(self.payload(found));
            }
            self.reader.give_back();
        }
        payloads
    }

    /// Copies everything in the ring, as a snapshot does. Returns the payloads.
    pub fn snapshot_as_the_daemon_does(&mut self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        for _ in 0..=2 * self.geometry.memory_count() {
            if self.is_corrupt || self.reader.cursor() >= self.reader.untrusted_write_position() {
                break;
            }
            self.catch_up();
            payloads.extend(self.copy_and_step_over(Holes::Skip));
        }
        payloads
    }

    /// Whether the reader has found contents that no writer stores.
    pub fn is_corrupt(&self) -> bool {
        self.is_corrupt
    }

    /// The reader's count of overwritten events.
    pub fn overwritten(&self) -> u64 {
        self.reader.overwritten()
    }

    fn copy_and_step_over(&mut self, holes: Holes) -> Vec<Vec<u8>> {
        let mut image = Image::default();
        let until = self.reader.untrusted_write_position();
        // Each word twice, as a frame or as payload, and twice where the reader searches a hole's end. If a thread
        // writes meanwhile, the reader searches again, in a shorter range each time.
        let loads = 64 * self.words_of_subbuf();
        let copied = self.ask(loads, |reader| reader.copy(&mut image, until, holes));
        if copied != Some(true) {
            return Vec::new();
        }
        let copy = |found: &Found| {
            let mut bytes = vec![0; found.length_bytes];
            image.copy_out(*found, &mut bytes);
            payload_of(found.kind, &bytes)
        };
        let payloads = image.found().iter().filter_map(copy).collect();
        self.reader.step_over();
        payloads
    }

    /// Full sub-buffers that were skipped, because they are not what was written.
    pub fn damaged(&self) -> u64 {
        self.reader.damaged()
    }

    /// Walks over everything that dead writers left. Returns the payloads.
    pub fn recover_as_the_daemon_does(&mut self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        let places = self.geometry.subbuf_count() + 2;
        let mut left = places * self.words_of_subbuf();
        while let Some(found) = self.next_after_death() {
            left = left.checked_sub(1).expect("more records than words: it goes round");
            payloads.extend(self.payload(found));
        }
        payloads
    }

    fn next(&mut self) -> Option<Found> {
        // One look at the frame word at the cursor.
        let found = self.ask(1, |reader| reader.next())??;
        // A record that is put back comes again.
        if !self.changes {
            self.reader.put_back(found);
            assert_eq!(self.ask(1, |reader| reader.next()), Some(Some(found)));
        }
        Some(found)
    }

    /// Copies a row out into so much room. Returns the payloads.
    pub fn copy_row(&mut self, room_bytes: usize) -> Vec<Vec<u8>> {
        let (mut to, mut payloads) = (vec![0; room_bytes], Vec::new());
        let (mut ends, mut bytes) = (Vec::new(), 0);
        // A block and the frame word of each record, and what is behind the block.
        let loads = 9 * self.words_of_subbuf();
        let start = self.reader.cursor();
        let row = self.ask(loads, |reader| {
            Ok(reader.copy_row(&mut to, |record, end_position| {
                payloads.extend(payload_of(FrameKind::Event, record));
                ends.push(end_position);
                bytes += record.len();
                true
            }))
        });
        let Some(row) = row else { return Vec::new() };
        assert_eq!((row.count, row.bytes), (ends.len(), bytes), "{row:?}");
        assert_eq!(self.reader.cursor(), *ends.last().unwrap_or(&start), "{row:?}");
        assert!(row.count == 0 || row.end_position == self.reader.cursor(), "{row:?}");
        assert!(ends.is_sorted() && bytes <= room_bytes, "{row:?}");
        payloads
    }

    fn next_after_death(&mut self) -> Option<Found> {
        // Each word that may still be read, each once more where a hole begins, and once for the checksum.
        let places = self.geometry.subbuf_count() + 2;
        let loads = 4 * places * self.words_of_subbuf();
        self.ask(loads, |reader| reader.next_after_death())?
    }

    fn catch_up(&mut self) {
        self.ask(0, |reader| reader.catch_up());
    }

    /// Exchanges the sub-buffer at the cursor, if it is complete.
    pub fn take(&mut self) -> Option<Take> {
        // Each frame once, and once more where a row of equal ones ends.
        let loads = 2 * self.words_of_subbuf();
        self.ask(loads, |reader| reader.take())
    }

    /// Makes a call within a budget of loads. Corruption ends everything, as it does in the consumer.
    fn ask<R>(
        &mut self,
        loads: usize,
        question: impl FnOnce(&mut Reader<Checked>) -> Result<R, Corruption>,
    ) -> Option<R> {
        if self.is_corrupt {
            return None;
        }
        let cursor = self.reader.cursor();
        // A few of the control page's words for each place, and for each skipped frame.
        let places = self.geometry.subbuf_count() + 2;
        self.reader.ring().allow(loads, 64 * places + 64 * loads);
        let answer = question(&mut self.reader);
        assert!(self.reader.cursor() >= cursor, "the reader went back");
        match answer {
            Ok(answer) => Some(answer),
            Err(corruption) => {
                assert!(!corruption.to_string().is_empty());
                self.is_corrupt = true;
                None
            }
        }
    }

    /// Checks where a record claims to be, and copies it out. Returns an event's payload.
    fn payload(&self, found: Found) -> Option<Vec<u8>> {
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        assert!(found.memory < self.geometry.memory_count(), "{found:?}");
        assert!(found.offset.is_multiple_of(4), "{found:?}");
        assert!(found.offset + found.length_bytes <= subbuf_bytes, "{found:?}");
        assert_eq!(found.end_position, self.reader.cursor(), "{found:?}");
        let mut bytes = vec![0; found.length_bytes];
        self.reader.ring().words().copy_out(found, &mut bytes);
        payload_of(found.kind, &bytes)
    }
}

/// The payload of an event.
fn payload_of(kind: FrameKind, bytes: &[u8]) -> Option<Vec<u8>> {
    if kind != FrameKind::Event {
        return None;
    }
    // The class id decides the header's length: 31 means the long header.
    let header_bytes = if bytes.first()? & 31 == 31 { 13 } else { 4 };
    Some(bytes.get(header_bytes + COUNT_BYTES..)?.to_vec())
}
