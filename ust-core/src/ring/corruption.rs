//! What a reader finds that no writer of this version would have stored.

use core::fmt;

/// Nothing more can be had of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// A frame word's length is too short for a frame word, or leads out of its sub-buffer.
    FrameLength {
        /// Position of the frame.
        position: u64,
        /// What it says.
        length_bytes: usize,
    },
    /// The table names a memory that does not exist, or a lap that cannot be.
    Table {
        /// The place.
        place: usize,
    },
    /// The write position stands behind the reader, or further ahead than there is memory.
    Position {
        /// What it says.
        position: u64,
    },
    /// The table's entry changed while the reader exchanged it.
    Exchange {
        /// The place.
        place: usize,
    },
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Corruption::FrameLength { position, length_bytes } => write!(
                f,
                "the frame word at position {position} claims {length_bytes} bytes, which is not possible there"
            ),
            Corruption::Table { place } => {
                write!(f, "place {place} of the table names no memory that can be there")
            }
            Corruption::Position { position } => {
                write!(f, "the write position {position} is out of reach")
            }
            Corruption::Exchange { place } => {
                write!(f, "place {place} of the table changed under the reader")
            }
        }
    }
}

impl core::error::Error for Corruption {}
