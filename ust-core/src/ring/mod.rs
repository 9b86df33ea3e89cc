//! The ring: how writers and the reader share a stream without a lock.
//!
//! ```text
//!   place      0            1            2            3                  the reader's   the recyclers'
//!         +------------+------------+------------+------------+          +----------+   +----------+
//!         |nAAAA BB CCC|nDDDDD EE ..|            |            |          |  zeroed  |   |  zeroed  |
//!         +------------+------------+------------+------------+          |  spare   |   |  spare   |
//!              ^               ^  ^                                      +----------+   +----------+
//!              |          cursor  position                                    |              |
//!              |                                                              |              |
//!              '----- exchange, or recycle: one CAS of the table's entry -----'--------------'
//! ```
//!
//! A record is a frame word (see [`Frame`](crate::abi::Frame)), a header and a payload. A sub-buffer begins with a
//! [note](crate::abi::Note). A writer reserves room by moving `position`, writes, and commits by storing the frame
//! word once more. The reader walks the frame words after it.
//!
//! A [table entry](crate::abi::TableEntry) says which memory is at a place, and for which *lap*. One compare-and-swap
//! of that entry to the next lap takes a full sub-buffer from its place, and puts a zeroed memory there at the same
//! instant. The reader that exchanges the sub-buffer does this, and in overwrite mode also a writer that recycles it.
//! Whichever comes first has the sub-buffer, whole.
//!
//! **Invariant Z: a sub-buffer is all zero when it is entered.** A fresh file is zero, and whichever side took a
//! memory away clears it before it becomes a spare. So a zero frame word always means: nothing stored.
//!
//! # Steps
//! *Reserve* ([`mod@reserve`]):
//! **A** load `position`, then read the clock. **B** choose the short record header, which holds 27 bits of the clock,
//! or the long one. If the sub-buffer has no room, or the writer's [window](Window) shows another sub-buffer: switch.
//! **C** CAS `position`; if it has moved, go to A. **D** store the frame word, in flight. **E** store `last_clock`;
//! the caller writes header and payload, never more than was measured.
//!
//! *Commit*: **F** store the frame word, committed, with release.
//!
//! *Switch* ([`switch`]): if only the window is behind, move it to the position and retry. Otherwise **G** is the next
//! place in the lap that the writer needs? If not, the record is lost and counted, or the caller waits, or recycles
//! and tries again. **H** one CAS moves `position` past a note and this record, into the next sub-buffer; the note, D;
//! then a pad frame at the old position, and the reader is woken. In files, **R** note the old sub-buffer's
//! [`checksum`].
//!
//! *Recycle* ([`recycle`]): **L** take the recyclers' spare, **M** count the oldest sub-buffer's events if all its
//! records are committed, **N** announce the count, **O** CAS the entry; clear the old memory: the next spare.
//!
//! *Consume* ([`consume`]): **I** load the frame word at the cursor. Committed: copy and advance. Pad, or the end:
//! next sub-buffer. Otherwise stop. **J** the packet is in the trace file.
//!
//! *Exchange* ([`exchange`]), once every frame of a sub-buffer is committed: **K1** store in `taking` which sub-buffer
//! it is; **K2** CAS the table's entry from the full memory to the spare; **K3** raise `release_seq`. Then I and J
//! from memory that only the reader uses; clear it: the next spare.
//!
//! *Snapshot* ([`snapshot`]): **P** copy, then check whether the entry is still the same.
//!
//! *Recover* ([`recover`]), once the writers are dead: **Q** walk up to `position` and skip records that were in
//! flight.
//!
//! # Why it holds
//! - *A record is read whole or not at all.* The reader copies only after a committed frame word: F releases header
//!   and payload, I acquires them. Nobody writes to a committed record again before its memory has left its place, was
//!   cleared and was entered anew. If a recycler took the place meanwhile, the reader throws its copy away (P).
//! - *A memory that leaves its place has no writer.* All its frames are committed (M, or the reader's check before
//!   K2), up to its end. So `position` has left it, and no CAS of C succeeds there.
//! - *A kill between any two steps costs at most the record in flight.* Before C nothing has changed. Between C and D
//!   the frame word is zero: recovery scans to the next nonzero word. Between D and F the frame word says how much to
//!   skip. Between H's CAS and the pad, the rest of the old sub-buffer is zero. All of this needs the stores to become
//!   visible in program order. For a reader that looks after the death of the process they do: a compiler fence is
//!   enough.
//! - *The short header decodes for certain.* A reader rebuilds the clock from the record before. If the writer of that
//!   one died, it has no clock. So a header is short only if the record immediately before, which `position` itself
//!   names, is committed at A, and C finds `position` unmoved; the first record of a sub-buffer has the long header.
//!   (If one thread writes and has no other record in progress, all earlier records are committed.) `last_clock` may
//!   be stale: a handler that ran between C and E of the record it interrupted, or another thread, has its newer clock
//!   overwritten by E. A stale clock is too old, so the distance is overestimated, and the header may be long without
//!   need. The distance never wraps unseen.
//! - *Clocks do not go back within a stream.* The clock is read after `position` is loaded, and C fails if another
//!   writer has reserved since. Where several CPUs write, a fence keeps the processor from reading the clock early.
//!   The clock is then read as late as in B: work that does not need it is done while the fence waits. Where the threads
//!   of one CPU write, C fails if the writer was interrupted since it read the clock ([`OfCpu`](crate::sync::OfCpu)).
//! - *No record is lost uncounted, and the place of a loss is known.* A loss is counted before its call returns. The
//!   note at the next sub-buffer's start has the sum. Overwritten events are counted at O, exactly (see [`recycle`]).
//!
//! # Signals, forks, threads
//! Everything that writers do here is async-signal-safe, and a handler may interrupt any instruction of it and write
//! to the same stream. If a handler leaves by `siglongjmp`, and so never ends a record, the reader closes the stream
//! ([`close`]). The crate `ust` handles forks.

pub mod checksum;
pub mod close;
pub mod consume;
mod corruption;
mod crc32;
pub mod exchange;
mod memory;
mod missed;
pub mod note;
pub mod orderings;
pub mod overwritten;
mod owners;
pub mod recover;
pub mod recycle;
pub mod reserve;
mod row;
pub mod snapshot;
pub mod switch;
mod tell;
mod window;

pub use close::Stall;
pub use consume::{Found, Reader};
pub use corruption::Corruption;
pub use exchange::Take;
pub use memory::{RingMemory, WritableRing};
pub use owners::Owners;
pub use reserve::{Clock, Request, Reservation, Unordered, commit, try_reserve, try_reserve_usual};
pub use row::Row;
pub use snapshot::{Holes, Image, Records};
pub use switch::{Refusal, reserve};
pub use tell::{lose, write_note};
pub use window::Window;

/// How often the reader has given sub-buffers back. A writer that finds no room after this load waits for it to
/// change.
pub fn release_seq<M: WritableRing>(ring: &M) -> u32 {
    ring.control().release_seq.load(orderings::release_seq_load())
}
