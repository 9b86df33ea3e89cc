//! The position word: where the next record goes, and how long the record before it is.
//!
//! ```text
//!    63 ............................ 16 15 ............. 0
//!   +----------------------------------+------------------+
//!   | position, in words of four bytes | last record's    |
//!   | since the stream began           | length, in words |
//!   +----------------------------------+------------------+
//! ```
//!
//! One compare-and-swap moves both. So a writer that has the word knows where the frame word of the
//! preceding record is, without another load that could be stale. Positions only grow. 2^48 words
//! are a pebibyte: 17 days of one thread that does nothing but trace. A stream that gets there
//! counts its records as lost rather than wrap.

use super::frame::WORD_BYTES;

const LENGTH_BITS: u32 = 16;
const LENGTH_MASK: u64 = (1 << LENGTH_BITS) - 1;

/// A value of the position word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(u64);

impl Position {
    /// The highest byte position that the word can hold.
    pub const MAX_BYTES: u64 = (1 << (64 - LENGTH_BITS)) * WORD_BYTES as u64 - WORD_BYTES as u64;

    /// Reads a word that may hold anything.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// The word.
    #[inline(always)]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Where the next record goes, in bytes since the stream began.
    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        (self.0 >> LENGTH_BITS) * WORD_BYTES as u64
    }

    /// Bytes from the start of a sub-buffer to here. More than any sub-buffer's length if the
    /// sub-buffer starts after this position.
    #[inline(always)]
    pub const fn bytes_behind(self, subbuf_start: Self) -> u64 {
        (self.0.wrapping_sub(subbuf_start.0) >> LENGTH_BITS) * WORD_BYTES as u64
    }

    /// Bytes from the start of the last record to here, including its padding to a word.
    #[inline(always)]
    pub const fn last_record_bytes(self) -> usize {
        (self.0 & LENGTH_MASK) as usize * WORD_BYTES
    }

    /// The position right after a record of `record_bytes` (a multiple of four, at most
    /// [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES)) that is written here.
    #[inline(always)]
    pub const fn after(self, record_bytes: usize) -> Self {
        let words = (record_bytes / WORD_BYTES) as u64;
        Self((self.0 & !LENGTH_MASK).wrapping_add(words << LENGTH_BITS | words))
    }

    /// Position `bytes` (a multiple of four), with no record before it.
    #[inline]
    pub const fn at(bytes: u64) -> Self {
        Self((bytes / WORD_BYTES as u64) << LENGTH_BITS)
    }

    /// The position after a record of `record_bytes` that begins at byte `start`.
    #[inline]
    pub const fn behind_record_at(start: u64, record_bytes: usize) -> Self {
        Self::at(start).after(record_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::MAX_RECORD_BYTES;

    #[test]
    fn a_record_moves_the_position_by_its_length_and_is_remembered() {
        let p = Position::from_word(0).after(12).after(MAX_RECORD_BYTES);
        assert_eq!(p.bytes(), 12 + MAX_RECORD_BYTES as u64);
        assert_eq!(p.last_record_bytes(), MAX_RECORD_BYTES);
        let q = Position::behind_record_at(1 << 40, 16);
        assert_eq!((q.bytes(), q.last_record_bytes()), ((1 << 40) + 16, 16));
    }

    #[test]
    fn what_lies_before_a_sub_buffer_is_far_behind_it() {
        let start = Position::at(1 << 20);
        assert_eq!(Position::behind_record_at((1 << 20) + 40, 16).bytes_behind(start), 56);
        let before = Position::behind_record_at((1 << 20) - 20, 16);
        assert!(before.bytes_behind(start) > 1 << 48);
    }
}
