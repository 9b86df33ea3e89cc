//! Checksums of full sub-buffers, for rings in files: they tell sub-buffers that a machine crash has torn from intact
//! ones. Cold.
//!
//! ```text
//!            |... AAAA BB PPPPPPPPPP|nnCCCC              |       H: the position has moved on, the rest is padded
//!             '-------- CRC-32 ----'
//!   R    delivered[place] = its lap, its checksum                or none, if a record in it is still in flight
//! ```
//!
//! A kernel that crashes has written back each page at some earlier moment, perhaps laps ago. So recovery
//! ([`recover`](super::recover)) checks whether a full sub-buffer is what its writers left.
//!
//! One writer sums a sub-buffer: the one whose CAS of H left it. Nobody waits for the sum. A kill before R leaves no
//! checksum; then recovery trusts the sub-buffer, because a dead process tears nothing. No byte of the sub-buffer
//! changes before it is recycled or is in the trace file. After that nobody looks at this lap's checksum, so such a
//! change while the writer sums does no harm. The writer must only not sum the memory of another lap.
#![allow(unsafe_code)]

use super::crc32::{BLOCK_BYTES, Crc32};
use super::recycle::count_if_complete;
use super::{RingMemory, WritableRing, orderings as order};
use crate::abi::{Delivered, TableEntry, WORD_BYTES};
use crate::testpoint::{Point, reach};

/// R: notes the checksum of the sub-buffer that begins at `start`, which writers have left.
#[cold]
pub(super) fn note<M: WritableRing>(ring: &M, start: u64) {
    let geometry = ring.geometry();
    let place = geometry.place(start);
    let noted = &ring.control().delivered[place];
    let before = noted.load(order::delivered_load());
    let entry = ring.control().table[place].load(order::summed_entry_load());
    let entry = TableEntry::from_word(entry);
    let (memory, lap) = (entry.memory(), geometry.lap(start));
    let delivered = if entry.lap() == lap && count_if_complete(ring, memory).is_some() {
        Delivered::new(lap, crc32(ring, memory))
    } else {
        Delivered::NONE
    };
    // If other writers have gone round while we summed, their checksum stays.
    let (success, failure) = (order::delivered_cas(), order::delivered_load());
    let _ = noted.compare_exchange(before, delivered.word(), success, failure);
    reach(Point::SubbufSummed);
}

/// Whether the full sub-buffer that begins at `start` and lies in `memory`, a checked number, has a wrong checksum.
pub(super) fn is_damaged<M: RingMemory>(ring: &M, start: u64, memory: usize) -> bool {
    let geometry = ring.geometry();
    let (place, lap) = (geometry.place(start), geometry.lap(start));
    let word = ring.control().delivered[place].load(order::delivered_load());
    let delivered = Delivered::from_word(word);
    delivered.is_of(lap) && delivered != Delivered::new(lap, crc32(ring, memory))
}

fn crc32<M: RingMemory>(ring: &M, memory: usize) -> u32 {
    let mut sum = Crc32::new();
    let mut block = [0; BLOCK_BYTES];
    for start in (0..ring.geometry().subbuf_size_bytes()).step_by(BLOCK_BYTES) {
        for (index, bytes) in block.chunks_exact_mut(WORD_BYTES).enumerate() {
            // SAFETY: the callers have compared the memory, and a sub-buffer is a whole number of blocks.
            let word = unsafe { ring.frame(memory, start + index * WORD_BYTES) };
            bytes.copy_from_slice(&word.load(order::word_copy()).to_ne_bytes());
        }
        sum.update(&block);
    }
    sum.value()
}
