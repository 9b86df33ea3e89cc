//! Row: step I for many event records at once, each copied out immediately behind the one before.
//!
//! ```text
//!   ring   |AAAA BB CCCCC nnn DDDD ..        a frame word before each: | is it committed, is it an event, how long
//!   to     |aaabcccc                         the note ends the row, and `next` hands it out
//!              ^ ^
//!              '-+-- each copy is looked at by the caller before the next one comes
//! ```
//!
//! Programs mix their events, so no record is expected to be as long as the one before. What a processor would have to
//! guess at is avoided: a block of fixed size is copied, whatever the record's length; the next record's copy
//! overwrites what is too much.
//!
//! Anything unusual ends the row in front of it: then [`next`](Reader::next) says what it is.
#![allow(unsafe_code)]

use super::consume::PREFETCHED_BYTES;
use super::{Reader, RingMemory, orderings as order};
use crate::abi::{Frame, WORD_BYTES};

/// Bytes that are copied of every record; a longer one is copied word by word.
const BLOCK_BYTES: usize = 8 * WORD_BYTES;

/// Event records that lie one immediately behind the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row {
    /// How many they are.
    pub count: usize,
    /// Bytes of all of them.
    pub bytes: usize,
    /// Position right after the last of them: the cursor.
    pub end_position: u64,
}

impl<M: RingMemory> Reader<M> {
    /// Copies committed event records of this sub-buffer to `to`, and moves the cursor past them. `admit` gets each
    /// copy, and the position of its end, and says whether it belongs to the row.
    ///
    /// The row ends at the sub-buffer's end, and in front of a record that is not admitted or has no room, of a record
    /// without any byte, of a note, and of everything else that is no committed record. Behind the row, `to` may hold
    /// anything.
    ///
    /// The process may still write to the ring: a copy is untrusted until checked, and does not change any more.
    #[inline]
    pub fn copy_row(
        &mut self,
        to: &mut [u8],
        mut admit: impl FnMut(&mut [u8], u64) -> bool,
    ) -> Row {
        let mut row = Row::default();
        // `next` reports the error.
        let Ok(memory) = self.memory() else { return row };
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        let (ring, start) = (&self.ring, self.geometry.memory_offset(memory));
        let (subbuf_start, mut offset, mut bytes) = (self.subbuf_start, self.offset, 0);
        while offset < subbuf_bytes {
            // SAFETY: `memory` checked the memory, and the offset is a sum of multiples of four.
            let word = unsafe { ring.frame_at(start + offset) }.load(order::row_frame_read());
            ring.prefetch(start + offset + PREFETCHED_BYTES);
            let Some(record_bytes) = Frame::committed_event_bytes(word) else { break };
            let (at, left) = (start + offset + WORD_BYTES, subbuf_bytes - offset - WORD_BYTES);
            let Some(room) = to.get_mut(bytes..) else { break };
            if record_bytes <= BLOCK_BYTES
                && left >= BLOCK_BYTES
                && let Some(block) = room.first_chunk_mut()
            {
                // SAFETY: so many bytes are left in the sub-buffer.
                unsafe { copy_block(ring, at, block) };
            } else {
                let Some(record) = room.get_mut(..record_bytes) else { break };
                if record_bytes > left {
                    break;
                }
                // SAFETY: as above.
                unsafe { copy_words(ring, at, record) };
            }
            let stride = Frame::stride(record_bytes + WORD_BYTES);
            let end_position = subbuf_start + (offset + stride) as u64;
            if !admit(&mut room[..record_bytes], end_position) {
                break;
            }
            offset += stride;
            bytes += record_bytes;
            row.count += 1;
        }
        self.offset = offset;
        Row { bytes, end_position: self.cursor(), ..row }
    }
}

/// Copies a block from byte `at` of a stream.
///
/// # Safety
/// The block lies in one of the ring's memories, and `at` is a multiple of four.
#[inline(always)]
unsafe fn copy_block<M: RingMemory>(ring: &M, at: usize, to: &mut [u8; BLOCK_BYTES]) {
    for (index, to) in to.chunks_exact_mut(WORD_BYTES).enumerate() {
        // SAFETY: the caller's promise.
        to.copy_from_slice(&unsafe { word_at(ring, at + index * WORD_BYTES) });
    }
}

/// Copies a record of any length from byte `at` of a stream.
///
/// # Safety
/// The record, and the rest of its last word, lie in one of the ring's memories, and `at` is a multiple of four.
#[inline(never)]
unsafe fn copy_words<M: RingMemory>(ring: &M, at: usize, to: &mut [u8]) {
    for (index, to) in to.chunks_mut(WORD_BYTES).enumerate() {
        // SAFETY: the caller's promise.
        to.copy_from_slice(&unsafe { word_at(ring, at + index * WORD_BYTES) }[..to.len()]);
    }
}

/// The bytes of one word of a record.
///
/// # Safety
/// As for [`RingMemory::frame_at`].
#[inline(always)]
unsafe fn word_at<M: RingMemory>(ring: &M, at: usize) -> [u8; WORD_BYTES] {
    // SAFETY: the caller's promise. Relaxed: after the acquire that found the record committed.
    unsafe { ring.frame_at(at) }.load(order::word_copy()).to_ne_bytes()
}
