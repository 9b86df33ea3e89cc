//! The ring: how writers and the reader share a stream without a lock.
//!
//! ```text
//!   place      0            1            2            3                          reader's own
//!         +------------+------------+------------+------------+                 +------------+
//!         |AAAA BB CCCC|DDDDD EE .. |            |            |                 |  zeroed    |
//!         +------------+------------+------------+------------+                 |  spare     |
//!              ^              ^  ^                            ^                 +------------+
//!              |         cursor  position                     free_limit             |
//!              |                                                                     |
//!              '------------------ exchange: one CAS swaps the two memories ---------'
//! ```
//!
//! A record is a frame word (see [`Frame`](crate::abi::Frame)), a header and a payload. Writers reserve
//! room by moving `position`, write, and commit by storing the frame word once more. The reader walks
//! frame words behind them. A full sub-buffer is exchanged for a zeroed spare, so that the writers have
//! room again before the reader has copied anything.
//!
//! **Invariant Z: a sub-buffer is all zero when it is entered.** A fresh file is zero, and the reader
//! clears what it took before that becomes the spare. So a zero frame word always means: nothing stored.
//!
//! # Steps
//! *Reserve* ([`mod@reserve`]):
//! **A** load `position`, then read the clock. **B** choose the short record header, which holds 27 bits
//! of the clock, or the long one. No room before the sub-buffer's end, or the sub-buffer not entered yet:
//! switch. **C** CAS `position`; if it has moved, go to A. **D** store the frame word, in flight. **E**
//! store `last_clock`; the caller writes header and payload, never more than was measured.
//!
//! *Commit*: **F** store the frame word, committed, with release.
//!
//! *Switch* ([`switch`]): **G** is the end of the next sub-buffer above `free_limit`? Then the
//! record is lost, and counted. **H** one CAS moves `position` past this record, into the next
//! sub-buffer; D; then a pad frame at the old place, and the reader is told.
//!
//! *Consume* ([`consume`]): **I** load the frame word at the cursor: committed, copy and
//! advance; pad, or the end: next sub-buffer; else stop. **J** the packet is in its file.
//!
//! *Exchange* ([`exchange`]), once every frame of a sub-buffer is committed: **K1** store its
//! position in `taking`; **K2** CAS the table's entry from the full memory to the spare; **K3** raise
//! `free_limit`. Then I and J out of memory that is the reader's alone; clear it: the next spare.
//!
//! *Recover* ([`recover`]), once the writers are dead: **Q** walk up to `position` and skip
//! what was in flight.
//!
//! # Why it holds
//! - *A record is read whole or not at all.* The reader copies only behind a committed frame word: F
//!   releases header and payload, I acquires them. Nobody writes a committed record again until the
//!   memory was exchanged, cleared and entered anew, which is behind K3 and G.
//! - *A kill between any two steps costs at most the record in flight.* Before C nothing is changed.
//!   Between C and D the frame word is zero: recovery scans to the next word that is not. Between D and
//!   F the frame word says how much to skip. Between H's CAS and the pad, the rest of the old sub-buffer
//!   is zero. All of this needs the stores to become visible in program order, and to somebody who looks
//!   after the death of the process they do: a compiler fence is enough.
//! - *The short header decodes for certain.* A reader rebuilds the clock from the record before. If that
//!   one died, it has no clock. So a header is short only if the record immediately before, which
//!   `position` itself names, is committed at A and C finds `position` unmoved; the first record of a
//!   sub-buffer has the long one. `last_clock` may be stale: a handler that ran between C and E of its
//!   victim has its newer clock overwritten by E. Stale means too old, so the distance is overestimated
//!   and the header is long where it need not be. The distance never wraps unseen.
//! - *Clocks do not go back within a stream.* The clock is read after `position` is loaded, and C fails
//!   if anybody reserved since.
//!
//! # Signals, forks, threads
//! Everything the writers do here is async-signal-safe, and a handler may interrupt any instruction of it
//! and write to the same stream. What happens on fork is the affair of [`crate::session`].

pub mod consume;
pub mod exchange;
mod memory;
pub mod orderings;
pub mod recover;
pub mod reserve;
pub mod switch;

pub use consume::{Corruption, Found, Reader};
pub use memory::RingMemory;
pub use reserve::{Request, Reservation, commit, try_reserve};
pub use switch::reserve;
