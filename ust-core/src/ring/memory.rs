//! What the ring borrows: words and bytes that its caller has mapped.
//!
//! ```text
//!   RingMemory     both sides: the control page, the frame words
//!     '- WritableRing     writers: a window, and how they report a full sub-buffer
//! ```
#![allow(unsafe_code)]

use super::{Window, orderings};
use crate::abi::{Geometry, Mode, Note, StreamControl, WORD_BYTES};
use crate::sync::{AtomicU32, Rmw};

/// The parts of one stream.
///
/// `shm` implements it over mapped bytes, the loom models over loom's words. A *memory* is a number below
/// [`Geometry::memory_count`]. The control page's table says which memory is at a place.
///
/// # Safety
/// References must stay valid as long as `self`, and [`frame_at`](Self::frame_at) must give the same word for
/// the same argument each time.
pub unsafe trait RingMemory {
    /// How the holder may write the writers' words: [`Local`](crate::sync::Local),
    /// [`Shared`](crate::sync::Shared), [`OfCpu`](crate::sync::OfCpu), or [`ReadOnly`](crate::sync::ReadOnly) for a reader.
    type Kind;

    /// Size and number of sub-buffers. From private memory: the peer cannot change it.
    fn geometry(&self) -> Geometry;

    /// What a writer does when there is no room. From private memory, like the geometry.
    fn mode(&self) -> Mode;

    /// The control page.
    fn control(&self) -> &StreamControl<Self::Kind>;

    /// The frame word at byte `at` from the stream's start.
    ///
    /// # Safety
    /// `at` is in one of the stream's memories, and a multiple of four.
    unsafe fn frame_at(&self, at: usize) -> &AtomicU32;

    /// The frame word at `offset` of `memory`.
    ///
    /// # Safety
    /// `memory` is below the geometry's memory count, and `offset` is a multiple of four below its sub-buffer
    /// size.
    #[inline(always)]
    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32 {
        // SAFETY: the caller's promise.
        unsafe { self.frame_at(self.geometry().memory_offset(memory) + offset) }
    }

    /// Copies one word of a record or a note. If the peer is writing it, the result may be any word.
    ///
    /// # Safety
    /// As for [`frame`](Self::frame).
    unsafe fn payload(&self, memory: usize, offset: usize) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { self.frame(memory, offset) }.load(orderings::word_copy())
    }

    /// Asks the processor to fetch what is at byte `at` from the stream's start, which may be anywhere: nothing is read.
    #[inline(always)]
    fn prefetch(&self, at: usize) {
        let _ = at;
    }

    /// Sets every byte of `memory` to zero.
    ///
    /// # Safety
    /// `memory` is below the memory count, and is at no place, so no writer uses it.
    unsafe fn clear(&self, memory: usize);
}

/// The parts of one stream as a writer has them.
///
/// # Safety
/// As for [`RingMemory`], and the [`window`](Self::window) belongs to this stream alone.
pub unsafe trait WritableRing: RingMemory<Kind: Rmw> {
    /// The writer that holds it, as it was when it began.
    fn by(&self) -> Self::Kind;

    /// The window, which all writers of the stream may share. In private memory.
    fn window(&self) -> &Window;

    /// Writes a note's words after its frame word, at byte `at` from the stream's start.
    ///
    /// # Safety
    /// As for [`frame_at`](RingMemory::frame_at), for each of the words. The caller has reserved them.
    unsafe fn write_note(&self, at: usize, note: Note) {
        for (index, word) in note.to_words().into_iter().enumerate() {
            // SAFETY: the caller's promise.
            let to = unsafe { self.frame_at(at + index * WORD_BYTES) };
            to.store(word, orderings::word_store());
        }
    }

    /// Makes sure that `memory` can be written without a fault, before it is entered for the first time.
    /// `false` if there is no memory.
    fn prepare(&self, memory: usize) -> bool {
        let _ = memory;
        true
    }

    /// Whether the checksums of full sub-buffers are wanted.
    fn has_checksums(&self) -> bool {
        false
    }

    /// Reports a full sub-buffer: wakes the reader if it sleeps. Async-signal-safe.
    fn deliver(&self) {}
}
