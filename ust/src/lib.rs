//! Lock-free userspace tracing: tracepoints that write records into shared memory, for a consumer to read.
//!
//! ```
//! use ust::tracepoint;
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
//!  file_indexed(..) --> callsite: on?       a load, a branch
//!      record           for each channel        thread cache -> this thread's stream
//!      ring             reserve                 position, clock, CAS, frame word
//!      wire             encode                  straight stores into the ring
//!      ring             commit                  one release store
//!
//!  off the hot path:
//!      ring::switch     the sub-buffer is full: the next one, or the record is lost and counted
//!      first_event      a thread's first event in a channel
//!      agent_thread     what the consumer says
//!      fork, startup    a forked child becomes a process of its own; what happens before `main`
//! ```
//! No lock, no system call, no allocation, after a thread's first event, within a sub-buffer. Tracepoints
//! may be called anywhere: in signal handlers (the interrupted tracepoint's included), before `main` once
//! the constructors have run, in thread-exit destructors, in the child of a `fork`.
//!
//! Linking this crate does not trace a program: constructors stand in the expansion of [`macro@tracepoint`].
//!
//! # Where it works
//! Linux with glibc, on `x86_64` and on x86 of 32 bits beside a consumer of 64; it compiles for `aarch64`, where it has not been
//! run. Tests run on Linux 6.18; nothing is known to need more than 5.3, which has pidfds. On x86 the clock is the time-stamp
//! counter where the kernel trusts it, elsewhere `CLOCK_MONOTONIC`.
//!
//! Feature `dynamic-tls` is for shared objects with more thread-locals than `dlopen` has room for, and for crates of type
//! `dylib`: an event then costs a call more. There is no other feature.
//!
//! The oldest toolchain is `rust-version` of the manifest, 1.88. A minor version may raise it, to one that is half a year old
//! at least.
//!
//! # Inside
//! The runtime of a traced process is private. Its one instance is `instance`; `record` is the hot path from the callsite
//! to the stream, which is `ust_core::stream`. What both sides share, the ring above all, is the crate `ust-core`.

#![deny(unsafe_code)]
// The macro's expansion names this crate; so may its own documentation and tests.
extern crate self as ust;

mod agent_thread;
mod ancestry;
mod callsite;
mod channel;
mod channel_shape;
mod conversation;
mod cpu_streams;
mod declared;
mod descriptor_table;
#[doc(hidden)]
pub mod dynamic;
mod election;
mod first_event;
mod fork;
mod handover;
mod held;
mod instance;
mod lockfree;
mod meeting_place;
mod mirror;
mod module;
mod orphans;
mod panic_hook;
mod process_file;
mod reach;
mod record;
mod registry;
mod ring_file;
mod rules;
mod slots;
mod startup;
mod table;
mod thread_cache;
mod undisturbed;
mod wake_word;

#[doc(hidden)]
pub mod __private;

pub use panic_hook::snapshot_on_panic;
pub use ust_core::event::Level;
pub use ust_core::wire::Field;
pub use ust_macros::{Field, tracepoint};
