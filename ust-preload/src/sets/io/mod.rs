//! `libc_io`: descriptors, paths, sockets, waits and streams.
//!
//! Descriptors are numbers here. What one stands for is told by the event of the call that made it: `open` and its like have
//! path and result, or, where it is asked for, by one in front of each call ([`Fd`](crate::argument::Fd)).

mod characters;
mod descriptors;
mod open;
mod paths;
mod sockets;
mod streams;
mod waits;
