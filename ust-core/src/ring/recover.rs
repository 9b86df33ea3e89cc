//! Recover: step Q, reading what dead writers left.
//!
//! ```text
//!   |nAAAA ffff???? CCCC 0000??????DDDD PPPP|
//!          in flight     moved, not framed       both are holes: their calls had not returned
//! ```
//!
//! The writers are dead, so nothing moves: the walk may go up to `position` and skip holes. A frame in flight states
//! its length. A zero frame word belongs to a record whose writer died between C and D. That writer has stored
//! nothing, so everything up to the next record is zero, and the next nonzero word is that record's frame word.
//!
//! This covers the death of a process. A machine that crashes may have written back only some pages: a full
//! sub-buffer whose [`checksum`] is wrong is skipped whole.
#![allow(unsafe_code)]

use super::{Corruption, Found, Reader, RingMemory, checksum, orderings as order};
use crate::abi::{Frame, FrameKind, Taking, WORD_BYTES};

impl<M: RingMemory> Reader<M> {
    /// A reader that goes on where a dead reader stopped.
    ///
    /// It only recovers: it does not find out which memory is the spare.
    pub fn resume(ring: M) -> Self {
        let mut reader = Self::new(ring);
        let control = reader.ring.control();
        // Relaxed: the reader that wrote them is dead, and this process knows it.
        let untrusted_consumed = control.consumed.load(order::consumed_load_after_death());
        let taking = Taking::from_word(control.taking.load(order::taking_load_after_death()));
        let geometry = reader.geometry;
        let consumed_start = geometry.subbuf_start(untrusted_consumed);
        reader.subbuf_start = consumed_start;
        if let Some(Taking { start: untrusted_start, memory, exchange_parity }) = taking {
            // Where writers overwrite, the dead reader may have skipped some sub-buffers before it took this one.
            reader.subbuf_start = geometry.subbuf_start(untrusted_start).max(consumed_start);
            let is_it = untrusted_start == reader.subbuf_start && memory < geometry.memory_count();
            // Only the dead reader exchanged. If it had not reached K2, the memory is the writers', wherever they
            // have put it since. Its records then are still at their place, or counted as overwritten.
            let is_swapped = reader.untrusted_entry().exchange_parity() != exchange_parity;
            if is_it && is_swapped {
                reader.taken = Some(memory);
            } else {
                reader.subbuf_start = consumed_start;
            }
        }
        // Otherwise `consumed` is in an earlier sub-buffer, and this one is read from its beginning.
        if reader.subbuf_start == consumed_start {
            reader.offset = geometry.offset(untrusted_consumed) / WORD_BYTES * WORD_BYTES;
        }
        reader
    }

    /// Goes back to the beginning of the present sub-buffer: the records before the cursor state the owner, and the
    /// clock that later ones count from. Returns the old cursor.
    ///
    /// From here on, overwritten events are counted from the stream's beginning, like lost ones: how many of them the
    /// dead reader had reported, or had read before, is not known.
    pub fn rewind(&mut self) -> u64 {
        let cursor = self.cursor();
        self.offset = 0;
        self.missed.fall_behind();
        cursor
    }

    /// The next committed record that dead writers left. `None` if there are no more.
    ///
    /// Crosses from one sub-buffer into the next by itself. Reads a taken memory to its end first; it need not be
    /// given back. Skips records in flight, and counts them in [`holes`](Self::holes).
    ///
    /// Skips a full sub-buffer whose checksum is wrong, and counts it in [`damaged`](Self::damaged).
    ///
    /// Also serves a stream that was closed long enough ago, so that its writers do not return to it.
    ///
    /// # Errors
    /// As for [`next`](Self::next), and if the write position is impossible.
    pub fn next_after_death(&mut self) -> Result<Option<Found>, Corruption> {
        loop {
            self.catch_up()?;
            self.update_overwritten();
            if self.is_at_end() {
                self.taken = None;
                self.advance();
                continue;
            }
            let end = self.end_after_death()?;
            if self.cursor() >= end {
                return Ok(None);
            }
            if self.offset == 0 && self.is_damaged(end)? {
                self.damaged += 1;
                self.offset = self.geometry.subbuf_size_bytes();
                continue;
            }
            if let Some(found) = self.next()? {
                return Ok(Some(found));
            }
            if !self.is_at_end() {
                self.skip_hole(end)?;
            }
        }
    }

    /// Whether writers have left the sub-buffer at the cursor, but it is not what they left.
    fn is_damaged(&self, end: u64) -> Result<bool, Corruption> {
        let subbuf_end = self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64);
        Ok(subbuf_end <= end && checksum::is_damaged(&self.ring, self.subbuf_start, self.memory()?))
    }

    /// Skips a record in flight, or zeroes.
    fn skip_hole(&mut self, end: u64) -> Result<(), Corruption> {
        let memory = self.memory()?;
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        match self.frame(memory, self.offset)? {
            Frame::InFlight { kind, length_bytes } => {
                self.holes += u64::from(kind == FrameKind::Event);
                self.offset += length_bytes.next_multiple_of(WORD_BYTES);
            }
            Frame::Empty => {
                self.offset += WORD_BYTES;
                while self.offset < subbuf_bytes && self.cursor() < end {
                    // SAFETY: the memory was checked, the offset is a multiple of four below the size.
                    let word = unsafe { self.ring.frame(memory, self.offset) };
                    if word.load(order::frame_read()) != 0 {
                        break;
                    }
                    self.offset += WORD_BYTES;
                }
                // Zeroes up to the end of a sub-buffer that writers have left are a pad that was never stored.
                self.holes += u64::from(self.offset < subbuf_bytes);
            }
            // `next` would have returned it.
            Frame::Committed { .. } | Frame::Pad { .. } => {}
        }
        Ok(())
    }

    /// The write position, checked: between the cursor and one ring ahead of where the first walk began. A hostile
    /// process may move the position as fast as the reader follows, also from one call to the next. So it can lead
    /// the reader over one ring at most.
    fn end_after_death(&mut self) -> Result<u64, Corruption> {
        if self.taken.is_some() {
            // The memory was complete when it was taken, however far writers have gone since.
            return Ok(self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64));
        }
        let untrusted_position = self.untrusted_write_position();
        let ring_end = self.subbuf_start.saturating_add(self.geometry.capacity_bytes());
        let furthest = *self.end_of_dead.get_or_insert(ring_end);
        if untrusted_position < self.cursor() || untrusted_position > furthest {
            return Err(Corruption::Position { position: untrusted_position });
        }
        Ok(untrusted_position)
    }
}
