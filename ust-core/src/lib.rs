//! What a traced process and its consumer share, and what is proven: the ring, the shared memory, the protocol.
//!
//! This crate knows nothing about tracing a process. That is the crate `ust`, which programs use. Start reading at
//! [`ring`].
//!
//! # Words
//! - **consumer**: the role that reads traces out of processes; `ustconsumerd` plays it, or `ust record`.
//! - **session**: what a user starts and stops; **channel**: how and where its events are recorded; **stream**: one
//!   ring, written by one thread or by the threads on one CPU.
//! - **sub-buffer**: one of the parts of a stream's memory; the reader takes full ones by exchange. **packet**: what
//!   the consumer frames from their records into a stream file.
//! - **event class**: what a `#[tracepoint]` declares; **event record**: one call; **callsite**: the switch.
//! - **reserve, commit**: a record's two steps; **deliver**: a sub-buffer is full; **consume**: the reader walks a
//!   sub-buffer; **exchange**: full memory against zeroed; **recover**: read what dead writers left.
//! - **position**: bytes since a stream began. **records lost**: counted by cause, never forgotten.
//!
//! # Modules
//! | module | what it is |
//! | --- | --- |
//! | [`sync`], [`testpoint`], [`wire`] | atomics by who writes them; named points; field encodings |
//! | [`abi`] | the words of the shared memory, and arithmetic on them |
//! | [`ring`] | the algorithm: start reading at its page |
//! | [`shm`] | memfds, mappings, the doorbell |
//! | [`clock`], [`cpu`], [`event`] | a record's time; the thread's CPU; what a tracepoint declares |
//! | [`build_id`] | what a linker has called an object |
//! | [`moment`] | `Instant` as a field |
//! | [`stream`] | the writing end of one ring: reserve, encode, commit |
//! | [`version`] | what happens if two different builds meet |
//! | [`shim`] | what a recorder asks of the shim for C programs |
//! | [`protocol`], [`paths`], [`socket`] | what process and consumer say; where they meet; how messages travel |

#![deny(unsafe_code)]

pub mod abi;
#[doc(hidden)]
pub mod hint;
pub mod ring;
pub mod sync;
pub mod testpoint;
pub mod version;

// Loom's models run over the ring and the modules that it uses. The other modules map real memory.
#[cfg(not(loom))]
pub mod build_id;
#[cfg(not(loom))]
pub mod clock;
#[cfg(not(loom))]
pub mod cpu;
#[cfg(not(loom))]
pub mod event;
#[cfg(not(loom))]
pub mod moment;
#[cfg(not(loom))]
pub mod paths;
#[cfg(not(loom))]
pub mod protocol;
#[cfg(not(loom))]
pub mod shim;
#[cfg(not(loom))]
pub mod shm;
#[cfg(not(loom))]
pub mod socket;
#[cfg(not(loom))]
pub mod stream;
#[cfg(not(loom))]
pub mod thread_word;

pub mod wire;
