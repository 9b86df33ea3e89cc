//! Consume: step I, the reader's walk along the frame words.
//!
//! ```text
//!              memory of the sub-buffer at the cursor
//!   |nAAAA BB CCCC DDDD ....        |       a sub-buffer is read in place while writers are in it ...
//!              ^ cursor
//!   |nAAAA BB CCCC DDDD EEEE FF PPPP|       ... and also when they have left it, or is taken (see `exchange`)
//!              ^ cursor                         and read from memory that only the reader uses
//!
//! Where writers overwrite, nothing is read in place: it is copied, and the copy is checked (see `snapshot`).
//!
//! The reader trusts nothing in shared memory. It compares lengths with the sub-buffer's end, and table entries with
//! the number of memories; anything that does not fit ends the walk with a [`Corruption`]. Each step moves the cursor
//! by at least a word, so a walk ends. How long each call can last, whatever a writer stores meanwhile:
//!
//! | call | at most | the bound is |
//! | --- | --- | --- |
//! | `next`, `copy_row` | one sub-buffer | its size: each frame moves the cursor |
//! | `take` | one sub-buffer, each frame twice, however often it is tried | its size, `complete_bytes` |
//! | `catch_up` | two looks a place | `MAX_LOOKS_PER_PLACE`; the rest is for the next call |
//! | `copy` | one sub-buffer; holes are searched four times | its size, `MAX_SEARCHES` |
//! | `next_after_death`, all calls together | one ring, from where the first call began | `end_after_death` |
//! | `close` | `MAX_TRIES` a place | then the stream's own word closes it |
//! | `count_missed` | `TRIES` | then the last count is used |
//!
//! So what the ring can hold ([`reach`](Reader::reach)) bounds one turn of a stream, not the position that its process
//! claims.
#![allow(unsafe_code)]

use super::missed::Missed;
use super::{Corruption, RingMemory, orderings as order};
use crate::abi::{Frame, FrameKind, Geometry, Position, TableEntry, WORD_BYTES};

/// How far ahead of a walk the memory is fetched. Another processor wrote it, so it is far away; and from page to page
/// a processor does not fetch ahead by itself.
pub(super) const PREFETCHED_BYTES: usize = 1024;

/// So many equal frame words, one behind the other, are expected to go on.
const REPEATS_OF_A_ROW: u32 = 8;

/// The reading end of one stream.
///
/// Only one reader at a time may take. The consumer upholds this: exactly one process gives it each stream. Readers
/// that only copy ([`copy`](Self::copy)) may exist beside it.
#[derive(Debug)]
pub struct Reader<M> {
    pub(super) ring: M,
    pub(super) geometry: Geometry,
    /// Position at which the present sub-buffer begins.
    pub(super) subbuf_start: u64,
    /// Everything before this offset of the present sub-buffer has been handed out. Its size if the reader is at its
    /// end.
    pub(super) offset: usize,
    /// Zeroed memory that is at no place. None while `taken` is being read.
    pub(super) spare: Option<usize>,
    /// The memory of the present sub-buffer, once it has been exchanged.
    pub(super) taken: Option<usize>,
    /// Every frame of the present sub-buffer before this offset has been seen committed.
    pub(super) complete_bytes: usize,
    /// The furthest position that dead writers can have reached, fixed when the reader first looks for it.
    pub(super) end_of_dead: Option<u64>,
    /// What writers have overwritten.
    pub(super) missed: Missed,
    /// Events that were skipped: their writers had begun but not ended them.
    pub(super) holes: u64,
    /// Full sub-buffers whose checksum was wrong.
    pub(super) damaged: u64,
}

/// A committed record, by its place in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Event record or note.
    pub kind: FrameKind,
    /// The memory that contains it.
    pub memory: usize,
    /// Offset in the memory of the bytes after the frame word.
    pub offset: usize,
    /// The number of those bytes.
    pub length_bytes: usize,
    /// Position right after it.
    pub end_position: u64,
}

impl<M: RingMemory> Reader<M> {
    /// The reader of a stream that has never had a reader.
    pub fn new(ring: M) -> Self {
        let geometry = ring.geometry();
        Self {
            ring,
            geometry,
            subbuf_start: 0,
            offset: 0,
            // At first each place has the memory of its own number. Of the two other memories the first is the
            // reader's.
            spare: Some(geometry.subbuf_count()),
            taken: None,
            complete_bytes: 0,
            end_of_dead: None,
            missed: Missed::default(),
            holes: 0,
            damaged: 0,
        }
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

    /// Events that were in flight and were skipped: see [`next_after_death`](Self::next_after_death).
    pub fn holes(&self) -> u64 {
        self.holes
    }

    /// Full sub-buffers that were skipped, because a machine crash has torn what their writers left. See
    /// [`next_after_death`](Self::next_after_death).
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Whether writers have left the sub-buffer at the cursor. A hint that costs one load, and saves walking frames in
    /// vain.
    pub fn is_left_behind(&self) -> bool {
        self.untrusted_write_position()
            >= self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64)
    }

    /// Where writers are, as the shared word claims. Only a hint, or a place to stop.
    pub fn untrusted_write_position(&self) -> u64 {
        let position = self.ring.control().position.load(order::reader_position_load());
        Position::from_word(position).bytes()
    }

