//! Forged files: just as a process makes them, so that a test can then make a part of them wrong.
//!
//! Everything is written as words into a mapping, as any program could do it.

use rustix::fd::OwnedFd;
use rustix::io;
use std::mem::offset_of;
use ust_core::abi::{
    CLASS_LOG_OFFSET, ClassEntry, Frame, FrameKind, Geometry, PROCESS_FILE_BYTES, Position,
    ProcessHeader, RingFileHeader, RingFileShape, StreamControl, TableEntry,
};
use ust_core::protocol::{ChannelRules, ClassBody};
use ust_core::shm::{Mapping, memfd};
use ust_core::sync::{AtomicU32, Ordering, ReadOnly};
use ust_core::wire::{FieldType, Part};

/// A file that is shared with the daemon.
#[derive(Debug)]
pub struct Shared {
    /// Its descriptor, to be sent.
    pub fd: OwnedFd,
    /// Its bytes.
    pub map: Mapping,
}

impl Shared {
    /// A sealed memfd of so many bytes.
    ///
    /// # Errors
    /// There is no descriptor, or no room among the addresses.
    pub fn sealed(size_bytes: usize) -> io::Result<Self> {
        let fd = memfd::create(c"ust-process", size_bytes)?;
        Ok(Self { map: Mapping::new(&fd, size_bytes)?, fd })
    }

    /// Stores a word, if the file reaches as far.
    pub fn store(&self, offset: usize, word: u32) {
        if let Some(place) = self.map.at::<AtomicU32>(offset) {
            place.store(word, Ordering::Relaxed);
        }
    }

    /// Stores a word of eight bytes, its lower half first.
    pub fn store_long(&self, offset: usize, word: u64) {
        self.store(offset, word as u32);
        self.store(offset + 4, (word >> 32) as u32);
    }
}

/// A process file without a class.
///
/// # Errors
/// As for [`Shared::sealed`].
pub fn process_file(process_uid: [u8; 16], pid: u32, name: &str) -> io::Result<Shared> {
    let file = Shared::sealed(PROCESS_FILE_BYTES)?;
    let mut procname = [0; 16];
    let length = name.len().min(15);
    procname[..length].copy_from_slice(&name.as_bytes()[..length]);
    file.map.initialise(0, ProcessHeader::new(pid, process_uid, 0, procname));
    Ok(file)
}

/// Fields of the class that the forged records of [`fill`] are of.
const FIELDS: [(&str, FieldType); 3] = [
    ("number", FieldType::U32),
    ("text", FieldType::TEXT),
    ("words", FieldType::Sequence { element: Part::Static(&FieldType::U32) }),
];

/// Appends a class to a process file, with its number plus one; 0 for none.
pub fn add_class(file: &Shared, name: &str, number_plus_one: u32) {
    let body = ClassBody {
        provider: "hostile",
        name,
        level: 6,
        file: "hostile.rs",
        line: 1,
        module_path: "hostile",
        fields: FIELDS.to_vec(),
        docs: vec![],
    };
    add_class_bytes(file, &body.encode().unwrap_or_default(), number_plus_one);
}

/// Appends bytes that claim to be a class.
pub fn add_class_bytes(file: &Shared, body: &[u8], number_plus_one: u32) {
    let Some(header) = file.map.at::<ProcessHeader>(0) else { return };
    let begin = header.log_bytes.load(Ordering::Relaxed) as usize;
    let at = CLASS_LOG_OFFSET + begin;
    file.store(at, body.len() as u32);
    file.store(at + 4, number_plus_one);
    for (index, chunk) in body.chunks(4).enumerate() {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        file.store(at + size_of::<ClassEntry>() + 4 * index, u32::from_ne_bytes(word));
    }
    let end = (begin + size_of::<ClassEntry>() + body.len()).next_multiple_of(4);
    header.log_bytes.store(end as u64, Ordering::Release);
}

/// A ring file as a channel wants it, and where things are in it.
#[derive(Debug)]
pub struct Ring {
    /// The file.
    pub file: Shared,
    /// Its streams.
    pub shape: RingFileShape,
}

/// A ring file of which no stream has been claimed; `None` if it cannot be had.
pub fn ring_file(process_uid: [u8; 16], channel: &ChannelRules, index: u32) -> Option<Ring> {
    let geometry = Geometry::new(channel.subbuf_size_bytes, channel.subbuf_count.into()).ok()?;
    let shape = RingFileShape::of(geometry)?;
    let file = Shared::sealed(shape.file_bytes()).ok()?;
    let (buffers, mode, uid) = (channel.buffers, channel.mode, channel.channel_uid);
    let header = RingFileHeader::new(geometry, buffers, mode, process_uid, uid, index);
    file.map.initialise(0, header);
    Some(Ring { file, shape })
}

impl Ring {
    /// Where a stream's control page begins.
    pub fn stream(&self, stream: u32) -> usize {
        self.shape.stream_offset(stream % self.shape.stream_count)
    }

    /// Where a word of one of a stream's memories stands.
    pub fn word(&self, stream: u32, memory: usize, offset: usize) -> usize {
        self.stream(stream) + self.shape.geometry.memory_offset(memory) + offset / 4 * 4
    }

    /// Says which streams have writers.
    pub fn claim(&self, streams: u64) {
        self.file.store_long(offset_of!(RingFileHeader, streams_claimed), streams);
    }

    /// Says how far a stream's writers are.
    pub fn set_position(&self, stream: u32, bytes: u64) {
        let at = self.stream(stream) + offset_of!(StreamControl<ReadOnly>, position);
        self.file.store_long(at, Position::at(bytes).word());
    }

    /// Says which memory stands at a place, and for which lap.
    pub fn set_entry(&self, stream: u32, place: usize, memory: usize, lap: u64) {
        let at = self.stream(stream) + offset_of!(StreamControl<ReadOnly>, table) + 8 * place;
        self.file.store_long(at, lap << 16 | TableEntry::first(memory).word());
    }

    /// Makes a stream that of a process which has filled its first memory with `records` and stands there.
    pub fn fill(&self, stream: u32, records: usize) {
        let geometry = self.shape.geometry;
        for place in 0..geometry.subbuf_count() {
            self.set_entry(stream, place, place, 0);
        }
        // Frame word; class 0 and a clock of 27 bits; a number; "hostile" and its end; two words behind their count.
        let record = |clock: u32| [clock << 5, clock, 0x7473_6f68, 0x0065_6c69, 2, clock, clock];
        let stride = 4 * (record(0).len() + 1);
        let most = geometry.subbuf_size_bytes() / stride;
        let count = records.min(most);
        for index in 0..count {
            let at = index * stride;
            for (number, word) in record(index as u32).into_iter().enumerate() {
                self.file.store(self.word(stream, 0, at + 4 * (number + 1)), word);
            }
            let frame = Frame::committed(FrameKind::Event, stride);
            self.file.store(self.word(stream, 0, at), frame);
        }
        self.set_position(stream, (count * stride) as u64);
        self.claim(u64::MAX >> (63 - stream.min(63)));
    }
}
