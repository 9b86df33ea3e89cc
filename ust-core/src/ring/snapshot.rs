//! Snapshot: step P, copying what writers may overwrite meanwhile.
//!
//! ```text
//!   P1  load the place's entry           this lap: the sub-buffer is there
//!   P2  walk the frame words, copy what is committed
//!   P3  fence; load the entry again      unchanged: the copy is good. Else all of it is thrown away
//! ```
//!
//! The ring is only read: it can be copied as often as one likes, and writers do not notice.
//!
//! A record that is in flight is stepped over if the caller says so. One whose writer stands between C and D
//! has no length yet: the next word that is not zero is looked for, and believed to be a frame word only if
//! everything before it is still zero afterwards. For a writer's first store is its frame word (D), and no
//! other of its stores is seen before that.
#![allow(unsafe_code)]

use super::{Corruption, Found, Reader, RingMemory, orderings as order};
use crate::abi::{Frame, FrameKind, WORD_BYTES};

/// How often, at most, a copy searches a sub-buffer's words for the ends of holes: once to find each, once to be sure,
/// and again for what came meanwhile. A hostile process can make words come and go without end.
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

    /// The words of one of them.
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

/// What a copy does with records that are in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holes {
    /// Ends before the first: it will be copied once it is committed.
    Await,
    /// Steps over them.
    Skip,
}

impl<M: RingMemory> Reader<M> {
    /// Copies what is committed of the sub-buffer at the cursor, up to position `until`, and moves the cursor
    /// behind it. `false`: it is not there any more (see [`catch_up`](Self::catch_up)).
    ///
    /// # Errors
    /// It holds what no writer stores.
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

        // P3. Counted before: if it is still there, nothing from here on was overwritten then.
        order::copy_fence();
        let missed = self.count_missed();
        let place = self.geometry.place(self.subbuf_start);
        let now = self.ring.control().table[place].load(order::entry_check());
        if self.is_gone(crate::abi::TableEntry::from_word(now)) {
            // What was copied may be anything.
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

    /// Returns the offset that it came to.
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
                    // SAFETY: the memory was checked, and the frame leads no further than its sub-buffer.
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
                    // What is behind a hole whose end is not found is missing, as if it were in flight.
                    let Some(next) = self.cross_hole(memory, offset, limit, &mut looks) else {
                        break;
                    };
                    offset = next;
                }
            }
        }
        Ok(offset)
    }

    /// Where the next frame word stands, behind a hole of zeroes; `limit` if there is none. `None` once it has looked
    /// at as many words as `looks` has left.
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
            // A frame word has come since: perhaps that of the record that we took `next` from.
            next = earlier;
        }
    }
}
