//! What the ring borrows: words and bytes that somebody else mapped.
//!
//! ```text
//!   RingMemory     both sides: the control page, the frame words
//!     '- WritableRing     writers: a window, and how they say that a sub-buffer is full
//! ```
#![allow(unsafe_code)]

use super::{Window, orderings};
use crate::abi::{Geometry, Mode, Note, StreamControl, WORD_BYTES};
use crate::sync::{AtomicU32, Rmw};

/// The parts of one stream.
///
/// `shm` implements it over mapped bytes, the loom models over words of loom's own. A *memory* is a
/// number below [`Geometry::memory_count`]; which one stands at a place is in the control page's table.
///
/// # Safety
/// References must stay valid as long as `self`, and [`frame_at`](Self::frame_at) must give the same word for
/// the same argument each time.
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

    /// The frame word `at` so many bytes from the stream's start.
    ///
    /// # Safety
    /// It lies in one of the stream's memories, at a multiple of four.
    unsafe fn frame_at(&self, at: usize) -> &AtomicU32;

    /// The frame word at `offset` of `memory`.
    ///
    /// # Safety
    /// `memory` is below the geometry's memory count, `offset` a multiple of four below its sub-buffer
    /// size.
    #[inline(always)]
    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32 {
        // SAFETY: the caller's promise.
        unsafe { self.frame_at(self.geometry().memory_offset(memory) + offset) }
    }

    /// Copies one word of a record or a note out. The peer may be writing it: then it is any word.
    ///
    /// # Safety
    /// As for [`frame`](Self::frame).
    unsafe fn payload(&self, memory: usize, offset: usize) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { self.frame(memory, offset) }.load(orderings::word_copy())
    }

    /// Sets every byte of `memory` to zero.
    ///
    /// # Safety
    /// `memory` is below the memory count, and no writer uses it: it stands at no place.
    unsafe fn clear(&self, memory: usize);
}

/// The parts of one stream as a writer has them.
///
/// # Safety
/// As for [`RingMemory`]; and the [`window`](Self::window) is this stream's alone.
pub unsafe trait WritableRing: RingMemory<Kind: Rmw> {
    /// The window, which all who write to the stream may share. In private memory.
    fn window(&self) -> &Window;

    /// Writes a note's words behind its frame word, `at` so many bytes from the stream's start.
    ///
    /// # Safety
    /// As for [`frame_at`](RingMemory::frame_at), for each of the words; they are the caller's by reservation.
    unsafe fn write_note(&self, at: usize, note: Note) {
        for (index, word) in note.to_words().into_iter().enumerate() {
            // SAFETY: the caller's promise.
            let to = unsafe { self.frame_at(at + index * WORD_BYTES) };
            to.store(word, orderings::word_store());
        }
    }

    /// Makes sure that `memory` can be written without a fault, before it is entered for the first time.
    /// `false` if it cannot be had.
    fn prepare(&self, memory: usize) -> bool {
        let _ = memory;
        true
    }

    /// Whether the checksums of full sub-buffers are wanted.
    fn has_checksums(&self) -> bool {
        false
    }

    /// A sub-buffer is full: wakes the reader if it sleeps. Async-signal-safe.
    fn deliver(&self) {}
}
