//! What the ring borrows: words and bytes that somebody else mapped.
#![allow(unsafe_code)]

use crate::abi::{Geometry, StreamControl};
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

    /// The control page.
    fn control(&self) -> &StreamControl<Self::Kind>;

    /// The frame word at `offset` of `memory`.
    ///
    /// # Safety
    /// `memory` is below the geometry's memory count, `offset` a multiple of four below its sub-buffer
    /// size.
    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32;

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
