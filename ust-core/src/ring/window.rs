//! The window: a writer's private note of where the present sub-buffer lies in memory.
//!
//! ```text
//!    63 ............................ 26 25 ............. 0
//!   +----------------------------------+------------------+      the upper part is aligned as a position's
//!   | where the sub-buffer begins, in  | its memory, in   |      is, so one subtraction of the two words tells
//!   | words since the stream began     | pages from the   |      how far into the sub-buffer a position lies
//!   +----------------------------------+ stream's start   |
//!                                      +------------------+
//! ```
//!
//! The table says the same for every sub-buffer, but using it takes a division of the position, and checks of a word
//! that the peer may have written. The window is private memory: a writer reads the table once, when it enters a
//! sub-buffer, and trusts the window from then on.
//!
//! **The window never becomes wrong.** It says that a certain sub-buffer lies in a certain memory, and that is true as
//! long as a position is in that sub-buffer. So no writer needs to keep the window in step with the position. An old
//! window, stored by a writer that was interrupted or overtaken, names another sub-buffer than the position does, and
//! the next writer notices. The window is one word, so it is never half of one sub-buffer and half of another.

use super::orderings as order;
use crate::abi::{Geometry, PAGE_BYTES, Position};
use crate::sync::{AtomicU64, Ordering::Relaxed};

/// Bits of the memory's page. 2^26 pages are more than any stream has. A sub-buffer of one page, 2^10 words, leaves 10
/// bits of the position zero, besides the 16 bits of the last record's length.
#[cfg(not(loom))]
const MEMORY_BITS: u32 = 26;

/// In a model, sub-buffers begin at multiples of eight words.
#[cfg(loom)]
const MEMORY_BITS: u32 = 19;

const MEMORY_MASK: u64 = (1 << MEMORY_BITS) - 1;

/// Memories begin at multiples of this.
const PAGE: usize = if cfg!(loom) { 4 } else { PAGE_BYTES };

/// A sub-buffer that no stream reaches. A hostile position that claims to be in it is led into the first memory.
const NOWHERE: u64 = 1 << 63 | (PAGE_BYTES / PAGE) as u64;

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub struct Window {
    place: AtomicU64,
    /// Until when no writer asks for memory, after a shortage. The writer that asks chooses the clock. Or [`RESIDENT`].
    shortage_until: AtomicU64,
}

/// All memory of the stream is there, so no writer asks for any. A time long ago, at which other copies of this code, in other
/// versions, find that they may ask.
const RESIDENT: u64 = 1;

/// A value of the window.
#[derive(Clone, Copy)]
pub(super) struct View(u64);

/// A position's place in memory, as a window has it.
pub(super) struct InMemory {
    /// Where the memory begins, in bytes from the stream's start.
    pub start: usize,
    /// Bytes from the sub-buffer's beginning to the position. At least a sub-buffer's size if the position is in
    /// another sub-buffer.
    pub offset: u64,
}

impl Default for Window {
    /// A window that shows no sub-buffer.
    fn default() -> Self {
        Self { place: AtomicU64::new(NOWHERE), shortage_until: AtomicU64::new(0) }
    }
}

impl Window {
    /// The present value.
    #[inline(always)]
    pub(super) fn load(&self) -> View {
        View(self.place.load(order::window_load()))
    }

    /// Moves the window to the sub-buffer that begins at `start` and lies in `memory`.
    pub(super) fn set(&self, geometry: Geometry, start: u64, memory: usize) {
        let memory_page = geometry.memory_offset(memory) / PAGE;
        let window = Position::at(start).word() | memory_page as u64;
        self.place.store(window, order::window_store());
    }

    /// Whether all memory of the stream is there. Relaxed: said before the stream had its first writer.
    pub fn is_resident(&self) -> bool {
        self.shortage_until.load(Relaxed) == RESIDENT
    }

    /// Says so.
    pub fn set_resident(&self) {
        self.shortage_until.store(RESIDENT, Relaxed);
    }

    /// Until when no writer asks for memory; 0 if there was no shortage. Relaxed: asking once too often or too seldom
    /// does no harm.
    pub fn shortage_until(&self) -> u64 {
        self.shortage_until.load(Relaxed)
    }

    /// Sets that time.
    pub fn set_shortage_until(&self, time: u64) {
        self.shortage_until.store(time, Relaxed);
    }
}

impl View {
    /// Where a position lies.
    #[inline(always)]
    pub fn find(self, position: Position) -> InMemory {
        InMemory {
            start: (self.0 & MEMORY_MASK) as usize * PAGE,
            offset: position.bytes_behind(Position::from_word(self.0 & !MEMORY_MASK)),
        }
    }
}
