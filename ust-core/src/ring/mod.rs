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
//! A record is a frame word (see [`Frame`](crate::abi::Frame)), a header and a payload; a sub-buffer begins
//! with a [note](crate::abi::Note). Writers reserve room by moving `position`, write, and commit by storing
//! the frame word once more. The reader walks frame words behind them.
//!
//! A [table entry](crate::abi::TableEntry) says which memory stands at a place, and for which *lap*. A full
//! sub-buffer leaves its place by one compare-and-swap of that entry to the next lap, which puts a zeroed
//! memory there at the same instant: by the reader that exchanges it, and in overwrite mode also by a writer
//! that recycles it. Who comes first has it, whole.
//!
//! **Invariant Z: a sub-buffer is all zero when it is entered.** A fresh file is zero, and whoever took a
//! memory away clears it before it becomes a spare. So a zero frame word always means: nothing stored.
//!
//! # Steps
//! *Reserve* ([`mod@reserve`]):
//! **A** load `position`, then read the clock. **B** choose the short record header, which holds 27 bits
//! of the clock, or the long one. No room before the sub-buffer's end, or the writer's [window](Window) is onto
//! another one: switch. **C** CAS `position`; if it has moved, go to A. **D** store the frame word, in flight. **E**
//! store `last_clock`; the caller writes header and payload, never more than was measured.
//!
//! *Commit*: **F** store the frame word, committed, with release.
//!
//! *Switch* ([`switch`]): a window that is behind is moved to the position, and that was all. Else **G** is the next
//! place in the lap that it is needed for? If not: the record is
//! lost, and counted; or the caller waits; or recycle, and try again. **H** one CAS moves `position` past a
//! note and this record, into the next sub-buffer; the note, D; then a pad frame at the old place, and the
//! reader is told. In files, **R** note the old sub-buffer's [`checksum`].
//!
//! *Recycle* ([`recycle`]): **L** take the recyclers' spare, **M** count the oldest sub-buffer's events if all
//! is committed there, **N** announce the count, **O** CAS the entry; clear what was there: the next spare.
//!
//! *Consume* ([`consume`]): **I** load the frame word at the cursor: committed, copy and
//! advance; pad, or the end: next sub-buffer; else stop. **J** the packet is in its file.
//!
//! *Exchange* ([`exchange`]), once every frame of a sub-buffer is committed: **K1** store which it is in
//! `taking`; **K2** CAS the table's entry from the full memory to the spare; **K3** raise `release_seq`. Then
//! I and J out of memory that is the reader's alone; clear it: the next spare.
//!
//! *Snapshot* ([`snapshot`]): **P** copy, then see whether the entry is still the same.
//!
//! *Recover* ([`recover`]), once the writers are dead: **Q** walk up to `position` and skip
//! what was in flight.
//!
//! # Why it holds
//! - *A record is read whole or not at all.* The reader copies only behind a committed frame word: F
//!   releases header and payload, I acquires them. Nobody writes a committed record again until the
//!   memory has left its place, was cleared and entered anew. What is copied from a place that a recycler
//!   may take is thrown away if one did (P).
//! - *A memory that leaves its place has no writer.* All its frames are committed (M, or the reader's
//!   look before K2), the last one up to the end; so `position` has left it, and no CAS of C succeeds there.
//! - *A kill between any two steps costs at most the record in flight.* Before C nothing is changed.
//!   Between C and D the frame word is zero: recovery scans to the next word that is not. Between D and
//!   F the frame word says how much to skip. Between H's CAS and the pad, the rest of the old sub-buffer
//!   is zero. All of this needs the stores to become visible in program order, and to somebody who looks
//!   after the death of the process they do: a compiler fence is enough.
//! - *The short header decodes for certain.* A reader rebuilds the clock from the record before. If that
//!   one died, it has no clock. So a header is short only if the record immediately before, which
//!   `position` itself names, is committed at A and C finds `position` unmoved; the first record of a
//!   sub-buffer has the long one. (Where one thread writes, and has no other record under way, all before
//!   are.) `last_clock` may be stale: a handler that ran between C and E of its victim, or another thread, has
//!   its newer clock overwritten by E. Stale means too old, so the distance is overestimated and the header is
//!   long where it need not be. The distance never wraps unseen.
//! - *Clocks do not go back within a stream.* The clock is read after `position` is loaded, and C fails
//!   if anybody reserved since. Where several CPUs write, a fence keeps the processor from reading it early, and it is
//!   read as late as in B: what needs no clock is done while it is awaited.
//! - *Nothing is lost uncounted, and it is known where.* A loss is counted before its call returns. The note
//!   at the next sub-buffer's start has the sum; overwritten events are counted at O, exactly (see
//!   [`recycle`]).
//!
//! # Signals, forks, threads
//! Everything the writers do here is async-signal-safe, and a handler may interrupt any instruction of it
//! and write to the same stream. A handler that leaves by `siglongjmp`, and so never ends a record, gets its
//! stream closed by the reader ([`close`]). What happens on fork is the affair of the crate `ust`.

pub mod checksum;
pub mod close;
pub mod consume;
mod corruption;
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
pub mod snapshot;
pub mod switch;
mod tell;
mod window;

pub use close::Stall;
pub use consume::{Found, Reader, Run};
pub use corruption::Corruption;
pub use exchange::Take;
pub use memory::{RingMemory, WritableRing};
pub use owners::Owners;
pub use reserve::{Clock, Request, Reservation, Unordered, commit, try_reserve, try_reserve_usual};
pub use snapshot::{Holes, Image, Records};
pub use switch::{Refusal, reserve};
pub use tell::{lose, write_note};
pub use window::Window;

/// How often sub-buffers have been given back. Whoever finds no room behind this waits for it to change.
pub fn release_seq<M: WritableRing>(ring: &M) -> u32 {
    ring.control().release_seq.load(orderings::release_seq_load())
}
