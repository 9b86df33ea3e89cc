//! The size of a stream, and the offsets of its parts.
//!
//! ```text
//!   stream:  | control page | memory 0 | memory 1 | ... | memory N + 1 |    N + 2 memories for N places:
//!            0              4096       4096 + S                             the reader has a spare, and the
//!                                                                           writers who recycle have one
//! ```
//!
//! A position is a byte count since the stream began. With sub-buffers of `S` bytes (a power of two) and `N`
//! places (a power of two), position `p` is in sub-buffer number `p / S`, at place `(p / S) % N`, at offset
//! `p % S`. The table says which memory is at a place.

use super::PAGE_BYTES;
use core::fmt;
use core::ops::RangeInclusive;

/// The most places a table holds.
#[cfg(not(loom))]
pub const MAX_SUBBUFS: usize = 256;

/// The most places a table holds: few, because loom tracks each word of the table.
#[cfg(loom)]
pub const MAX_SUBBUFS: usize = 4;

/// Accepted sub-buffer sizes, in bytes. Powers of two only.
pub const SUBBUF_SIZE_RANGE_BYTES: RangeInclusive<u64> = 4096..=(1 << 30);

/// Accepted numbers of sub-buffers. Powers of two only.
pub const SUBBUF_COUNT_RANGE: RangeInclusive<u64> = 2..=MAX_SUBBUFS as u64;

/// The maximum size of one stream, in bytes.
const MAX_STREAM_BYTES: u64 = 1 << 36;

/// Size and number of a stream's sub-buffers, checked so that arithmetic on them cannot overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Geometry {
    // The size, not its logarithm: the fast path compares with the size.
    subbuf_size_bytes: u32,
    subbuf_count: u32,
}

/// Why a geometry was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryError {
    /// The sub-buffer size is out of range or no power of two.
    SubbufSize(u64),
    /// The number of sub-buffers is out of range or no power of two.
    SubbufCount(u64),
    /// Each is acceptable by itself, but the stream would be too large.
    StreamSize(u64),
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GeometryError::SubbufSize(bytes) => write!(
                f,
                "a sub-buffer of {bytes} bytes: give a power of two from {} to {}",
                SUBBUF_SIZE_RANGE_BYTES.start(),
                SUBBUF_SIZE_RANGE_BYTES.end()
            ),
            GeometryError::SubbufCount(count) => write!(
                f,
                "{count} sub-buffers: give a power of two from {} to {}",
                SUBBUF_COUNT_RANGE.start(),
                SUBBUF_COUNT_RANGE.end()
            ),
            GeometryError::StreamSize(bytes) => write!(
                f,
                "a stream of {bytes} bytes: size times number of sub-buffers may be at most \
                 {MAX_STREAM_BYTES} bytes"
            ),
        }
    }
}

impl core::error::Error for GeometryError {}

impl Geometry {
    /// Checks a size and a number.
    ///
    /// # Errors
    /// Either is not a power of two, or out of [`SUBBUF_SIZE_RANGE_BYTES`] or [`SUBBUF_COUNT_RANGE`], or
    /// their product is too large.
    pub const fn new(subbuf_size_bytes: u64, subbuf_count: u64) -> Result<Self, GeometryError> {
        if !subbuf_size_bytes.is_power_of_two()
            || subbuf_size_bytes < *SUBBUF_SIZE_RANGE_BYTES.start()
            || subbuf_size_bytes > *SUBBUF_SIZE_RANGE_BYTES.end()
        {
            return Err(GeometryError::SubbufSize(subbuf_size_bytes));
        }
        if !subbuf_count.is_power_of_two()
            || subbuf_count < *SUBBUF_COUNT_RANGE.start()
            || subbuf_count > *SUBBUF_COUNT_RANGE.end()
        {
            return Err(GeometryError::SubbufCount(subbuf_count));
        }
        if subbuf_size_bytes * subbuf_count > MAX_STREAM_BYTES {
            return Err(GeometryError::StreamSize(subbuf_size_bytes * subbuf_count));
        }
        Ok(Self { subbuf_size_bytes: subbuf_size_bytes as u32, subbuf_count: subbuf_count as u32 })
    }

