//! Lock-free userspace tracing: tracepoints write records into shared memory, and a consumer reads them.
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
//! `ust record -o OUT -e 'indexer:*' -- ./indexer DIR` runs the program and records those events. Without a consumer
//! each call is a load and a branch that is not taken.
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
//!      ring::switch     a full sub-buffer: goes on to the next one, or counts the record as lost
//!      first_event      a thread's first event in a channel
//!      agent_thread     follows what the consumer says
//!      fork, startup    makes a forked child a process of its own; runs before `main`
//! ```
//! After its first event a thread records without locks, system calls or allocations, until a sub-buffer is full.
//! Tracepoints may be called anywhere: in signal handlers (also those that interrupt a tracepoint), before `main` once
//! the constructors have run, in thread-exit destructors, in the child of a `fork`.
//!
//! [`guide`] has pages for what people want to do: instrument an existing program, find the slow request, a library that carries
//! tracepoints.
//!
//! Linking this crate alone does not trace a program: the constructors are part of the expansion of
//! [`macro@tracepoint`].
//!
//! # Where it works
//! Linux with glibc or musl, linked dynamically or statically, on `x86_64`, and on 32-bit x86 beside a 64-bit consumer. The crate compiles for `aarch64` but has
//! not been run there. Tests run on Linux 6.18. 5.3, the first kernel with pidfds, should be enough. On x86 the clock
//! is the time-stamp counter if the kernel trusts it, elsewhere `CLOCK_MONOTONIC`.
//!
//! Feature `dynamic-tls` is for shared objects with more thread-locals than `dlopen` has room for, and for crates of
//! type `dylib`. With it an event costs one call more.
//!
//! Features `max-level-info`, `-notice`, `-warning`, `-err` and `-off` leave out tracepoints of levels beyond: calls of them compile to
//! nothing, but their arguments are still checked. If several crates ask for different ones, the most urgent counts.
//! `RUSTFLAGS="--cfg ust_off"` leaves out all tracepoints of a program in the same way, without a change to any manifest.
//!
//! Feature `sdt` puts a probe of SystemTap's format beside each tracepoint, for gdb, bpftrace, perf and SystemTap: see
//! [Probes for other tools](#probes-for-other-tools).
//!
//! Feature `bytes` makes `bytes::Bytes` and `BytesMut` fields.
//!
//! The oldest supported toolchain is the manifest's `rust-version`, 1.88. A minor version may raise it to one that is
//! at least half a year old.
//!
//! # Probes for other tools
//! With the feature `sdt`, `readelf -n` lists a probe `provider:name` for each tracepoint, and other tools stop there:
//!
//! ```text
//! (gdb) break -probe-stap indexer:file_indexed          bpftrace -e 'usdt:./indexer:indexer:file_indexed { .. }'
//! (gdb) print $_probe_arg2                              perf buildid-cache --add ./indexer
//! ```
//!
//! A probe is passed whenever the program comes by, whether or not anything is recorded: that is what these tools expect. It
//! costs a `nop`, and a register for each word of its arguments. Where values would have to be made first (`with`, `when_on`, the
//! expressions of [`event!`], [`text!`] and [`span!`]), they are made while the event is on, or while a tool has raised the
//! probe's semaphore, as tools do at each probe that they use. `enabled()` then says so too.
//!
//! | tracepoint | probe |
//! | --- | --- |
//! | an event | `name`, with the fields |
//! | an instrumented function | `name_entry`, with the arguments; `name_exit`, without any |
//! | a span, declared, by `span!` or of a function | `name`, where it begins, with the arguments |
//!
//! The arguments are those of the first six fields, as far as they have one. An integer, a `bool`, a `char` and a raw pointer is one; a text,
//! a slice or a path is two, the address and the length (of a slice the number of elements); a reference to something else is
//! its address. Other fields, such as floating-point numbers, options, arrays and structures by value, have no place that the
//! format could name. They are left out, and later arguments move up. On 32-bit x86 there are too few registers, so probes have no
//! arguments. A tracepoint that states no provider has the crate's name, which Cargo must tell.
//!
//! # Inside
//! The runtime of a traced process is private. Its one instance is `instance`. `record` is the hot path from the
//! callsite to the stream, which is `ust_core::stream`. The crate `ust-core` holds what process and consumer share,
//! above all the ring.

#![deny(unsafe_code)]
// The macro's expansion names this crate. So do this crate's own documentation and tests.
extern crate self as ust;

mod agent_thread;
mod ancestry;
mod anywhere;
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
mod executable;
mod first_event;
mod fork;
pub mod guide;
mod handover;
mod held;
#[doc(hidden)]
pub mod inside;
mod instance;
mod last_thread;
mod lockfree;
mod meeting_place;
mod mirror;
mod module;
mod orphans;
mod panic_hook;
mod process_file;
mod program;
mod reach;
mod record;
mod registry;
mod ring_file;
mod rules;
#[doc(hidden)]
pub mod sdt;
mod slots;
mod span;
mod startup;
mod table;
mod thread_cache;
mod undisturbed;
mod wake_word;

#[doc(hidden)]
pub mod __private;

pub use panic_hook::snapshot_on_panic;
pub use span::Span;
pub use ust_core::event::Level;
pub use ust_core::wire::Field;
pub use ust_macros::Field;
#[cfg(not(ust_off))]
pub use ust_macros::{event, span, text, tracepoint};
#[cfg(ust_off)]
pub use ust_macros::{
    event_off as event, span_off as span, text_off as text, tracepoint_off as tracepoint,
};
