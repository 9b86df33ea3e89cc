//! The control page of a stream: every word that the stream's writers and its reader share.
//!
//! ```text
//!     0  position        writers    CAS                128  recycling          recycler  store
//!     8  last_clock      writers    store              136  overwritten        recycler  store
//!    16  closed          reader     store              144  overwritten_next   recycler  store
//!                                                      152  spare              recyclers CAS
//!    64  lost_full       writers    add                160  gave_up_at         waiters   store
//!    72  lost_big                                      168  (reserved)
//!    80  lost_wrap
//!    88  lost_no_memory                                256  state, owner       owner     store
//!    96  (reserved causes)                             264  has_checksums      owner     store
//!                                                      268  memory_errno       writers   store
//!   192  taking          reader     store              272  is_sequenced       owner     store
//!   200  consumed        reader     store              512  table[N]           reader and recycler  CAS
//!   208  release_seq     reader     add (a futex)       2560  delivered[N]       writers   CAS
//! ```
//!
//! Each group has its own cache lines: the fast path touches the first, a loss the second, recycling the third, an
//! exchange the fourth. A line is 64 bytes here, not `CachePadded`: the layout is the same on every architecture.

use super::layout::layout;
use super::{Geometry, MAX_SUBBUFS, TableEntry};
use crate::sync::{AtomicU32, ReaderWritten, Rmw, WriterWord};

/// Why a record was not written. The discriminant is the word's index among the loss counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum LossCause {
    /// Every sub-buffer was full and the reader had given none back.
    Full = 0,
    /// The record is larger than a sub-buffer, or than any record may be.
    Big = 1,
    /// The oldest sub-buffer could not be recycled: a record in it was still being written, or another writer was just
    /// recycling it.
    Wrap = 2,
    /// There was no memory for a sub-buffer that no writer had entered before.
    Memory = 3,
}

impl LossCause {
    /// All causes, in the order of their counters.
    pub const ALL: [LossCause; 4] =
        [LossCause::Full, LossCause::Big, LossCause::Wrap, LossCause::Memory];

    /// The count's name in the summary and in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            LossCause::Full => "records_lost_full",
            LossCause::Big => "records_lost_big",
            LossCause::Wrap => "records_lost_wrap",
            LossCause::Memory => "records_lost_no_memory",
        }
    }
}

/// The state of a stream's ownership, for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum StreamState {
    /// It has had no owner yet.
    Free = 0,
    /// A thread writes to it.
    Live = 1,
    /// Its owner has ended. Committed records may still be unread. It may become live again.
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

/// The control page. `K` says how its holder may write the writers' words: [`Local`](crate::sync::Local),
/// [`Shared`](crate::sync::Shared) or, in the reader, [`ReadOnly`](crate::sync::ReadOnly).
#[repr(C)]
pub struct StreamControl<K> {
    /// [`Position`](super::Position): where the next record goes.
    pub position: WriterWord<K>,
    /// Clock of the last record whose header was written: never later than that of the record before `position`.
    pub last_clock: WriterWord<K>,
    /// Not 0: the reader has closed the stream. It is among the writers' words, so that it costs writers no further
    /// cache line.
    pub closed: AtomicU32,
    reserved_writer: [u32; 11],

    /// Records lost, by [`LossCause`]. Cumulative: these counters never decrease.
    pub lost: [WriterWord<K>; 8],

    /// The sub-buffer that is being recycled, in the encoding of [`Recycling`]; 0 if there is none.
    pub recycling: WriterWord<K>,
    /// Event records in recycled sub-buffers.
    pub overwritten: WriterWord<K>,
    /// The next value of `overwritten`, if the sub-buffer in `recycling` has left its place.
    pub overwritten_next: WriterWord<K>,
    /// The recyclers' zeroed memory, plus one; 0 while a recycler has it, which keeps other recyclers out.
    pub spare: WriterWord<K>,
    /// The `release_seq`, plus one, at which a writer waited in vain. Other writers do not wait until it moves.
    pub gave_up_at: WriterWord<K>,
    reserved_recycler: [u64; 3],

