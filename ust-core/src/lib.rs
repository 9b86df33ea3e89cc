//! What a traced process and its consumer share, and what is proven of it: the ring, the shared memory, the protocol.
//!
//! It knows nothing of a process being traced; that is the crate `ust`, which programs use. Start reading at [`ring`].
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
//! | [`clock`], [`cpu`], [`event`] | what a record is stamped with; where; what is declared |
//! | [`stream`] | the writing end of one ring: reserve, encode, commit |
//! | [`version`] | what becomes of two builds that meet |
//! | [`protocol`], [`paths`], [`socket`] | what process and consumer say to each other; where they meet; how it travels |

#![deny(unsafe_code)]

pub mod abi;
#[doc(hidden)]
pub mod hint;
pub mod ring;
pub mod sync;
pub mod testpoint;
pub mod version;

// Loom's models run over the ring and what it stands on; the rest maps real memory.
#[cfg(not(loom))]
pub mod clock;
#[cfg(not(loom))]
pub mod cpu;
#[cfg(not(loom))]
pub mod event;
#[cfg(not(loom))]
pub mod paths;
#[cfg(not(loom))]
pub mod protocol;
#[cfg(not(loom))]
pub mod shm;
#[cfg(not(loom))]
pub mod socket;
#[cfg(not(loom))]
pub mod stream;
#[cfg(not(loom))]
pub mod wire;
