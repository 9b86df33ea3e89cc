//! Contents of a stream that no writer of this version stores.

use core::fmt;

/// What is wrong. Nothing more can be read from the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// A frame word's length is shorter than a frame word, or reaches beyond its sub-buffer.
    FrameLength {
        /// Position of the frame.
        position: u64,
        /// The claimed length.
        length_bytes: usize,
    },
    /// The table names a memory that does not exist, or an impossible lap.
    Table {
        /// The place.
        place: usize,
    },
    /// The write position is behind the reader, or further ahead than there is memory.
    Position {
        /// The claimed position.
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
