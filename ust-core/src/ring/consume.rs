//! Consume: step I, the reader's walk along the frame words.
//!
//! ```text
//!              memory of the sub-buffer at the cursor
//!   |AAAA BB CCCC DDDD ....        |        a sub-buffer is read in place while writers are in it ...
//!              ^ cursor
//!   |AAAA BB CCCC DDDD EEEE FF PPPP|        ... or, once complete, taken (see `exchange`) and read
//!              ^ cursor                         out of memory that is the reader's alone
//! ```
//!
//! Nothing in shared memory is believed: lengths are compared with the sub-buffer's end, table entries
//! with the number of memories, and whatever does not fit ends the walk with a [`Corruption`]. Each step
//! moves the cursor by at least a word, so a walk ends.
#![allow(unsafe_code)]

use super::{RingMemory, orderings as order};
use crate::abi::{Frame, FrameKind, Geometry, Position, TABLE_MEMORY_MASK, WORD_BYTES};
use core::fmt;

/// The reading end of one stream.
///
/// There is one reader a stream at any time; who upholds that is the daemon, which is given each stream
/// by exactly one process.
#[derive(Debug)]
pub struct Reader<M> {
    pub(super) ring: M,
    pub(super) geometry: Geometry,
    /// Position at which the sub-buffer that is being read begins.
    pub(super) subbuf_start: u64,
    /// Everything before this offset of it has been handed out; its size when it is at its end.
    pub(super) offset: usize,
    /// Zeroed memory that stands at no place; none while `taken` is being read.
    pub(super) spare: Option<usize>,
    /// The memory of this sub-buffer, once it has been exchanged.
    pub(super) taken: Option<usize>,
}

/// A committed record, by where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Event record or note.
    pub kind: FrameKind,
    /// The memory that it lies in.
    pub memory: usize,
    /// Where in it the bytes behind the frame word begin.
    pub offset: usize,
    /// How many they are.
    pub length_bytes: usize,
    /// Position right behind it.
    pub end_position: u64,
}

/// What a writer of this version would never have stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// A frame word's length is too short for a frame word, or leads out of its sub-buffer.
    FrameLength {
        /// Position of the frame.
        position: u64,
        /// What it says.
        length_bytes: usize,
    },
    /// The table names a memory that does not exist.
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
            Corruption::Table { place } => write!(f, "place {place} of the table names no memory"),
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

impl<M: RingMemory> Reader<M> {
    /// The reader of a stream that has never had one.
    pub fn new(ring: M) -> Self {
        let geometry = ring.geometry();
        // The process gave the places the memories of their own numbers; the last one is left over.
        let spare = Some(geometry.subbuf_count());
        Self { ring, geometry, subbuf_start: 0, offset: 0, spare, taken: None }
    }

    /// The stream's parts.
    pub fn ring(&self) -> &M {
        &self.ring
    }

    /// Position below which everything has been handed out.
    pub fn cursor(&self) -> u64 {
        self.subbuf_start + self.offset as u64
    }

    /// The records lost so far, by cause: index with [`LossCause`](crate::abi::LossCause).
    pub fn lost(&self) -> [u64; 8] {
        core::array::from_fn(|cause| self.ring.control().lost[cause].load(order::lost_load()))
    }

    /// Whether writers have left the sub-buffer at the cursor: a hint that costs one load, and saves
    /// walking frames for nothing.
    pub fn is_left_behind(&self) -> bool {
        self.untrusted_write_position()
            >= self.subbuf_start + self.geometry.subbuf_size_bytes() as u64
    }

    /// Where writers are, as the shared word claims: good for a hint, or for where to stop.
    pub fn untrusted_write_position(&self) -> u64 {
        let position = self.ring.control().position.load(order::position_load());
        Position::from_word(position).bytes()
    }

    /// Whether the sub-buffer has been handed out to its end.
    pub fn is_at_end(&self) -> bool {
        self.offset == self.geometry.subbuf_size_bytes()
    }

    /// The next committed record of this sub-buffer; `None` when there is none yet, or no more.
    ///
    /// # Errors
    /// The stream holds what no writer stores. Nothing more can be had of it.
    #[allow(clippy::should_implement_trait)] // It can go on after a `None`, and it can fail.
    pub fn next(&mut self) -> Result<Option<Found>, Corruption> {
        if self.is_at_end() {
            return Ok(None);
        }
        let memory = self.memory()?;
        match self.frame(memory, self.offset)? {
            Frame::Committed { kind, length_bytes } => {
                let offset = self.offset + WORD_BYTES;
                self.offset += length_bytes.next_multiple_of(WORD_BYTES);
                Ok(Some(Found {
                    kind,
                    memory,
                    offset,
                    length_bytes: length_bytes - WORD_BYTES,
                    end_position: self.cursor(),
                }))
            }
            Frame::Pad { length_bytes } => {
                self.offset += length_bytes;
                Ok(None)
            }
            Frame::Empty | Frame::InFlight { .. } => Ok(None),
        }
    }

    /// Whether every frame of this sub-buffer, up to its end, is committed.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    pub fn is_complete(&self) -> Result<bool, Corruption> {
        let memory = self.memory()?;
        let mut offset = self.offset;
        while offset < self.geometry.subbuf_size_bytes() {
            match self.frame(memory, offset)? {
                Frame::Committed { length_bytes, .. } => {
                    offset += length_bytes.next_multiple_of(WORD_BYTES);
                }
                Frame::Pad { length_bytes } => offset += length_bytes,
                Frame::Empty | Frame::InFlight { .. } => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The memory that this sub-buffer lies in.
    pub(super) fn memory(&self) -> Result<usize, Corruption> {
        if let Some(taken) = self.taken {
            return Ok(taken);
        }
        let place = self.geometry.place(self.subbuf_start);
        let untrusted_entry = self.ring.control().table[place].load(order::table_load());
        let memory = (untrusted_entry & TABLE_MEMORY_MASK) as usize;
        if memory < self.geometry.memory_count() {
            Ok(memory)
        } else {
            Err(Corruption::Table { place })
        }
    }

    /// The frame word at `offset`, which is below the sub-buffer's size; its length fits what is left.
    pub(super) fn frame(&self, memory: usize, offset: usize) -> Result<Frame, Corruption> {
        // SAFETY: `memory` was checked, and the offset is a sum of multiples of four.
        let word = unsafe { self.ring.frame(memory, offset) }.load(order::frame_read());
        let untrusted_frame = Frame::decode(word);
        let left = self.geometry.subbuf_size_bytes() - offset;
        let length_bytes = match untrusted_frame {
            Frame::Empty => return Ok(Frame::Empty),
            Frame::Committed { length_bytes, .. } | Frame::InFlight { length_bytes } => {
                length_bytes
            }
            // A pad goes to the end, or it is none.
            Frame::Pad { length_bytes } if length_bytes == left => return Ok(untrusted_frame),
            Frame::Pad { length_bytes } => {
                return Err(self.bad_length(offset, length_bytes));
            }
        };
        if length_bytes < WORD_BYTES || length_bytes.next_multiple_of(WORD_BYTES) > left {
            return Err(self.bad_length(offset, length_bytes));
        }
        Ok(untrusted_frame)
    }

    fn bad_length(&self, offset: usize, length_bytes: usize) -> Corruption {
        Corruption::FrameLength { position: self.subbuf_start + offset as u64, length_bytes }
    }
}
