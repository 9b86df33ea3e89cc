//! The first page of a ring file: one memfd that holds the streams of many threads.
//!
//! ```text
//!   | RingFileHeader | stream 0 | stream 1 | ... | stream n-1 |     each Geometry::stream_bytes() long
//! ```
//!
//! The file is sparse: a stream that no thread has claimed uses only addresses. A process with a limit on file sizes
//! (RLIMIT_FSIZE) puts fewer streams into a file, and makes more files. The process writes the header once, before it
//! shows the file to anybody. Afterwards only the atomic words change.

use super::layout::layout;
use super::orderings as order;
use super::{ABI, Buffers, Geometry, GeometryError, Mode, PAGE_BYTES};
use crate::sync::{AtomicU32, AtomicU64};

/// First eight bytes of a ring file: "USTRING" and a zero byte.
pub const RING_FILE_MAGIC: u64 = u64::from_le_bytes(*b"USTRING\0");

/// The most streams in one file: the process keeps one bit for each in a word.
pub const MAX_STREAMS_PER_FILE: u32 = 64;

/// The most ring files of one channel in one process.
pub const MAX_RING_FILES: u32 = 480;

/// A file gets streams up to this many bytes of addresses.
const FILE_BYTES_AIM: u64 = 256 << 20;

/// First page of a ring file.
#[repr(C)]
pub struct RingFileHeader {
    /// [`RING_FILE_MAGIC`].
    pub magic: u64,
    /// [`ABI`].
    pub abi_version: u32,
    /// Number of streams that the file has room for.
    pub stream_count: u32,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Places of each stream.
    pub subbuf_count: u32,
    /// The file's number among the process's ring files of this channel, from 0.
    pub file_index: u32,
    /// Identity of the process, as in its process file.
    pub process_uid: [u8; 16],
    /// Identity of the channel, as the rules name it.
    pub channel_uid: u64,
    /// Streams that have ever been claimed, one bit each. Claiming threads write it. The reader looks at no other
    /// streams, because those may have no memory.
    pub streams_claimed: AtomicU64,
    /// What a writer does when there is no room: [`Mode`], as a word.
    pub mode: u64,
    /// Who writes to one stream: [`Buffers`].
    pub buffers: u32,
    /// The `errno` with which locking a stream into memory failed; 0 if it did not fail.
    pub lock_errno: AtomicU32,
    reserved: [u32; 12],
}

layout!(RingFileHeader as "RingFileHeader" {
    magic @ 0,
    abi_version @ 8,
    stream_count @ 12,
    subbuf_size_bytes @ 16,
    subbuf_count @ 24,
    file_index @ 28,
    process_uid @ 32,
    channel_uid @ 48,
    streams_claimed @ 56,
    mode @ 64,
    buffers @ 72,
    lock_errno @ 76,
    reserved @ 80,
} ends 128);

impl RingFileHeader {
    /// A header for streams of `geometry`, as many as one file takes.
    pub fn new(
        geometry: Geometry,
        buffers: Buffers,
        mode: Mode,
        process_uid: [u8; 16],
        channel_uid: u64,
        file_index: u32,
    ) -> Self {
        Self {
            magic: RING_FILE_MAGIC,
            abi_version: ABI.to_word(),
            stream_count: streams_per_file(geometry),
            subbuf_size_bytes: geometry.subbuf_size_bytes() as u64,
            subbuf_count: geometry.subbuf_count() as u32,
            file_index,
            process_uid,
            channel_uid,
            streams_claimed: AtomicU64::new(0),
            mode: mode.to_word(),
            buffers: buffers as u32,
            lock_errno: AtomicU32::new(0),
            reserved: [0; 12],
        }
    }

    /// Announces that a stream has been claimed, and so is initialised.
    pub fn add_claimed(&self, number: u32) {
        self.streams_claimed.fetch_or(1 << number, order::claimed_add());
    }

    /// The claimed streams, by the untrusted word, restricted to those that the file has.
    pub fn claimed(&self, stream_count: u32) -> impl Iterator<Item = u32> + use<> {
        let claimed = self.streams_claimed.load(order::claimed_load());
        (0..stream_count.min(u64::BITS)).filter(move |number| claimed & 1 << number != 0)
    }
}

/// The number of streams of `geometry` in one file.
fn streams_per_file(geometry: Geometry) -> u32 {
    // In 64 bits on every machine, so both sides compute the same number.
    (FILE_BYTES_AIM / geometry.stream_file_bytes()).clamp(1, MAX_STREAMS_PER_FILE.into()) as u32
}

/// Whether a file of that many streams can be mapped at all: 32 bits cannot address the largest.
fn is_addressable(geometry: Geometry, stream_count: u32) -> bool {
    let bytes = PAGE_BYTES as u64 + u64::from(stream_count) * geometry.stream_file_bytes();
    bytes <= isize::MAX as u64
}

/// The content of a checked header: the reader's own copy, which no process can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingFileShape {
    /// Size and number of each stream's sub-buffers.
    pub geometry: Geometry,
    /// Number of streams.
    pub stream_count: u32,
}

impl RingFileShape {
    /// The shape that the process gives a file of `geometry`; `None` if it cannot address even one stream.
    pub fn of(geometry: Geometry) -> Option<Self> {
        let stream_count = streams_per_file(geometry);
        is_addressable(geometry, stream_count).then_some(Self { geometry, stream_count })
    }

    /// The same shape with fewer streams, if no file may be longer than `most_bytes`. `None` if not even one stream
    /// fits.
    pub fn within(self, most_bytes: u64) -> Option<Self> {
        let room_bytes = most_bytes.saturating_sub(PAGE_BYTES as u64);
        let most = room_bytes / self.geometry.stream_file_bytes();
        let stream_count = most.min(self.stream_count.into()) as u32;
        (stream_count > 0).then_some(Self { stream_count, ..self })
    }

    /// Checks an untrusted header.
    ///
    /// # Errors
    /// The geometry is not accepted. A stream count out of range is reported as a stream size, and so is a file that
    /// this machine cannot address.
    pub fn check(
        subbuf_size_bytes: u64,
        subbuf_count: u32,
        stream_count: u32,
    ) -> Result<Self, GeometryError> {
        let geometry = Geometry::new(subbuf_size_bytes, subbuf_count.into())?;
        if stream_count == 0 || stream_count > MAX_STREAMS_PER_FILE {
            return Err(GeometryError::StreamSize(stream_count.into()));
        }
        if !is_addressable(geometry, stream_count) {
            return Err(GeometryError::StreamSize(geometry.stream_file_bytes()));
        }
        Ok(Self { geometry, stream_count })
    }

    /// Bytes of the whole file.
    pub const fn file_bytes(self) -> usize {
        self.stream_offset(self.stream_count)
    }

    /// The offset of stream number `index`.
    pub const fn stream_offset(self, index: u32) -> usize {
        PAGE_BYTES + index as usize * self.geometry.stream_bytes()
    }
}
