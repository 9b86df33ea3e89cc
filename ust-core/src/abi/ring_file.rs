//! The first page of a ring file: one memfd that holds the streams of many threads.
//!
//! ```text
//!   | RingFileHeader | stream 0 | stream 1 | ... | stream n-1 |     each Geometry::stream_bytes() long
//! ```
//!
//! The file is sparse: a stream that no thread has claimed costs nothing but addresses. The process
//! writes the header once, before it shows the file to anybody; only the words marked so change.

use super::{ABI_VERSION, Geometry, GeometryError, PAGE_BYTES};
use crate::sync::{AtomicU32, Ordering};
#[cfg(not(loom))]
use core::mem::offset_of;

/// First eight bytes of a ring file: "USTRING" and a zero byte.
pub const RING_FILE_MAGIC: u64 = u64::from_le_bytes(*b"USTRING\0");

/// The most streams in one file: the process keeps one bit for each in a word.
pub const MAX_STREAMS_PER_FILE: u32 = 64;

/// Streams are put into one file up to this many bytes of addresses.
const FILE_BYTES_AIM: usize = 256 << 20;

/// First page of a ring file.
#[repr(C)]
pub struct RingFileHeader {
    /// [`RING_FILE_MAGIC`].
    pub magic: u64,
    /// [`ABI_VERSION`].
    pub abi_version: u32,
    /// Number of streams that the file has room for.
    pub stream_count: u32,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Places of each stream.
    pub subbuf_count: u32,
    /// Which of the process's ring files of this channel it is, from 0.
    pub file_index: u32,
    /// Identity of the process, as in its process file.
    pub process_uid: [u8; 16],
    /// Identity of the channel, as the rules name it.
    pub channel_uid: u64,
    /// Streams that have ever been claimed: the reader looks no further. Written by claiming threads.
    pub streams_claimed: AtomicU32,
    reserved: u32,
}

#[cfg(not(loom))]
const _: () = {
    assert!(offset_of!(RingFileHeader, stream_count) == 12);
    assert!(offset_of!(RingFileHeader, subbuf_size_bytes) == 16);
    assert!(offset_of!(RingFileHeader, subbuf_count) == 24);
    assert!(offset_of!(RingFileHeader, process_uid) == 32);
    assert!(offset_of!(RingFileHeader, channel_uid) == 48);
    assert!(offset_of!(RingFileHeader, streams_claimed) == 56);
    assert!(size_of::<RingFileHeader>() == 64);
};

impl RingFileHeader {
    /// A header for streams of `geometry`, with as many of them as one file takes.
    pub fn new(
        geometry: Geometry,
        process_uid: [u8; 16],
        channel_uid: u64,
        file_index: u32,
    ) -> Self {
        Self {
            magic: RING_FILE_MAGIC,
            abi_version: ABI_VERSION,
            stream_count: streams_per_file(geometry),
            subbuf_size_bytes: geometry.subbuf_size_bytes() as u64,
            subbuf_count: geometry.subbuf_count() as u32,
            file_index,
            process_uid,
            channel_uid,
            streams_claimed: AtomicU32::new(0),
            reserved: 0,
        }
    }

    /// Streams that have been claimed, as the untrusted word says but never more than the file has.
    pub fn claimed(&self, stream_count: u32) -> u32 {
        // Acquire: pairs with the claim's release, so that what initialised the streams is seen.
        self.streams_claimed.load(Ordering::Acquire).min(stream_count)
    }
}

/// How many streams of `geometry` go into one file.
fn streams_per_file(geometry: Geometry) -> u32 {
    (FILE_BYTES_AIM / geometry.stream_bytes()).clamp(1, MAX_STREAMS_PER_FILE as usize) as u32
}

/// What a checked header says: the reader's copy, which nobody can change any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingFileShape {
    /// Size and number of each stream's sub-buffers.
    pub geometry: Geometry,
    /// Number of streams.
    pub stream_count: u32,
}

impl RingFileShape {
    /// The shape that the process gives a file of `geometry`.
    pub fn of(geometry: Geometry) -> Self {
        Self { geometry, stream_count: streams_per_file(geometry) }
    }

    /// Checks what an untrusted header claims.
    ///
    /// # Errors
    /// The geometry is none that is accepted. A stream count out of range is reported as a stream size.
    pub fn check(
        subbuf_size_bytes: u64,
        subbuf_count: u32,
        stream_count: u32,
    ) -> Result<Self, GeometryError> {
        let geometry = Geometry::new(subbuf_size_bytes, subbuf_count.into())?;
        if stream_count == 0 || stream_count > MAX_STREAMS_PER_FILE {
            return Err(GeometryError::StreamSize(stream_count.into()));
        }
        Ok(Self { geometry, stream_count })
    }

    /// Bytes of the whole file.
    pub const fn file_bytes(self) -> usize {
        self.stream_offset(self.stream_count)
    }

    /// Where stream number `index` begins.
    pub const fn stream_offset(self, index: u32) -> usize {
        PAGE_BYTES + index as usize * self.geometry.stream_bytes()
    }
}
