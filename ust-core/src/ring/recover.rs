//! Recover: step Q, reading what dead writers left.
//!
//! ```text
//!   |AAAA ffff???? CCCC 0000??????DDDD PPPP|
//!         in flight     moved, not framed        both are holes: their calls had not returned
//! ```
//!
//! The writers are dead, so nothing moves: the walk may go up to `position` and step over holes. A frame
//! in flight says its length. A zero frame word belongs to a record whose writer died between C and D: it
//! has stored nothing, so everything up to the next record is zero, and the next word that is not is that
//! record's frame word.
#![allow(unsafe_code)]

use super::{Corruption, Found, Reader, RingMemory, orderings as order};
use crate::abi::{Frame, Position, WORD_BYTES};

impl<M: RingMemory> Reader<M> {
    /// The next committed record that dead writers left; `None` when there is no more.
    ///
    /// Crosses from one sub-buffer into the next by itself. A memory that was taken is read to its end
    /// first; it need not be given back any more.
    ///
    /// # Errors
    /// As for [`next`](Self::next), and when the write position cannot be.
    pub fn next_after_death(&mut self) -> Result<Option<Found>, Corruption> {
        let end = self.end_after_death()?;
        loop {
            if self.is_at_end() {
                self.taken = None;
                self.advance();
            }
            if self.cursor() >= end {
                return Ok(None);
            }
            if let Some(found) = self.next()? {
                return Ok(Some(found));
            }
            if !self.is_at_end() {
                self.skip_hole(end)?;
            }
        }
    }

    /// Steps over a record that was in flight, or over zeroes.
    fn skip_hole(&mut self, end: u64) -> Result<(), Corruption> {
        let memory = self.memory()?;
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        match self.frame(memory, self.offset)? {
            Frame::InFlight { length_bytes } => {
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
            }
            // `next` would have handed it out.
            Frame::Committed { .. } | Frame::Pad { .. } => {}
        }
        Ok(())
    }

    /// The write position, checked: between the cursor and as far ahead as there are places.
    fn end_after_death(&self) -> Result<u64, Corruption> {
        let word = self.ring.control().position.load(order::position_load_after_death());
        let untrusted_position = Position::from_word(word).bytes();
        // A sub-buffer that was taken has been given back already: one place more.
        let reach = self.subbuf_start
            + self.geometry.capacity_bytes()
            + self.geometry.subbuf_size_bytes() as u64;
        if untrusted_position < self.cursor() || untrusted_position > reach {
            return Err(Corruption::Position { position: untrusted_position });
        }
        Ok(untrusted_position)
    }
}
