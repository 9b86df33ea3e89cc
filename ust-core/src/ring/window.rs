//! The window: where the sub-buffer that is being written lies, as a writer has it at hand.
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
//! The table says the same of every sub-buffer, but to ask it takes a division of the position and checks of
//! what the peer may have written there. The window is private memory: asked once when a sub-buffer is
//! entered, believed from then on.
//!
//! **What it says never becomes wrong.** That sub-buffer number so-and-so lies in that memory is true for as
//! long as a position lies in it. So nobody need keep the window up with the position: an old one, stored by a
//! writer that was interrupted or overtaken, names another sub-buffer than the position does, and that is seen.
//! It is one word, so that it is never half of one thing and half of another.

use super::orderings as order;
use crate::abi::{Geometry, PAGE_BYTES, Position};
use crate::sync::{AtomicU64, Ordering::Relaxed};

/// Bits of the memory's page. 2^26 pages are more than any stream has, and a sub-buffer of a page, 2^10 words,
/// leaves 10 bits of the position zero besides the 16 that are the last record's length.
#[cfg(not(loom))]
const MEMORY_BITS: u32 = 26;

/// A model's sub-buffers begin at multiples of eight words.
#[cfg(loom)]
const MEMORY_BITS: u32 = 19;

const MEMORY_MASK: u64 = (1 << MEMORY_BITS) - 1;

/// What memories begin at multiples of.
const PAGE: usize = if cfg!(loom) { 4 } else { PAGE_BYTES };

/// No stream gets as far as to a sub-buffer that begins there; a position that claims to be there is led into the first
/// memory.
const NOWHERE: u64 = 1 << 63 | (PAGE_BYTES / PAGE) as u64;

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub struct Window {
    place: AtomicU64,
    /// Until when nothing is asked for that there was none of. Whose clock it is the one knows that asks.
    shortage_until: AtomicU64,
}

/// What a window said at some time.
#[derive(Clone, Copy)]
pub(super) struct View(u64);

/// A position's place in memory, as a window has it.
pub(super) struct InMemory {
    /// Where the memory begins, in bytes from the stream's start.
    pub start: usize,
    /// How far the position lies behind the sub-buffer's beginning, in bytes. If it lies in another sub-buffer,
    /// as much as a sub-buffer is long, or more.
    pub offset: u64,
}

impl Default for Window {
    /// A window onto nothing.
    fn default() -> Self {
        Self { place: AtomicU64::new(NOWHERE), shortage_until: AtomicU64::new(0) }
    }
}

impl Window {
    /// What it says now.
    #[inline(always)]
    pub(super) fn load(&self) -> View {
        View(self.place.load(order::window_load()))
    }

    /// Moves it to the sub-buffer that begins at `start` and lies in `memory`.
    pub(super) fn set(&self, geometry: Geometry, start: u64, memory: usize) {
        let memory_page = geometry.memory_offset(memory) / PAGE;
        let window = Position::at(start).word() | memory_page as u64;
        self.place.store(window, order::window_store());
    }

    /// Until when nobody asks for memory; 0 if there was no shortage. Relaxed: asked once too often, or seldom, is no harm.
    pub fn shortage_until(&self) -> u64 {
        self.shortage_until.load(Relaxed)
    }

    /// Sets it.
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
