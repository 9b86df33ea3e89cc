//! Checksums of full sub-buffers, for rings in files: what a machine crash has torn is told from what it has not. Cold.
//!
//! ```text
//!            |... AAAA BB PPPPPPPPPP|nnCCCC              |       H: the position has moved on, the rest is padded
//!             '-------- CRC-32 ----'
//!   R    delivered[place] = its lap, its checksum                or none, if a record in it is still in flight
//! ```
//!
//! A kernel that goes down had written back each page as it was at some moment or other, perhaps laps ago. So whoever
//! recovers ([`recover`](super::recover)) looks whether a full sub-buffer is what it was when its writers left it.
//!
//! One writer sums a sub-buffer: the one whose CAS of H left it. It changes nothing that anybody waits for, and a kill
//! before R leaves no checksum, with which the sub-buffer is believed: a dead process has torn nothing. No byte of it
//! changes before it is recycled, or is in its file; after that nobody looks at this lap's checksum, so that it does not
//! matter if that happens under the writer's eyes. What matters is that it sums no memory of another lap.
#![allow(unsafe_code)]

use super::recycle::count_if_complete;
use super::{RingMemory, WritableRing, orderings as order};
use crate::abi::{Delivered, TableEntry, WORD_BYTES};
use crate::testpoint::{Point, reach};

/// Bytes that are copied out of the ring at a time: they go on the stack.
const BLOCK_BYTES: usize = 512;

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
    // Where others go round while we sum, theirs stays.
    let (success, failure) = (order::delivered_cas(), order::delivered_load());
    let _ = noted.compare_exchange(before, delivered.word(), success, failure);
    reach(Point::SubbufSummed);
}

/// Whether the full sub-buffer that begins at `start` and lies in `memory`, which is one, has a checksum that is wrong.
pub(super) fn is_damaged<M: RingMemory>(ring: &M, start: u64, memory: usize) -> bool {
    let geometry = ring.geometry();
    let (place, lap) = (geometry.place(start), geometry.lap(start));
    let word = ring.control().delivered[place].load(order::delivered_load());
    let delivered = Delivered::from_word(word);
    delivered.is_of(lap) && delivered != Delivered::new(lap, crc32(ring, memory))
}

fn crc32<M: RingMemory>(ring: &M, memory: usize) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    let mut block = [0; BLOCK_BYTES];
    for start in (0..ring.geometry().subbuf_size_bytes()).step_by(BLOCK_BYTES) {
        for (index, bytes) in block.chunks_exact_mut(WORD_BYTES).enumerate() {
            // SAFETY: the callers have compared the memory; sub-buffers are a number of blocks.
            let word = unsafe { ring.frame(memory, start + index * WORD_BYTES) };
            bytes.copy_from_slice(&word.load(order::word_copy()).to_ne_bytes());
        }
        sum.update(&block);
    }
    sum.finalize()
}
