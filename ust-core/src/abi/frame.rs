//! The frame word: the first four bytes of every record. The reader walks a sub-buffer by them.
//!
//! ```text
//!    31 30   29    28 ................ 0
//!   +-----+------+---------------------+
//!   |state| note |  length in bytes    |     the length is exact and includes the frame word;
//!   +-----+------+---------------------+     the next frame is at the next multiple of four
//!
//!   00 empty      memory is as it was when the sub-buffer was entered: nothing stored yet
//!   01 in flight  space is reserved; what follows may be half written
//!   10 committed  what follows is whole and will not change until the sub-buffer is given back
//!   11 pad        nothing follows to the end of the sub-buffer
//! ```
//!
//! A frame goes from empty to in flight to committed, or from empty to pad.

/// Records, and so frame words, begin at multiples of this.
pub const WORD_BYTES: usize = 4;

/// The longest record, including its frame word: as many words as 16 bits can count.
pub const MAX_RECORD_BYTES: usize = 0xffff * WORD_BYTES;

const STATE_SHIFT: u32 = 30;
const NOTE_BIT: u32 = 1 << 29;
const LENGTH_MASK: u32 = NOTE_BIT - 1;

/// What a committed frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// An event record: header and payload in CTF's format.
    Event,
    /// A note from the writers to the reader (the new owner of the stream); no event.
    Note,
}

impl FrameKind {
    #[inline(always)]
    const fn bit(self) -> u32 {
        match self {
            FrameKind::Event => 0,
            FrameKind::Note => NOTE_BIT,
        }
    }
}

/// A decoded frame word. Its length is not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Nothing stored yet.
    Empty,
    /// Reserved, possibly half written.
    InFlight {
        /// What it will hold.
        kind: FrameKind,
        /// Exact bytes, the frame word included.
        length_bytes: usize,
    },
    /// Whole.
    Committed {
        /// What it holds.
        kind: FrameKind,
        /// Exact bytes, the frame word included.
        length_bytes: usize,
    },
    /// Nothing more follows in this sub-buffer.
    Pad {
        /// Bytes up to the end of the sub-buffer.
        length_bytes: usize,
    },
}

impl Frame {
    /// Reads a word that may hold anything.
    #[inline]
    pub fn decode(word: u32) -> Self {
        let length_bytes = (word & LENGTH_MASK) as usize;
        let kind = if word & NOTE_BIT != 0 { FrameKind::Note } else { FrameKind::Event };
        match word >> STATE_SHIFT {
            0 => Frame::Empty,
            1 => Frame::InFlight { kind, length_bytes },
            2 => Frame::Committed { kind, length_bytes },
            _ => Frame::Pad { length_bytes },
        }
    }

    /// The word of a reservation.
    #[inline(always)]
    pub const fn in_flight(kind: FrameKind, length_bytes: usize) -> u32 {
        1 << STATE_SHIFT | kind.bit() | length_bytes as u32
    }

    /// The word of a committed record.
    #[inline(always)]
    pub const fn committed(kind: FrameKind, length_bytes: usize) -> u32 {
        2 << STATE_SHIFT | kind.bit() | length_bytes as u32
    }

    /// The word that ends a sub-buffer early.
    #[inline]
    pub const fn pad(length_bytes: usize) -> u32 {
        3 << STATE_SHIFT | length_bytes as u32
    }

    /// Bytes of a committed event record behind its frame word, at least one; `None` if `word` is that of anything else.
    /// Not yet checked against the rest of the sub-buffer.
    #[inline(always)]
    pub const fn committed_event_bytes(word: u32) -> Option<usize> {
        let length_bytes = (word & LENGTH_MASK) as usize;
        if word & !LENGTH_MASK == 2 << STATE_SHIFT && length_bytes > WORD_BYTES {
            Some(length_bytes - WORD_BYTES)
        } else {
            None
        }
    }

    /// Bytes from a committed record, of either kind, to the next one; `None` if `word` is that of anything else. Not
    /// yet checked against the rest of the sub-buffer.
    #[inline(always)]
    pub const fn committed_stride(word: u32) -> Option<usize> {
        if Self::is_committed(word) && word & LENGTH_MASK >= WORD_BYTES as u32 {
            Some(Self::stride((word & LENGTH_MASK) as usize))
        } else {
            None
        }
    }

    /// Bytes from a frame of that length to the next one. `next_multiple_of` in fewer instructions, without a check for
    /// lengths that no frame word can have.
    #[inline(always)]
    pub const fn stride(length_bytes: usize) -> usize {
        (length_bytes + (WORD_BYTES - 1)) & !(WORD_BYTES - 1)
    }

    /// Whether `word` is that of a committed record, of either kind.
    #[inline(always)]
    pub const fn is_committed(word: u32) -> bool {
        word >> STATE_SHIFT == 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constructor_decodes_to_itself() {
        for length_bytes in [4, 5, 8, 12, MAX_RECORD_BYTES] {
            for kind in [FrameKind::Event, FrameKind::Note] {
                let word = Frame::committed(kind, length_bytes);
                assert_eq!(Frame::decode(word), Frame::Committed { kind, length_bytes });
                assert!(Frame::is_committed(word));
                let word = Frame::in_flight(kind, length_bytes);
                assert_eq!(Frame::decode(word), Frame::InFlight { kind, length_bytes });
                assert!(!Frame::is_committed(word));
            }
            let stride = length_bytes.next_multiple_of(WORD_BYTES);
            let [event, note] = [FrameKind::Event, FrameKind::Note];
            let record_bytes = (length_bytes > WORD_BYTES).then(|| length_bytes - WORD_BYTES);
            for (kind, bytes) in [(event, record_bytes), (note, None)] {
                let word = Frame::committed(kind, length_bytes);
                assert_eq!(Frame::committed_event_bytes(word), bytes);
                assert_eq!(Frame::committed_stride(word), Some(stride));
                for word in [Frame::in_flight(kind, length_bytes), Frame::pad(length_bytes)] {
                    assert_eq!(Frame::committed_event_bytes(word), None);
                    assert_eq!(Frame::committed_stride(word), None);
                }
            }
            assert_eq!(Frame::decode(Frame::pad(length_bytes)), Frame::Pad { length_bytes });
            assert!(!Frame::is_committed(Frame::pad(length_bytes)));
        }
        assert_eq!(Frame::decode(0), Frame::Empty);
        for too_short in [0, WORD_BYTES - 1] {
            let word = Frame::committed(FrameKind::Event, too_short);
            assert_eq!(Frame::committed_event_bytes(word), None, "a walk would stand still");
            assert_eq!(Frame::committed_stride(word), None, "a walk would stand still");
        }
    }
}
