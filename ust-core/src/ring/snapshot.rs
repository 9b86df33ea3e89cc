//! Snapshot: step P, copying what writers may overwrite meanwhile.
//!
//! ```text
//!   P1  load the place's entry           this lap: the sub-buffer is there
//!   P2  walk the frame words, copy what is committed
//!   P3  fence; load the entry again      unchanged: the copy is good. Else throw all of it away
//! ```
//!
//! The ring is only read: it can be copied any number of times, and writers do not notice.
//!
//! A record in flight is skipped if the caller says so. A record whose writer is between C and D has no length yet.
//! The copy looks for the next nonzero word, and trusts it as a frame word only if everything before it is still zero
//! afterwards: a writer's first store is its frame word (D), and no other store of it is seen before that.
#![allow(unsafe_code)]

use super::{Corruption, Found, Reader, RingMemory, orderings as order};
use crate::abi::{Frame, FrameKind, WORD_BYTES};

/// How often, at most, a copy searches a sub-buffer's words for the ends of holes: once to find each, once to confirm
/// it, and again for stores in between. Bounds the search against a hostile writer.
const MAX_SEARCHES: usize = 4;

/// Committed records, copied out of a ring.
#[derive(Debug, Default)]
pub struct Image {
    words: Vec<u32>,
    found: Vec<Found>,
}

/// Where a found record's bytes can be copied from.
pub trait Records {
    /// Copies a committed record's bytes, `found.length_bytes` of them, to `to`.
    ///
    /// # Panics
    /// `to` is longer than the record, or the record is not one of these.
    fn copy_out(&self, found: Found, to: &mut [u8]);
}

impl Image {
    /// The records, in the order of their stream.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The words of one record.
    pub fn words(&self, found: Found) -> &[u32] {
        let first = found.offset / WORD_BYTES;
        &self.words[first..first + found.length_bytes.div_ceil(WORD_BYTES)]
    }
}

impl Records for Image {
    fn copy_out(&self, found: Found, to: &mut [u8]) {
        assert!(to.len() <= found.length_bytes);
        for (bytes, word) in to.chunks_mut(WORD_BYTES).zip(self.words(found)) {
            bytes.copy_from_slice(&word.to_ne_bytes()[..bytes.len()]);
        }
    }
}

/// What a copy does at a record in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holes {
    /// Ends before it: a later copy gets the record once it is committed.
    Await,
    /// Skips it.
    Skip,
}

impl<M: RingMemory> Reader<M> {
    /// Copies the committed records of the sub-buffer at the cursor, up to position `until`, and moves the cursor past
    /// them. `false`: the sub-buffer is not there any more (see [`catch_up`](Self::catch_up)).
    ///
    /// # Errors
    /// The sub-buffer holds what no writer stores.
    pub fn copy(
        &mut self,
        image: &mut Image,
        until: u64,
        holes: Holes,
    ) -> Result<bool, Corruption> {
        image.words.clear();
        image.found.clear();
        if self.taken.is_some() {
            return Ok(true);
        }
        // P1
        let entry = self.untrusted_entry();
        if self.is_gone(entry) {
            return Ok(false);
        }
        let memory = self.check(entry)?;

        // P2
        let walked = self.copy_committed(image, memory, until, holes);

        // P3. Count before the check: if the sub-buffer is still there, nothing from it on had been overwritten when
        // we counted.
        order::copy_fence();
        let missed = self.count_missed();
        let place = self.geometry.place(self.subbuf_start);
        let now = self.ring.control().table[place].load(order::entry_check());
        if self.is_gone(crate::abi::TableEntry::from_word(now)) {
            // The copy may be anything.
            image.words.clear();
            image.found.clear();
            return Ok(false);
        }
        self.offset = walked?;
        self.missed.settle(missed);
        let events = image.found.iter().filter(|found| found.kind == FrameKind::Event);
        self.missed.expose(events.count() as u64);
        Ok(true)
    }

    /// Moves on to the next sub-buffer, and leaves this one where it is.
    pub fn step_over(&mut self) {
        if self.taken.is_none() {
            self.advance();
        }
    }

    /// Returns the offset that it reached.
    fn copy_committed(
        &self,
        image: &mut Image,
        memory: usize,
        until: u64,
        holes: Holes,
    ) -> Result<usize, Corruption> {
        let subbuf_bytes = self.geometry.subbuf_size_bytes();
        let limit = until.saturating_sub(self.subbuf_start).min(subbuf_bytes as u64) as usize;
        let mut offset = self.offset;
        let mut looks = MAX_SEARCHES * subbuf_bytes / WORD_BYTES;
        while offset < limit {
            match self.frame(memory, offset)? {
                Frame::Committed { kind, length_bytes } => {
                    let at = offset + WORD_BYTES;
                    let to = image.words.len() * WORD_BYTES;
                    offset += length_bytes.next_multiple_of(WORD_BYTES);
                    // SAFETY: the memory was checked, and the frame does not reach beyond its sub-buffer.
                    let word = |at| unsafe { self.ring.payload(memory, at) };
                    image.words.extend((at..offset).step_by(WORD_BYTES).map(word));
                    image.found.push(Found {
                        kind,
                        memory,
                        offset: to,
                        length_bytes: length_bytes - WORD_BYTES,
                        end_position: self.subbuf_start + offset as u64,
                    });
                }
                Frame::Pad { .. } => offset = subbuf_bytes,
                Frame::InFlight { .. } | Frame::Empty if holes == Holes::Await => break,
                Frame::InFlight { length_bytes, .. } => {
                    offset += length_bytes.next_multiple_of(WORD_BYTES);
                }
                Frame::Empty => {
                    // Records after a hole whose end is not found are missing, as if they were in flight.
                    let Some(next) = self.cross_hole(memory, offset, limit, &mut looks) else {
                        break;
                    };
                    offset = next;
                }
            }
        }
        Ok(offset)
    }

    /// The offset of the next frame word after a hole of zeroes; `limit` if there is none. `None` once the search has
    /// used up `looks`.
    fn cross_hole(
        &self,
        memory: usize,
        hole: usize,
        limit: usize,
        looks: &mut usize,
    ) -> Option<usize> {
        let mut first_stored = |limit| {
            for at in (hole..limit).step_by(WORD_BYTES) {
                *looks = looks.checked_sub(1)?;
                // SAFETY: the memory was checked, the offset is a multiple of four below the size.
                if unsafe { self.ring.payload(memory, at) } != 0 {
                    return Some(at);
                }
            }
            Some(limit)
        };
        let mut next = first_stored(limit)?;
        loop {
            order::copy_fence();
            let earlier = first_stored(next)?;
            if earlier == next {
                return Some(next);
            }
            // Another frame word has been stored: perhaps that of the record in which we found `next`.
            next = earlier;
        }
    }
}
