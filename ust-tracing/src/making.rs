//! The lock under which callsites and classes are made.
//!
//! ```text
//!   a callsite registers, a new shape   begin() --> Making --> registers with the runtime, which has a lock of its own
//!   fork                                holds it meanwhile: a child finds nothing half made  (`fork`)
//! ```
//!
//! No code of the program runs under it, except its allocator. If that emits events of `tracing` (a thread that makes
//! something would wait for itself), these are not recorded.

use core::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

static MAKING: Mutex<()> = Mutex::new(());

thread_local! {
    static IS_MAKING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, no other thread makes anything.
pub(crate) struct Making {
    _held: MutexGuard<'static, ()>,
}

/// Waits for other threads that make something. `None` in a thread that is making something already.
pub(crate) fn begin() -> Option<Making> {
    if IS_MAKING.replace(true) {
        return None;
    }
    Some(Making { _held: MAKING.lock().unwrap_or_else(PoisonError::into_inner) })
}

/// The lock, for forks.
pub(crate) fn lock() -> &'static Mutex<()> {
    &MAKING
}

impl Drop for Making {
    fn drop(&mut self) {
        IS_MAKING.set(false);
    }
}
