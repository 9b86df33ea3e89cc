//! The only folder that names atomics: four kinds of shared word, and loom's stand-ins for them.
//!
//! ```text
//!   word               who writes it                          read-modify-write
//!   -----------------  -------------------------------------  ------------------------------------------
//!   WriterWord<Local>  one thread, and the signal handlers     unprefixed instruction: atomic against
//!                      that interrupt it                       interruption, not against other CPUs
//!   WriterWord<Shared> any thread of the traced process        locked instruction
//!   WriterWord<OfCpu>  any thread, on one CPU only             the position: a restartable sequence with a plain
//!                                                              store; other words: locked instruction
//!   ReaderWritten      the reader, and writers in slow paths   locked on both sides, always
//! ```
//!
//! These read-modify-writes do not synchronise with each other if they hit the same word. Hence
//! so many types: the reader holds a `WriterWord<ReadOnly>` and cannot write it, and a `ReaderWritten` has
//! no owner-only operation at all.
//!
//! On x86-64 the owner-only operations are single instructions without a `lock` prefix, in inline
//! assembly: an interrupt comes before or after an instruction, never within it. Everywhere else, and
//! with `--cfg portable_rmw` (sanitizers), they are ordinary atomics. Under loom they are a load and then
//! a store, so a model fails if two threads share such a word.
#![allow(clippy::disallowed_types)]

mod announced;
mod guarded;
mod of_cpu;
mod order;
mod orderings;
mod pause;
mod place;
mod plain;
mod rmw;
mod table;
mod words;

pub use announced::{Announced32, Announced64};
pub use guarded::Guarded;
pub use of_cpu::OfCpu;
#[cfg(loom)]
pub use of_cpu::{move_away, set_counter, stay};
pub use order::{LoadOrder, OrdersLoads, OrdersRmws, OrdersStores, RmwOrder, StoreOrder};
pub use pause::pause;
pub use place::Place;
pub use plain::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64};
pub use rmw::{Local, ReadOnly, Rmw, Shared};
#[doc(hidden)]
pub use table::{const_unless_loom, is_weakened, orderings, weakenable_fence};
pub use words::{ReaderWritten, WriterWord};

pub use core::sync::atomic::Ordering;

#[cfg(not(loom))]
use core::sync::atomic as raw;
#[cfg(loom)]
use loom::sync::atomic as raw;

#[cfg(not(loom))]
pub use core::sync::atomic::fence;
#[cfg(loom)]
pub use loom::sync::atomic::fence;

/// A fence for the compiler only. Loom needs none: its threads never see program order broken.
#[inline(always)]
pub fn compiler_fence(order: Ordering) {
    if cfg!(not(loom)) {
        core::sync::atomic::compiler_fence(order);
    }
}
