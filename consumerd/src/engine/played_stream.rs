//! A process that a test plays, with one stream. The real writer's code writes its ring.
//!
//! The test decides what is written into a record, how its classes are described, and what happens to the ring behind
//! the writer's back.
#![cfg(test)]

use super::api::ChannelUid;
use super::clock::{Calibration, ClockDescription};
use super::drain::{StreamClass, Trace, TraceFolder};
use super::played::Player;
use super::process_file::ProcessFile;
use crate::output::Output;
use std::sync::LazyLock;
use ust_core::abi::{Buffers, Geometry, Mode};
use ust_core::clock::ClockKind;
use ust_core::shm::StreamWords;
use ust_core::stream::Stream;
use ust_core::sync::{AtomicU32, Local, Ordering, ReadOnly};
use ust_core::wire::{Field, FieldType};
use ust_test_support::stream_file::StreamFile;

/// The clock of everything that players write.
const CLOCK: ClockKind = ClockKind::Monotonic;

/// The process.
#[derive(Debug)]
pub struct PlayedStream {
    /// Its process file.
    pub process: Player,
    ring: StreamFile,
    stream: Stream<Local>,
    words: StreamWords<ReadOnly>,
}

/// A payload of any bytes.
struct Raw<'a>(&'a [u8]);

// SAFETY: exactly the slice's bytes are measured and written; a slice does not change while it is borrowed.
#[allow(unsafe_code)]
unsafe impl Field for Raw<'_> {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    fn size_bytes(&self) -> usize {
        self.0.len()
    }

    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends as many bytes.
        unsafe {
            self.0.as_ptr().copy_to_nonoverlapping(dst, self.0.len());
            dst.add(self.0.len())
        }
    }
}

impl PlayedStream {
    /// A process with nothing described and nothing written.
    #[allow(unsafe_code)]
    pub fn new(pid: u32, procname: [u8; 16], geometry: Geometry, mode: Mode) -> Self {
        let ring = StreamFile::create(geometry).unwrap();
        // SAFETY: this struct keeps the file for as long as both.
        let (stream, words) = unsafe { (ring.writer(mode, CLOCK), ring.words(mode)) };
        Self { process: Player::named(pid, procname), ring, stream, words }
    }

    /// Writes a record of that class number and payload, if there is room.
    pub fn write(&self, class_id: u32, payload: &[u8]) {
        self.stream.record(Local, class_id, &(Raw(payload),), None).unwrap();
    }

    /// Changes the word at `offset` of the ring, control page included.
    pub fn change(&self, offset: usize, change: impl FnOnce(u32) -> u32) {
        let word = self.ring.map().at::<AtomicU32>(offset).unwrap();
        word.store(change(word.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    /// Bytes of the ring, control page included.
    pub fn ring_bytes(&self) -> usize {
        self.ring.map().len()
    }

    /// The words by which the consumer reads the stream.
    pub fn words(&self) -> StreamWords<ReadOnly> {
        self.words
    }
}

/// The clock of all players' records.
pub fn clock() -> ClockDescription {
    Calibration::start(CLOCK).describe()
}

/// A session's one channel, as its traces describe it.
pub fn classes() -> [StreamClass; 1] {
    let (channel, name, buffers) = (ChannelUid(1), "channel0".to_owned(), Buffers::PerThread);
    [StreamClass { channel, name, buffers }]
}

static CLASSES: LazyLock<[StreamClass; 1]> = LazyLock::new(classes);

/// The trace that a stream of that process is drained to.
pub fn trace<'a>(
    folder: &'a mut Option<TraceFolder>,
    process: &'a mut ProcessFile,
    output: &'a Output,
) -> Trace<'a> {
    Trace { folder, process, output, clock: clock(), classes: CLASSES.as_slice(), number: 0 }
}
