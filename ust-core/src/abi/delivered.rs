//! The word `delivered[place]`: the checksum of the last full sub-buffer at that place.
//!
//! ```text
//!      31       30 ......... 24   23 ...................... 0
//!   +---------+----------------+----------------------------+
//!   | present |  lap, its low  |  CRC-32 of the memory, its |
//!   |         |  seven bits    |  low 24 bits               |
//!   +---------+----------------+----------------------------+
//! ```
//!
//! The control page has no room for more bits. A word of another lap says nothing about this lap's sub-buffer.
//! A stale word is mistaken for this lap's only if no word was stored for 128 laps.

const PRESENT_BIT: u32 = 1 << 31;
const LAP_SHIFT: u32 = 24;
const LAP_MASK: u64 = 0x7f;
const CRC_MASK: u32 = (1 << LAP_SHIFT) - 1;

/// A checksum, and the lap that it belongs to. Any bits are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered(u32);

impl Delivered {
    /// No checksum.
    pub const NONE: Self = Self(0);

    /// The checksum of the sub-buffer that is at the place in this lap.
    pub const fn new(lap: u64, crc32: u32) -> Self {
        Self(PRESENT_BIT | ((lap & LAP_MASK) as u32) << LAP_SHIFT | crc32 & CRC_MASK)
    }

    /// Reads a word that may hold anything.
    pub const fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// The word.
    pub const fn word(self) -> u32 {
        self.0
    }

    /// Whether it belongs to the sub-buffer of this lap.
    pub const fn is_of(self, lap: u64) -> bool {
        self.0 & !CRC_MASK == Self::new(lap, 0).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_of_one_lap() {
        let delivered = Delivered::new(300, 0xdead_beef);
        assert_eq!(Delivered::from_word(delivered.word()), delivered);
        assert!(delivered.is_of(300) && !delivered.is_of(299) && !delivered.is_of(301));
        assert_ne!(delivered, Delivered::new(300, 0xdead_beee));
        // Also if lap and checksum are zero.
        assert!(!Delivered::NONE.is_of(0) && Delivered::new(0, 0).is_of(0));
    }
}