    /// What the reader is exchanging, in the encoding of [`Taking`]; 0 if nothing.
    pub taking: ReaderWritten,
    /// All records below this position are in the trace file.
    pub consumed: ReaderWritten,
    /// Grows with each sub-buffer that the reader gives back. Blocked writers wait on it.
    pub release_seq: AtomicU32,
    reserved_reader: [u32; 11],

    /// [`StreamState`].
    pub state: AtomicU32,
    /// The present owner: kernel thread id, or CPU number.
    pub owner: AtomicU32,
    /// Not 0: a writer that leaves a sub-buffer notes its checksum.
    pub has_checksums: AtomicU32,
    /// The `errno` of the last sub-buffer that could get no memory.
    pub memory_errno: AtomicU32,
    /// Not 0: it is a CPU's stream, and its writers change the position in restartable sequences. From version 6.1 on.
    pub is_sequenced: AtomicU32,
    reserved_owner: [u32; 59],

    /// A [`TableEntry`] for each place.
    pub table: [ReaderWritten; MAX_SUBBUFS],

    /// [`Delivered`](super::Delivered): the checksum of the full sub-buffer that each place had last, if there is one.
    pub delivered: [AtomicU32; MAX_SUBBUFS],
}

/// The word `recycling`: a sub-buffer, and the parity of its place's entry before the recycling.
///
/// The reader compares this parity with the entry's present parity. So it knows whether the recycler got past its
/// compare-and-swap, wherever the recycler died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recycling {
    /// The position where the sub-buffer begins.
    pub start: u64,
    /// The entry's parity.
    pub parity: bool,
}

impl Recycling {
    const PRESENT_BIT: u64 = 1;
    const PARITY_BIT: u64 = 2;

    /// As the word. Sub-buffers begin at multiples of four.
    pub const fn to_word(self) -> u64 {
        self.start | Self::PRESENT_BIT | if self.parity { Self::PARITY_BIT } else { 0 }
    }

    /// Reads a word that may hold anything. `None` if nothing is being recycled.
    pub const fn from_word(word: u64) -> Option<Self> {
        if word & Self::PRESENT_BIT == 0 {
            return None;
        }
        let start = word & !(Self::PRESENT_BIT | Self::PARITY_BIT);
        Some(Self { start, parity: word & Self::PARITY_BIT != 0 })
    }
}

/// The word `taking`: a sub-buffer, its memory, and its place's exchange parity before the exchange.
///
/// A later reader compares this parity with the entry's present one. So it knows whether the earlier reader got past
/// its compare-and-swap, wherever that reader died, and whatever writers have done to the place since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    /// The position where the sub-buffer begins: less than 50 bits.
    pub start: u64,
    /// The sub-buffer's memory: at most [`MAX_SUBBUFS`] and one, so 9 bits.
    pub memory: usize,
    /// [`exchange_parity`](super::TableEntry::exchange_parity) of the entry.
    pub exchange_parity: bool,
}

impl Taking {
    const START_SHIFT: u32 = 11;
    const PARITY_SHIFT: u32 = 10;
    const PRESENT_BIT: u64 = 1;

    /// As the word.
    pub const fn to_word(self) -> u64 {
        self.start << Self::START_SHIFT
            | (self.exchange_parity as u64) << Self::PARITY_SHIFT
            | (self.memory as u64) << 1
            | Self::PRESENT_BIT
    }

    /// Reads a word that may hold anything. `None` if nothing is being exchanged.
    pub const fn from_word(word: u64) -> Option<Self> {
        if word & Self::PRESENT_BIT == 0 {
            return None;
        }
        let memory = (word >> 1) as usize & ((1 << (Self::PARITY_SHIFT - 1)) - 1);
        let exchange_parity = word >> Self::PARITY_SHIFT & 1 == 1;
        Some(Self { start: word >> Self::START_SHIFT, memory, exchange_parity })
    }
}

