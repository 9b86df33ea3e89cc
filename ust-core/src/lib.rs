//! Lock-free userspace tracing: tracepoints that write records into shared memory, for a daemon to read.
//!
//! ```
//! use ust_core::tracepoint;
//!
//! #[tracepoint(provider = "indexer", level = Info)]
//! fn file_indexed(path: &str, bytes: u64, words: u32, ok: bool);
//!
//! fn main() {
//!     file_indexed("a.txt", 1204, 187, true);
//! }
//! ```
//!
//! `ust record -o OUT -e 'indexer:*' -- ./indexer DIR` runs the program and records those events; without
//! a recorder each call is a load and a branch that is not taken.
//!
//! # What a tracepoint does
//! ```text
//!  file_indexed(..) --> callsite word: on?      a load, a branch
//!      record           for each channel        thread cache -> this thread's stream
//!      ring             reserve                 position, clock, CAS, frame word
//!      wire             encode                  straight stores into the ring
//!      ring             commit                  one release store
//!
//!  off the hot path:
//!      ring::switch     the sub-buffer is full: the next one, or the record is lost and counted
//!      agent            a thread's first event; what the daemon says; fork; threads that end
//! ```
//! No lock, no system call, no allocation, after a thread's first event, within a sub-buffer. Tracepoints
//! may be called anywhere: in signal handlers (the interrupted tracepoint's included), before `main` once
//! the constructors have run, in thread-exit destructors, in the child of a `fork`.
//!
//! # Words
//! - **session**: what a user starts and stops; **channel**: how and where its events are recorded;
//!   **stream**: one ring, written by one thread.
//! - **sub-buffer**: a stream's memory comes in several; the reader takes full ones by exchange. **packet**:
//!   what the daemon frames from them into a stream file.
//! - **event class**: what a `#[tracepoint]` declares; **event record**: one call; **callsite**: the switch.
//! - **reserve, commit**: a record's two steps; **deliver**: a sub-buffer is full; **consume**: the reader
//!   walks; **exchange**: full memory against zeroed; **recover**: reading what the dead left.
//! - **position**: bytes since a stream began. **records lost**: counted by cause, never forgotten.
//!
//! # Modules
//! | module | what it is |
//! | --- | --- |
//! | [`sync`], [`testpoint`], [`wire`] | atomics by who writes them; named points; field encodings |
//! | [`abi`] | the words of the shared memory, and arithmetic on them |
//! | [`ring`] | the algorithm: start reading at its page |
//! | [`shm`] | memfds, mappings, the doorbell |
//! | [`clock`], [`cpu`], [`event`], [`callsite`] | what a record is stamped with; where; what is declared; what is tested |
//! | [`declared`] | every callsite of this copy of the library |
//! | [`stream`], [`channel`], [`session`] | a thread's ring; its files; what the process records |
//! | [`agent`] | before `main`, the daemon, first events, forks |
//! | [`record`], [`thread_cache`] | the hot path from the callsite to the stream |
//!
//! Linking this crate does not trace a program: constructors stand in the expansion of `#[tracepoint]`.

#![deny(unsafe_code)]
// The macro's expansion names this crate; so may its own documentation and tests.
extern crate self as ust_core;

pub mod abi;
mod hint;
pub mod ring;
pub mod sync;
pub mod testpoint;

// Loom's models run over the ring and what it stands on; the rest maps real memory.
#[cfg(not(loom))]
pub mod agent;
#[cfg(not(loom))]
pub mod callsite;
#[cfg(not(loom))]
pub mod channel;
#[cfg(not(loom))]
pub mod clock;
#[cfg(not(loom))]
pub mod cpu;
#[cfg(not(loom))]
pub mod declared;
#[cfg(not(loom))]
pub mod event;
#[cfg(not(loom))]
mod panic_hook;
#[cfg(not(loom))]
pub mod record;
#[cfg(not(loom))]
pub mod session;
#[cfg(not(loom))]
pub mod shm;
#[cfg(not(loom))]
pub mod stream;
#[cfg(not(loom))]
pub mod thread_cache;
#[cfg(not(loom))]
pub mod wire;

#[doc(hidden)]
#[cfg(not(loom))]
pub mod __private;

#[cfg(not(loom))]
pub use event::Level;
#[cfg(not(loom))]
pub use panic_hook::snapshot_on_panic;
#[cfg(not(loom))]
pub use ust_macros::tracepoint;
