//! The stream under test: the only file of these proofs that uses ust-core's ring.
//!
//! ```text
//!   test      StreamFile::create -> memfd        tracee    StreamFile::open(memfd)
//!             .reset()    an empty stream                  .writer()  emit(number, body)
//!             .reader()   as the daemon reads
//! ```
#![allow(unsafe_code)]

use crate::journal::Outcome;
use crate::record::{CLASS_ID, Decoder, FIXED, Record, body, signature};
use std::ops::Deref;
use std::os::fd::OwnedFd;
use ust_core::abi::{FrameKind, Geometry, Mode, StreamState, TableEntry, WORD_BYTES};
use ust_core::clock::ClockKind;
use ust_core::ring::{Found, Reader, RingMemory};
use ust_core::shm::StreamWords;
use ust_core::stream::Stream;
use ust_core::sync::{AtomicU32, Local, Ordering, ReadOnly, Rmw, Shared};
use ust_core::wire::Payload;
use ust_test_support::{stream_file, stream_reader};

/// The smallest geometry there is: two places of a page, so that every path is near.
pub fn geometry() -> Geometry {
    Geometry::new(4096, 2).expect("the smallest that is accepted")
}

/// What kind of stream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Whether several threads may write to it (a CPU's), or one (a thread's).
    pub is_shared: bool,
    /// Whether writers recycle sub-buffers that were not read.
    pub overwrites: bool,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Shape; 4] = [Self::of(0), Self::of(1), Self::of(2), Self::of(3)];

    /// Those that several writers may write to.
    pub const SHARED: [Shape; 2] = [Self::of(1), Self::of(3)];

    /// The shape of that number.
    pub const fn of(number: u32) -> Self {
        Self { is_shared: number & 1 != 0, overwrites: number & 2 != 0 }
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.is_shared as u32 | (self.overwrites as u32) << 1
    }

    const fn mode(self) -> Mode {
        if self.overwrites { Mode::Overwrite } else { Mode::Discard }
    }
}

/// A stream in a file of its own, mapped.
#[derive(Debug)]
pub struct StreamFile(stream_file::StreamFile);

impl StreamFile {
    /// Creates one.
    pub fn create() -> Self {
        let file = Self(stream_file::StreamFile::create(geometry()).expect("a memfd"));
        file.reset();
        file
    }

    /// Maps one that another process created.
    pub fn open(fd: OwnedFd) -> Self {
        Self(stream_file::StreamFile::open(fd, geometry()).expect("address space"))
    }

    /// Makes it an empty stream again. No process writes to it meanwhile.
    pub fn reset(&self) {
        let map = self.map();
        // SAFETY: the mapping's own bytes, which no process uses now.
        unsafe { map.base().write_bytes(0, map.len()) };
        let control = self.control();
        control.initialise(geometry());
        // No byte of a note is zero, so that half a note is seen.
        control.owner.store(4_000_000, Ordering::Relaxed);
        control.state.store(StreamState::Live as u32, Ordering::Release);
    }

    /// Has writers note the checksum of each sub-buffer that they leave, as where the ring is a file with a name.
    pub fn want_checksums(&self) {
        self.control().has_checksums.store(1, Ordering::Relaxed);
    }

    fn words<K: 'static>(&self, shape: Shape) -> StreamWords<K> {
        // SAFETY: a stage keeps its file longer than what borrows from it.
        unsafe { self.0.words(shape.mode()) }
    }

    /// A writing end.
    pub fn writer(&self, shape: Shape, clock: ClockKind) -> Writer {
        // SAFETY: as in `words`.
        let ends = unsafe {
            if shape.is_shared {
                Ends::Shared(self.0.writer(shape.mode(), clock))
            } else {
                Ends::Local(self.0.writer(shape.mode(), clock))
            }
        };
        Writer { ends, under_way: AtomicU32::new(0) }
    }

    /// The reading end of a stream that has never been read.
    pub fn reader(&self, shape: Shape) -> StreamReader {
        StreamReader::with(Reader::new(self.words(shape)))
    }

    /// The reading end that goes on where a dead one was.
    pub fn successor(&self, shape: Shape) -> StreamReader {
        let mut reader = Reader::resume(self.words(shape));
        let written_before = reader.rewind();
        StreamReader { written_before, ..StreamReader::with(reader) }
    }

    /// The position below which, as a reader has said, everything is in its file.
    pub fn consumed(&self) -> u64 {
        self.control().consumed.load(Ordering::Acquire)
    }

    /// Whether no memory stands in two places, or in one and among the recyclers as well.
    ///
    /// # Errors
    /// Some memory does: all places and memories.
    pub fn check_table(&self) -> Result<(), String> {
        let control = self.control();
        let table = &control.table[..geometry().subbuf_count()];
        let entry = |word: u64| TableEntry::from_word(word).memory();
        let mut memories: Vec<_> =
            table.iter().map(|word| entry(word.load(Ordering::Acquire))).collect();
        let spare = control.spare.load(Ordering::Acquire) as usize;
        memories.extend(spare.checked_sub(1));
        let shown = format!("the table and the recyclers have the memories {memories:?}");
        let count = memories.len();
        memories.sort_unstable();
        memories.dedup();
        let all_exist = memories.iter().all(|memory| *memory < geometry().memory_count());
        if memories.len() == count && all_exist { Ok(()) } else { Err(shown) }
    }
}

