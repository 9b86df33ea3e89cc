//! The consumer: takes rings from traced processes and writes them out as CTF.
//!
//! ```text
//!   ust record ----embeds----.                        .-- ustconsumerd: daemon, control socket
//!                            v                        v
//!                         engine   <---- session: what a user calls it, and the rules
//!                            |
//!        processes: sockets, memfds, deaths --> rings --> packets --> trace folders
//! ```
//!
//! - [`engine`] does the work, in one thread: its embedder adds channels, publishes and polls.
//! - [`session`] is the registry that a user sees: names, rules, output directories, errors with advice.
//! - [`control`] is how `ust` talks to the daemon; [`daemon`] is the daemon's loop.
//! - [`place`] is the runtime directory while it is served, [`output`] a session's directory while it is written to.
//! - [`given`] is what the user names: files and directories that may lie where others write. `held_dir` has the
//!   operations in any directory that is held open.
//! - [`reserve`] is memory for the moment when there is no other.
//! - [`limits`] has every bound of what a process or a client may make the consumer hold or do.
//! - [`advice`] has what to do about each error of the kernel.
//! - `channel_name` says what channels and their files may be called.
//! - [`cause`] has the exit codes of both binaries, [`engine_args`] their options; [`inherited`], [`signals`],
//!   [`descriptors`], [`output_dir`] and [`shm_dir`] are the rest of what they share.

#![deny(unsafe_code)]

pub mod advice;
pub mod cause;
mod channel_name;
pub mod control;
pub mod daemon;
pub mod descriptors;
pub mod engine;
pub mod engine_args;
pub mod given;
mod held_dir;
pub mod inherited;
pub mod limits;
pub mod output;
pub mod output_dir;
mod peer;
pub mod place;
pub mod reserve;
pub mod session;
pub mod shm_dir;
pub mod signals;
pub mod uuid;
