//! What a thread keeps at hand: its stream in each channel, and a mark that says whether it is in a tracepoint.
//!
//! ```text
//!   thread-local                 pages that a forked child finds zeroed
//!   current() ----------------> +--------------------------------------+
//!   (at first: EMPTY)           | streams, cpus  by channel slot       |
//!                               | in_probe       is_claimed, tid       |
//!                               +--------------------------------------+
//! ```
//!
//! After a fork, by whatever call, all of it is zero in the child. The child's first event finds no stream and takes
//! the slow path, which notices the new process. The fast path pays only for the pointer.
//!
//! `in_probe` counts the thread's tracepoints in progress, down from zero. It changes before a stream is looked up, and
//! changes back after the stream's last use. A thread that frees memory waits until it is zero (see
//! [`Caches::quiesce`]). A tracepoint that is the only one in progress knows that every earlier record of its thread is
//! committed (see `Stream::try_record_usual`).
//!
//! The destructor of a pthread key gives an ending thread's streams back. Once the thread is gone, another thread may
//! claim its cache. If our key is too high to be set without allocating, the streams stay too, until a thread finds no
//! free cache and checks which threads still exist.

mod blocks;
mod cache;
mod caches;
mod current;

pub(crate) use cache::ThreadCache;
pub(crate) use caches::Caches;
pub(crate) use current::{current, set as make_current};