    /// A geometry too small for real use: loom's models need few states.
    #[cfg(loom)]
    pub const fn tiny(subbuf_size_bytes: u32, subbuf_count: u32) -> Self {
        Self { subbuf_size_bytes, subbuf_count }
    }

    /// Bytes of one sub-buffer.
    #[inline(always)]
    pub const fn subbuf_size_bytes(self) -> usize {
        self.subbuf_size_bytes as usize
    }

    const fn subbuf_shift(self) -> u32 {
        self.subbuf_size_bytes.trailing_zeros()
    }

    /// Number of places.
    #[inline(always)]
    pub const fn subbuf_count(self) -> usize {
        self.subbuf_count as usize
    }

    /// Number of memories: two more than places.
    #[inline]
    pub const fn memory_count(self) -> usize {
        self.subbuf_count as usize + 2
    }

    /// Bytes of all places: the furthest that the writer may run ahead of the reader.
    #[inline]
    pub const fn capacity_bytes(self) -> u64 {
        (self.subbuf_count as u64) << self.subbuf_shift()
    }

    /// The offset of position `bytes` in its sub-buffer.
    #[inline]
    pub const fn offset(self, bytes: u64) -> usize {
        bytes as usize & (self.subbuf_size_bytes() - 1)
    }

    /// The place of position `bytes`.
    #[inline]
    pub const fn place(self, bytes: u64) -> usize {
        (bytes >> self.subbuf_shift()) as usize & (self.subbuf_count as usize - 1)
    }

    /// How often position `bytes` has passed all places.
    #[inline]
    pub const fn lap(self, bytes: u64) -> u64 {
        bytes >> self.subbuf_shift() >> self.subbuf_count.trailing_zeros()
    }

    /// Start of the sub-buffer that contains position `bytes`.
    #[inline]
    pub const fn subbuf_start(self, bytes: u64) -> u64 {
        bytes >> self.subbuf_shift() << self.subbuf_shift()
    }

    /// The offset of `memory` in its stream, in bytes. `memory` must be below
    /// [`memory_count`](Self::memory_count).
    #[inline]
    pub const fn memory_offset(self, memory: usize) -> usize {
        PAGE_BYTES + (memory << self.subbuf_shift())
    }

    /// Bytes of a whole stream, including control page and spares. It may overflow in a 32-bit process, so
    /// [`RingFileShape`](super::RingFileShape) checks first.
    pub const fn stream_bytes(self) -> usize {
        self.memory_offset(self.memory_count())
    }

    /// The same in 64 bits, which cannot overflow.
    pub(super) const fn stream_file_bytes(self) -> u64 {
        PAGE_BYTES as u64 + ((self.memory_count() as u64) << self.subbuf_shift())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_geometries_are_refused_with_the_reason() {
        assert_eq!(Geometry::new(5000, 4), Err(GeometryError::SubbufSize(5000)));
        assert_eq!(Geometry::new(2048, 4), Err(GeometryError::SubbufSize(2048)));
        assert_eq!(Geometry::new(4096, 1), Err(GeometryError::SubbufCount(1)));
        assert_eq!(Geometry::new(4096, 3), Err(GeometryError::SubbufCount(3)));
        assert_eq!(Geometry::new(1 << 30, 128), Err(GeometryError::StreamSize(1 << 37)));
        assert!(Geometry::new(0, 0).is_err());
        assert!(Geometry::new(u64::MAX, u64::MAX).is_err());
    }

    #[test]
    fn positions_map_to_place_lap_and_offset() {
        let g = Geometry::new(4096, 4).unwrap();
        let p = 4096 * 9 + 40;
        assert_eq!((g.place(p), g.lap(p), g.offset(p)), (1, 2, 40));
        assert_eq!(g.subbuf_start(p), 4096 * 9);
        assert_eq!(g.stream_bytes(), 4096 + 6 * 4096);
    }
}
