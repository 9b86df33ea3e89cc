//! The ring's own calls, all of them in this file.

use crate::Failure;
use crate::payload;
use ctf::event_header::{self, Stamp};
use ust_core::abi::{FrameKind, Geometry, Mode};
use ust_core::clock::ClockKind;
use ust_core::ring::{Found, Holes, Image, Reader, Records, RingMemory, Take as Taken};
use ust_core::shm::{Mapping, StreamWords, memfd};
use ust_core::stream::Stream;
use ust_core::sync::{Local, Ordering, ReadOnly};

/// Any class that has the short header.
const CLASS: u32 = 5;

/// One stream in shared memory, as a traced process makes it.
#[derive(Debug)]
pub struct Ring {
    map: Mapping,
    stream: Stream<Local>,
    geometry: Geometry,
    mode: Mode,
}

impl Ring {
    /// An empty one.
    ///
    /// # Errors
    /// The kernel gives no memory.
    pub fn new(geometry: Geometry, mode: Mode, clock: ClockKind) -> Result<Self, Failure> {
        let no_memory = |errno| format!("no memory for a ring: {errno}");
        let fd = memfd::create(c"ust-stress", geometry.stream_bytes()).map_err(no_memory)?;
        let map = Mapping::new(&fd, geometry.stream_bytes()).map_err(no_memory)?;
        // SAFETY: a stream's bytes, mapped as long as the struct that holds both.
        let stream = unsafe { Stream::new(map.base(), geometry, mode, clock) };
        stream.words().control().initialise(geometry);
        Ok(Self { map, stream, geometry, mode })
    }

    /// Emits one record, as a tracepoint does. In a handler nobody waits for room.
    pub fn emit(&self, source: u32, sequence: u64, text_bytes: u64, is_nested: bool) {
        let mut text = payload::Text::new();
        let text = text.of(source, sequence, text_bytes);
        let record = (source, sequence, payload::check(source, sequence), text);
        let is_written = !is_nested && self.stream.try_record_usual(CLASS, &record)
            || self.stream.try_record(CLASS, &record);
        if !is_written {
            self.stream.record(CLASS, &record, !is_nested).expect("nobody closes it");
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
    /// Who emitted it.
    pub source: u32,
    /// Its number.
    pub sequence: u64,
    /// The first of its contents.
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

/// The daemon's end of it.
pub struct RingReader {
    reader: Reader<StreamWords<ReadOnly>>,
    image: Image,
    bytes: Vec<u8>,
}

/// What is done with each record.
type TakeRecord<'a> = dyn FnMut(Record<'_>) -> Result<(), Failure> + 'a;

impl RingReader {
    /// The reader of a ring that outlives it.
    pub fn new(ring: &Ring) -> Self {
        // SAFETY: the ring's mapping, which whoever calls keeps until the reader is gone.
        let words = unsafe { StreamWords::new(ring.map.base(), ring.geometry, ring.mode) };
        Self { reader: Reader::new(words), image: Image::default(), bytes: Vec::new() }
    }

    /// What writers overwrote before it was read.
    pub fn overwritten(&self) -> u64 {
        self.reader.overwritten()
    }

    /// Exchanges full sub-buffers and reads them.
    ///
    /// # Errors
    /// The ring is corrupt, or a record is.
    pub fn drain_full(&mut self, take: &mut TakeRecord<'_>) -> Result<(), Failure> {
        while self.reader.is_left_behind() {
            match self.reader.take().map_err(corrupt)? {
                Taken::Taken => {
                    self.reader.ring().wake_waiting();
                    self.read_here(take)?;
                    self.reader.give_back();
                }
                Taken::Overwritten => self.reader.catch_up().map_err(corrupt)?,
                Taken::NotYet => break,
            }
        }
        Ok(())
    }

    /// Reads what is committed of the sub-buffer that is being written.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn drain_prefix(&mut self, take: &mut TakeRecord<'_>) -> Result<(), Failure> {
        if !self.reader.ring().mode().overwrites() {
            return self.read_here(take);
        }
        self.reader.catch_up().map_err(corrupt)?;
        let until = self.reader.untrusted_write_position();
        self.reader.copy(&mut self.image, until, Holes::Await).map_err(corrupt)?;
        for found in self.image.found() {
            copy(&self.image, *found, &mut self.bytes, take)?;
        }
        Ok(())
    }

    /// Nobody writes any more: reads what is left.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn drain_rest(&mut self, take: &mut TakeRecord<'_>) -> Result<(), Failure> {
        while let Some(found) = self.reader.next_after_death().map_err(corrupt)? {
            copy(self.reader.ring(), found, &mut self.bytes, take)?;
        }
        Ok(())
    }

    fn read_here(&mut self, take: &mut TakeRecord<'_>) -> Result<(), Failure> {
        while let Some(found) = self.reader.next().map_err(corrupt)? {
            copy(self.reader.ring(), found, &mut self.bytes, take)?;
        }
        Ok(())
    }
}

fn copy(
    from: &impl Records,
    found: Found,
    bytes: &mut Vec<u8>,
    take: &mut TakeRecord<'_>,
) -> Result<(), Failure> {
    bytes.resize(found.length_bytes, 0);
    from.copy_out(found, bytes);
    if found.kind != FrameKind::Event {
        return Ok(());
    }
    take(Record::parse(bytes).ok_or_else(|| format!("torn: {found:?} {bytes:?}"))?)
}

fn corrupt(corruption: ust_core::ring::Corruption) -> Failure {
    format!("a ring is corrupt: {corruption}")
}