    /// The furthest position that records in the ring can have now, counted from the cursor: every memory full,
    /// including both spares. A claim beyond it is not worth a look.
    pub fn reach(&self) -> u64 {
        let memories = self.geometry.memory_count() as u64;
        self.subbuf_start.saturating_add(memories * self.geometry.subbuf_size_bytes() as u64)
    }

    /// Whether the sub-buffer has been handed out up to its end.
    pub fn is_at_end(&self) -> bool {
        self.offset == self.geometry.subbuf_size_bytes()
    }

    /// The next committed record of this sub-buffer. `None` if there is none yet, or no more.
    ///
    /// # Errors
    /// The stream holds what no writer stores. Nothing more can be read from it.
    // Inlined: otherwise the result would go through memory, once for every record.
    #[inline(always)]
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

    /// Puts back the record that was handed out last: it will be handed out again.
    pub fn put_back(&mut self, last: Found) {
        self.offset = last.offset - WORD_BYTES;
    }

    /// Whether every frame of this sub-buffer, from the cursor to its end, is committed.
    ///
    /// A frame seen committed stays so, and is not walked again by a later call.
    pub(super) fn is_complete(&mut self, memory: usize) -> Result<bool, Corruption> {
        let from = self.offset.max(self.complete_bytes);
        let (to, is_complete) = self.walk_committed(memory, from)?;
        self.complete_bytes = to;
        Ok(is_complete)
    }

    /// Walks committed frames from an offset to the first that is not committed. Returns that offset, and whether it is
    /// the end.
    pub(super) fn walk_committed(
        &self,
        memory: usize,
        mut offset: usize,
    ) -> Result<(usize, bool), Corruption> {
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        // SAFETY: `memory` was checked, and each offset is a sum of multiples of four, and below the sub-buffer's size.
        let word_at = |offset| unsafe { self.ring.frame(memory, offset) }.load(order::frame_read());
        let start = self.geometry.memory_offset(memory);
        let (mut last_word, mut repeats) = (0, 0);
        while offset < subbuf_bytes {
            let word = word_at(offset);
            self.ring.prefetch(start + offset + PREFETCHED_BYTES);
            let left = subbuf_bytes - offset;
            let Some(stride) = Frame::committed_stride(word).filter(|stride| *stride <= left)
            else {
                match self.check_frame(word, offset)? {
                    Frame::Pad { length_bytes } => offset += length_bytes,
                    _ => return Ok((offset, false)),
                }
                continue;
            };
            offset += stride;
            // Where records are mixed, the length says where the next one is, and nothing is guessed. In a row of one
            // size the processor need not wait for the length. It goes on while the frame word repeats.
            repeats = if word == last_word { repeats + 1 } else { 0 };
            last_word = word;
            if repeats >= REPEATS_OF_A_ROW {
                while offset + stride <= subbuf_bytes && word_at(offset) == word {
                    self.ring.prefetch(start + offset + PREFETCHED_BYTES);
                    offset += stride;
                }
                repeats = 0;
            }
        }
        Ok((offset, true))
    }

    /// The table's entry for this sub-buffer's place.
    pub(super) fn untrusted_entry(&self) -> TableEntry {
        let place = self.geometry.place(self.subbuf_start);
        let word = self.ring.control().table[place].load(order::reader_entry_load());
        TableEntry::from_word(word)
    }

    /// The memory that an entry names.
    pub(super) fn check(&self, untrusted_entry: TableEntry) -> Result<usize, Corruption> {
        let memory = untrusted_entry.memory();
        if memory < self.geometry.memory_count() {
            Ok(memory)
        } else {
            Err(Corruption::Table { place: self.geometry.place(self.subbuf_start) })
        }
    }

    /// The memory of this sub-buffer.
    #[inline]
    pub(super) fn memory(&self) -> Result<usize, Corruption> {
        match self.taken {
            Some(taken) => Ok(taken),
            None => self.check(self.untrusted_entry()),
        }
    }

    /// The frame word at `offset`, which is below the sub-buffer's size. Its length fits the rest of the sub-buffer.
    #[inline(always)]
    pub(super) fn frame(&self, memory: usize, offset: usize) -> Result<Frame, Corruption> {
        // SAFETY: `memory` was checked, and the offset is a sum of multiples of four.
        let word = unsafe { self.ring.frame(memory, offset) }.load(order::frame_read());
        self.check_frame(word, offset)
    }

    /// Decodes a frame word at `offset`, and checks that its length fits the rest of the sub-buffer.
    #[inline(always)]
    fn check_frame(&self, word: u32, offset: usize) -> Result<Frame, Corruption> {
        let untrusted_frame = Frame::decode(word);
        let left = self.geometry.subbuf_size_bytes() - offset;
        let length_bytes = match untrusted_frame {
            Frame::Empty => return Ok(Frame::Empty),
            Frame::Committed { length_bytes, .. } | Frame::InFlight { length_bytes, .. } => {
                length_bytes
            }
            // A pad that does not reach the end is invalid.
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

    #[cold]
    fn bad_length(&self, offset: usize, length_bytes: usize) -> Corruption {
        Corruption::FrameLength { position: self.subbuf_start + offset as u64, length_bytes }
    }

    /// Moves to the start of the next sub-buffer.
    pub(super) fn advance(&mut self) {
        self.subbuf_start =
            self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64);
        self.offset = 0;
        self.complete_bytes = 0;
    }
}
