//! The ring's own calls, all of them in this file.

use crate::Failure;
use crate::payload;
use ctf::write::event_header::{self, Stamp};
use ust_core::abi::{FrameKind, Geometry, Mode};
use ust_core::clock::ClockKind;
use ust_core::ring::{Found, Reader, RingMemory};
use ust_core::stream::{Patience, Stream};
use ust_core::sync::{Local, Ordering};
use ust_test_support::stream_file::StreamFile;
use ust_test_support::stream_reader::StreamReader;

/// Any class that has the short header.
const CLASS: u32 = 5;

/// One stream in shared memory, as a traced process makes it.
#[derive(Debug)]
pub struct Ring {
    file: StreamFile,
    stream: Stream<Local>,
    mode: Mode,
}

impl Ring {
    /// An empty one.
    ///
    /// # Errors
    /// The kernel gives no memory.
    pub fn new(geometry: Geometry, mode: Mode, clock: ClockKind) -> Result<Self, Failure> {
        let file = StreamFile::create(geometry);
        let file = file.map_err(|error| format!("no memory for a ring: {error}"))?;
        // SAFETY: the struct holds both.
        let stream = unsafe { file.writer(mode, clock) };
        Ok(Self { file, stream, mode })
    }

    /// The consumer's end of it.
    ///
    /// # Safety
    /// The ring outlives it.
    pub unsafe fn reader(&self) -> StreamReader {
        // SAFETY: the caller's promise.
        StreamReader::new(Reader::new(unsafe { self.file.words(self.mode) }))
    }

    /// Emits one record, as a tracepoint does. A handler does not wait for room.
    pub fn emit(&self, source: u32, sequence: u64, text_bytes: u64, is_nested: bool) {
        let mut text = payload::Text::new();
        let text = text.of(source, sequence, text_bytes);
        let record = (source, sequence, payload::check(source, sequence), text);
        let is_written = !is_nested && self.stream.try_record_usual(Local, CLASS, &record)
            || self.stream.try_record(Local, CLASS, &record);
        if !is_written {
            let mut patience = Patience::default();
            let patience = (!is_nested).then_some(&mut patience);
            self.stream.record(Local, CLASS, &record, patience).expect("nobody closes it");
        }
    }

    /// What it has counted as lost.
    pub fn lost(&self) -> u64 {
        self.stream.words().control().lost_in_all(Ordering::Relaxed)
    }
}

/// A record as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its clock.
    pub stamp: Stamp,
    /// The source that emitted it.
    pub source: u32,
    /// Its number.
    pub sequence: u64,
    /// The first of its two contents.
    pub check: u64,
    /// The second.
    pub text: &'a [u8],
}

impl<'a> Record<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = event_header::decode(bytes).filter(|header| header.id == CLASS)?;
        let (source, rest) = bytes.get(header.len..)?.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let (zero, text) = rest.split_last()?;
        (*zero == 0).then_some(Self {
            stamp: header.stamp,
            source: u32::from_ne_bytes(*source),
            sequence: u64::from_ne_bytes(*sequence),
            check: u64::from_ne_bytes(*check),
            text,
        })
    }
}

/// What is done with each record.
type TakeRecord<'a> = dyn FnMut(Record<'_>) -> Result<(), Failure> + 'a;

/// Hands on what a reader finds: records only, each of which is whole.
pub fn records(take: &mut TakeRecord<'_>) -> impl FnMut(Found, &[u8]) -> Result<(), Failure> {
    |found, bytes| match found.kind {
        FrameKind::Event => {
            take(Record::parse(bytes).ok_or_else(|| format!("torn: {found:?} {bytes:?}"))?)
        }
        _ => Ok(()),
    }
}
