//! What a thread keeps at hand: its stream in each channel, and whether it is in a tracepoint.
//!
//! ```text
//!   thread-local                 pages that a forked child finds zeroed
//!   current() ----------------> +--------------------------------------+
//!   (at first: EMPTY)           | streams, cpus  by channel slot       |
//!                               | in_probe       is_claimed, tid       |
//!                               +--------------------------------------+
//! ```
//!
//! After a fork, by whatever call, all of it is zero in the child: no stream is found, and the child's
//! first event takes the slow path, which sees that it is in a new process. That costs the fast path
//! nothing but the pointer.
//!
//! `in_probe` counts the tracepoints of the thread that are under way, down from zero: changed before a stream is
//! looked up, and changed back after its last use. Whoever takes memory away waits for it to be zero (see
//! [`Caches::quiesce`]); and a tracepoint that finds itself the only one knows that all its thread has recorded before is
//! committed (see `Stream::try_record_usual`).
//!
//! A thread's end is noticed by a pthread key, which gives its streams back; its cache is another's when the thread is gone.
//! Where our key is too high to be set without allocating, the streams too wait for that: until a thread finds no cache
//! free, and asks who is still there.

mod blocks;
mod cache;
mod caches;
mod current;

pub(crate) use cache::ThreadCache;
pub(crate) use caches::Caches;
pub(crate) use current::{current, set as make_current};