const _: () = assert!(MAX_SUBBUFS + 2 <= 1 << (Taking::PARITY_SHIFT - 1));

layout!(StreamControl<crate::sync::ReadOnly> as "StreamControl" {
    position @ 0,
    last_clock @ 8,
    closed @ 16,
    reserved_writer @ 20,
    lost @ 64,
    recycling @ 128,
    overwritten @ 136,
    overwritten_next @ 144,
    spare @ 152,
    gave_up_at @ 160,
    reserved_recycler @ 168,
    taking @ 192,
    consumed @ 200,
    release_seq @ 208,
    reserved_reader @ 212,
    state @ 256,
    owner @ 260,
    has_checksums @ 264,
    memory_errno @ 268,
    is_sequenced @ 272,
    reserved_owner @ 276,
    table @ 512,
    delivered @ 2560,
} ends 3584);

impl<K> StreamControl<K> {
    /// A fresh control page in private memory, for loom's fixture and for tests.
    pub fn new_private(geometry: Geometry) -> Self {
        Self {
            position: WriterWord::new(0),
            last_clock: WriterWord::new(0),
            closed: AtomicU32::new(0),
            reserved_writer: [0; 11],
            lost: core::array::from_fn(|_| WriterWord::new(0)),
            recycling: WriterWord::new(0),
            overwritten: WriterWord::new(0),
            overwritten_next: WriterWord::new(0),
            spare: WriterWord::new(Self::first_spare(geometry)),
            gave_up_at: WriterWord::new(0),
            reserved_recycler: [0; 3],
            taking: ReaderWritten::new(0),
            consumed: ReaderWritten::new(0),
            release_seq: AtomicU32::new(0),
            reserved_reader: [0; 11],
            state: AtomicU32::new(0),
            owner: AtomicU32::new(0),
            has_checksums: AtomicU32::new(0),
            memory_errno: AtomicU32::new(0),
            is_sequenced: AtomicU32::new(0),
            reserved_owner: [0; 59],
            table: core::array::from_fn(|place| ReaderWritten::new(Self::first_entry(place))),
            delivered: core::array::from_fn(|_| AtomicU32::new(0)),
        }
    }

    /// Records lost so far, for all causes together.
    pub fn lost_in_all(&self, order: impl crate::sync::OrdersLoads) -> u64 {
        self.lost.iter().fold(0, |sum, count| sum.wrapping_add(count.load(order)))
    }

    fn first_entry(place: usize) -> u64 {
        TableEntry::first(place).word()
    }

    /// Of the two memories beyond the places, the first is the reader's spare and the second the recyclers'.
    fn first_spare(geometry: Geometry) -> u64 {
        geometry.subbuf_count() as u64 + 2
    }
}

impl<K: Rmw> StreamControl<K> {
    /// Turns a zeroed page into that of an empty stream: every place has the memory of its own number, and all places
    /// are free. The process calls this before anybody else can see the stream.
    pub fn initialise(&self, geometry: Geometry) {
        use crate::sync::Ordering::Relaxed;
        // Relaxed throughout: the file's header publishes the stream later, when it says that the stream is claimed.
        for (place, entry) in self.table.iter().enumerate().take(geometry.subbuf_count()) {
            entry.store(Self::first_entry(place), Relaxed);
        }
        self.spare.store(Self::first_spare(geometry), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_done_reads_back() {
        for parity in [false, true] {
            let recycling = Recycling { start: 4096 * 77, parity };
            assert_eq!(Recycling::from_word(recycling.to_word()), Some(recycling));
        }
        let start = super::super::Position::MAX_BYTES & !4095;
        let taking = Taking { start, memory: 257, exchange_parity: true };
        assert_eq!(Taking::from_word(taking.to_word()), Some(taking));
        assert_eq!((Recycling::from_word(0), Taking::from_word(0)), (None, None));
    }
}
