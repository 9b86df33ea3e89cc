//! What the ring borrows: words and bytes that somebody else mapped.
#![allow(unsafe_code)]

use super::orderings;
use crate::abi::{Geometry, Mode, Note, StreamControl, WORD_BYTES};
use crate::sync::AtomicU32;

/// The parts of one stream.
///
/// `shm` implements it over mapped bytes, the loom models over words of loom's own. A *memory* is a
/// number below [`Geometry::memory_count`]; which one stands at a place is in the control page's table.
///
/// # Safety
/// References must stay valid as long as `self`, and [`frame`](Self::frame) must give the same word for
/// the same arguments each time.
pub unsafe trait RingMemory {
    /// How the holder may write the writers' words: [`Local`](crate::sync::Local),
    /// [`Shared`](crate::sync::Shared), or [`ReadOnly`](crate::sync::ReadOnly) for a reader.
    type Kind;

    /// Size and number of sub-buffers. From private memory: the peer cannot change it.
    fn geometry(&self) -> Geometry;

    /// What a writer does that finds no room. From private memory, as the geometry.
    fn mode(&self) -> Mode;

    /// The control page.
    fn control(&self) -> &StreamControl<Self::Kind>;

    /// The frame word at `offset` of `memory`.
    ///
    /// # Safety
    /// `memory` is below the geometry's memory count, `offset` a multiple of four below its sub-buffer
    /// size.
    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32;

    /// Copies one word of a record or a note out. The peer may be writing it: then it is any word.
    ///
    /// # Safety
    /// As for [`frame`](Self::frame).
    unsafe fn payload(&self, memory: usize, offset: usize) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { self.frame(memory, offset) }.load(orderings::word_copy())
    }

    /// Writer: writes a note's words behind its frame word.
    ///
    /// # Safety
    /// As for [`frame`](Self::frame), for each of the words; they are the caller's by reservation.
    unsafe fn write_note(&self, memory: usize, offset: usize, note: Note) {
        for (index, word) in note.to_words().into_iter().enumerate() {
            // SAFETY: the caller's promise.
            let to = unsafe { self.frame(memory, offset + index * WORD_BYTES) };
            to.store(word, orderings::word_copy());
        }
    }

    /// Sets every byte of `memory` to zero.
    ///
    /// # Safety
    /// `memory` is below the memory count, and no writer uses it: it stands at no place.
    unsafe fn clear(&self, memory: usize);

    /// Writer: makes sure that `memory` can be written without a fault, before it is entered for the
    /// first time. `false` if it cannot be had.
    fn prepare(&self, memory: usize) -> bool {
        let _ = memory;
        true
    }

    /// Writer: a sub-buffer is full; wakes the reader if it sleeps. Async-signal-safe.
    fn deliver(&self) {}
}
