//! The control page of a stream: every word that its writers and its reader share.
//!
//! ```text
//!     0  position        writers  CAS                   64  lost_full      writers  add
//!     8  last_clock      writers  store                 72  lost_big
//!    16  (reserved)                                     80  (reserved causes)
//!
//!   128  free_limit      reader   add                  192  state, owner_tid   owner  store
//!   136  release_seq     reader   add                  200  (reserved: overwrite's words)
//!   144  taking          reader   store
//!                                                      512  table[N]      reader and recycler  CAS
//! ```
//!
//! Each group has cache lines of its own: the fast path touches the first, a loss the second, an
//! exchange the third. Lines are 64 bytes by fiat, not `CachePadded`: the layout is one and the same
//! for every architecture.

use crate::sync::{AtomicU32, ReaderWritten, WriterWord};
#[cfg(not(loom))]
use core::mem::offset_of;

/// The most places a table holds.
#[cfg(not(loom))]
pub const MAX_SUBBUFS: usize = 256;

/// The most places a table holds: few, because loom tracks each word of the table.
#[cfg(loom)]
pub const MAX_SUBBUFS: usize = 4;

/// The bits of a table entry that name a memory; the lap for which it stands there lies above.
pub const TABLE_MEMORY_MASK: u64 = 0xffff;

/// Why a record was not written. The discriminant is the word's index among the loss counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum LossCause {
    /// Every sub-buffer was full and the reader had given none back.
    Full = 0,
    /// The record is larger than a sub-buffer, or than any record may be.
    Big = 1,
}

impl LossCause {
    /// All causes, in the order of their counters.
    pub const ALL: [LossCause; 2] = [LossCause::Full, LossCause::Big];

    /// The name by which the summary and the documentation call the count.
    pub const fn name(self) -> &'static str {
        match self {
            LossCause::Full => "records_lost_full",
            LossCause::Big => "records_lost_big",
        }
    }
}

/// Who a stream belongs to, as the reader is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum StreamState {
    /// Nobody has used it yet; all its bytes are zero.
    Free = 0,
    /// A thread writes to it.
    Live = 1,
    /// Its thread has ended; what was committed is still to be read. It may become live again.
    Ended = 2,
}

impl StreamState {
    /// Reads a word that may hold anything.
    pub const fn from_word(word: u32) -> Option<Self> {
        match word {
            0 => Some(StreamState::Free),
            1 => Some(StreamState::Live),
            2 => Some(StreamState::Ended),
            _ => None,
        }
    }
}

/// The control page. `K` says how its holder may write the writers' words:
/// [`Local`](crate::sync::Local), [`Shared`](crate::sync::Shared) or, in the reader,
/// [`ReadOnly`](crate::sync::ReadOnly).
#[repr(C)]
pub struct StreamControl<K> {
    /// [`Position`](super::Position): where the next record goes.
    pub position: WriterWord<K>,
    /// Clock of the last record whose header was written: never later than that of the record
    /// before `position`.
    pub last_clock: WriterWord<K>,
    reserved_writer: [u64; 6],

    /// Records lost, by [`LossCause`]. Cumulative: they never go back.
    pub lost: [WriterWord<K>; 8],

    /// Writers stay below this position.
    pub free_limit: ReaderWritten,
    /// Grows with each sub-buffer given back: what a blocked writer waits on.
    pub release_seq: ReaderWritten,
    /// Position of the sub-buffer that the reader is exchanging, plus one; 0 when it is at none.
    pub taking: ReaderWritten,
    reserved_reader: [u64; 5],

    /// [`StreamState`].
    pub state: AtomicU32,
    /// Kernel thread id of the present or last owner.
    pub owner_tid: AtomicU32,
    reserved_overwrite: [u64; 39],

    /// Which memory stands at each place, and for which lap.
    pub table: [ReaderWritten; MAX_SUBBUFS],
}

#[cfg(not(loom))]
const _: () = {
    use crate::sync::ReadOnly;
    assert!(offset_of!(StreamControl<ReadOnly>, position) == 0);
    assert!(offset_of!(StreamControl<ReadOnly>, last_clock) == 8);
    assert!(offset_of!(StreamControl<ReadOnly>, lost) == 64);
    assert!(offset_of!(StreamControl<ReadOnly>, free_limit) == 128);
    assert!(offset_of!(StreamControl<ReadOnly>, release_seq) == 136);
    assert!(offset_of!(StreamControl<ReadOnly>, taking) == 144);
    assert!(offset_of!(StreamControl<ReadOnly>, state) == 192);
    assert!(offset_of!(StreamControl<ReadOnly>, owner_tid) == 196);
    assert!(offset_of!(StreamControl<ReadOnly>, table) == 512);
    assert!(size_of::<StreamControl<ReadOnly>>() <= super::PAGE_BYTES);
};

impl<K> StreamControl<K> {
    /// A control page in private memory, as a fresh one is: loom's fixture and tests.
    pub fn new_private(geometry: super::Geometry) -> Self {
        let control = Self {
            position: WriterWord::new(0),
            last_clock: WriterWord::new(0),
            reserved_writer: [0; 6],
            lost: core::array::from_fn(|_| WriterWord::new(0)),
            free_limit: ReaderWritten::new(0),
            release_seq: ReaderWritten::new(0),
            taking: ReaderWritten::new(0),
            reserved_reader: [0; 5],
            state: AtomicU32::new(0),
            owner_tid: AtomicU32::new(0),
            reserved_overwrite: [0; 39],
            table: core::array::from_fn(|_| ReaderWritten::new(0)),
        };
        control.initialise(geometry);
        control
    }

    /// Makes a zeroed page that of an empty stream: every place has the memory of its own number, and
    /// all of them are free. Called by the process before anybody else can see the stream.
    pub fn initialise(&self, geometry: super::Geometry) {
        use crate::sync::Ordering::Relaxed;
        // Relaxed throughout: the stream is published later, by the release store of its state.
        for (place, entry) in self.table.iter().enumerate().take(geometry.subbuf_count()) {
            entry.store(place as u64, Relaxed);
        }
        self.free_limit.store(geometry.capacity_bytes(), Relaxed);
    }
}