impl Deref for StreamFile {
    type Target = stream_file::StreamFile;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The shipped writer. It keeps where the stream's present sub-buffer lies, so it is of no use after a reset.
#[derive(Debug)]
pub struct Writer {
    ends: Ends,
    /// Records under way, as the thread cache counts them.
    under_way: AtomicU32,
}

#[derive(Debug)]
enum Ends {
    /// The only one.
    Local(Stream<Local>),
    /// One of several.
    Shared(Stream<Shared>),
}

impl Writer {
    /// Emits record `number`: of a fixed size without a body, else with one of so many bytes.
    #[inline(always)]
    pub fn emit(&self, number: u32, body_bytes: Option<usize>) -> Outcome {
        let number_field = u64::from(number);
        match body_bytes {
            None => self.record(&(number_field, FIXED, signature(number))),
            Some(bytes) => self.record(&(number_field, body(number, bytes))),
        }
    }

    #[inline(always)]
    fn record<P: Payload>(&self, payload: &P) -> Outcome {
        // A handler in between leaves the count as it found it.
        let outer = self.under_way.load(Ordering::Relaxed);
        self.under_way.store(outer + 1, Ordering::Relaxed);
        let outcome = match &self.ends {
            Ends::Local(stream) => write(stream, Local, payload, outer == 0),
            Ends::Shared(stream) => write(stream, Shared, payload, true),
        };
        self.under_way.store(outer, Ordering::Relaxed);
        outcome
    }
}

/// As a tracepoint does: the usual path, then the path that checks for room, then the slow path.
#[inline(always)]
fn write<K: Rmw, P: Payload>(stream: &Stream<K>, by: K, payload: &P, is_usual: bool) -> Outcome {
    if is_usual && stream.try_record_usual(by, CLASS_ID, payload)
        || stream.try_record(by, CLASS_ID, payload)
    {
        return Outcome::Written;
    }
    match stream.record(by, CLASS_ID, payload, None) {
        Ok(()) => Outcome::Untold,
        Err(_) => Outcome::Refused,
    }
}

/// The shipped reader, and what it has read.
#[derive(Debug)]
pub struct StreamReader {
    reader: stream_reader::StreamReader,
    decoder: Decoder,
    /// A successor's first position. What lies before it is in the dead reader's file, and not in `records`.
    pub written_before: u64,
    /// In the order of the stream.
    pub records: Vec<Record>,
}

impl StreamReader {
    fn with(reader: Reader<StreamWords<ReadOnly>>) -> Self {
        let reader = stream_reader::StreamReader::new(reader);
        Self { reader, decoder: Decoder::default(), written_before: 0, records: Vec::new() }
    }

    /// Reads everything that is committed now, as the consumer does: exchanges full sub-buffers, then reads the last one.
    ///
    /// # Errors
    /// The ring is corrupt, or a record is.
    pub fn drain(&mut self) -> Result<(), String> {
        let Self { reader, decoder, records, .. } = self;
        reader.drain_full(&mut |found, bytes| read(decoder, records, found, bytes))?;
        self.read_prefix()
    }

    /// Reads what is committed and leaves it where it is.
    ///
    /// # Errors
    /// As for [`drain`](Self::drain).
    pub fn read_prefix(&mut self) -> Result<(), String> {
        let Self { reader, decoder, records, .. } = self;
        reader.drain_prefix(&mut |found, bytes| read(decoder, records, found, bytes))
    }

    /// Reads what dead writers left.
    ///
    /// # Errors
    /// As for [`drain`](Self::drain).
    pub fn recover(&mut self) -> Result<(), String> {
        let Self { reader, decoder, records, written_before } = self;
        reader.drain_rest(&mut |found, bytes| read(decoder, records, found, bytes))?;
        records.retain(|record| record.end > *written_before);
        Ok(())
    }

    /// Retires the stream.
    pub fn close(&self) {
        self.reader.close();
    }

    /// Records lost so far, whatever the cause, those that were overwritten before they were read included.
    pub fn lost(&mut self) -> u64 {
        self.reader.update_overwritten();
        self.reader.lost().iter().sum::<u64>() + self.reader.overwritten()
    }

    /// The positions of reader and writers, for the message of a failure.
    pub fn describe(&self) -> String {
        let words = self.reader.ring();
        let control = words.control();
        let table = &control.table[..geometry().subbuf_count()];
        let entries: Vec<_> =
            table.iter().map(|word| TableEntry::from_word(word.load(Ordering::Acquire))).collect();
        let entry = |it: &TableEntry| (it.lap(), it.memory(), it.is_closed());
        format!(
            "cursor {}, writers at {}, lost {:?} and {} overwritten, recyclers' spare {}, table \
             (lap, memory, closed) {:?}, read {:?}",
            self.reader.cursor(),
            self.reader.untrusted_write_position(),
            self.reader.lost(),
            self.reader.overwritten(),
            control.spare.load(Ordering::Acquire),
            entries.iter().map(entry).collect::<Vec<_>>(),
            self.records.iter().map(|record| record.number).collect::<Vec<_>>(),
        )
    }

    /// Records that were stepped over, because their writers had not finished them.
    pub fn holes(&self) -> u64 {
        self.reader.holes()
    }

    /// Full sub-buffers that were stepped over, because their checksums were wrong.
    pub fn damaged(&self) -> u64 {
        self.reader.damaged()
    }
}

fn read(
    decoder: &mut Decoder,
    records: &mut Vec<Record>,
    found: Found,
    bytes: &[u8],
) -> Result<(), String> {
    if found.kind == FrameKind::Note {
        decoder.interrupt();
        return Ok(());
    }
    let stride = (found.length_bytes + WORD_BYTES).next_multiple_of(WORD_BYTES) as u64;
    let start = found.end_position - stride;
    records.push(decoder.decode(bytes, start, found.end_position)?);
    Ok(())
}
