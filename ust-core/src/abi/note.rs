//! A note: what the writers tell the reader within the ring, between event records.
//!
//! ```text
//!   frame word | owner  u32 | records lost so far  u64 |        16 bytes in all, no CTF header
//! ```
//!
//! There is a note at the start of each sub-buffer, so a reader that has only that sub-buffer knows the
//! records' owner. There is another where a stream changes owners, and where a record was lost without
//! leaving the sub-buffer. Because a note has its place among the records, the reader knows *where* records
//! are missing, not only how many.

use super::WORD_BYTES;

/// Bytes of a note, its frame word included.
pub const NOTE_BYTES: usize = WORD_BYTES + 12;

/// What a note says about the records after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Their owner: the kernel thread id, or in a per-CPU stream the CPU number.
    pub owner: u32,
    /// Records that this stream had lost before them, for all causes that writers count.
    pub lost: u64,
}

impl Note {
    /// As words of the ring.
    #[inline]
    pub const fn to_words(self) -> [u32; 3] {
        [self.owner, self.lost as u32, (self.lost >> 32) as u32]
    }

    /// From words of the ring, which may hold anything.
    #[inline]
    pub const fn from_words(words: [u32; 3]) -> Self {
        Self { owner: words[0], lost: words[1] as u64 | (words[2] as u64) << 32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back() {
        let note = Note { owner: 0xdead_beef, lost: u64::MAX - 1 };
        assert_eq!(Note::from_words(note.to_words()), note);
        assert_eq!(WORD_BYTES + size_of_val(&note.to_words()), NOTE_BYTES);
    }
}
