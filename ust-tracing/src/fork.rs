//! Forks: a child finds nothing half done.
//!
//! ```text
//!   before a fork, in this order    rebuild's lock, lock of making, then (ust's handler) the registry
//!   a rebuild takes them            rebuild's lock, lock of making, the registry
//!   after it, in parent and child   both let go; the child forgets the thread
//! ```
//!
//! A fork waits at most [`TIMEOUT`] for each lock: the thread that holds it may wait for the forking thread. A child that was
//! forked without a lock may find it held for ever, and then waits when it next makes a class.
#![allow(unsafe_code)]

use crate::making;
use core::cell::RefCell;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// A rebuild takes milliseconds, unless the machine is very busy.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Held during a rebuild.
static REBUILDING: Mutex<()> = Mutex::new(());

/// What a child does.
static IN_CHILD: OnceLock<fn()> = OnceLock::new();

type Held = [Option<MutexGuard<'static, ()>>; 2];

thread_local! {
    // A thread-local, because several threads may fork at once. The forking thread is the child's only thread.
    static HELD: RefCell<Held> = const { RefCell::new([None, None]) };
}

/// From here on, forks wait until nothing is half done, and the child calls this function.
pub(crate) fn prepare(in_child: fn()) {
    if IN_CHILD.set(in_child).is_ok() {
        // Runs before the handler of `ust`, which was registered before `main`: the last one registered runs first.
        // SAFETY: three functions that do not unwind.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(child)) };
    }
}

/// While the result lives, a fork waits.
pub(crate) fn rebuilding() -> MutexGuard<'static, ()> {
    REBUILDING.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn before() {
    let locks = [&REBUILDING, making::lock()];
    let _ = HELD.try_with(|held| held.replace(locks.map(lock)));
}

extern "C" fn in_parent() {
    let_go();
}

extern "C" fn child() {
    let_go();
    if let Some(in_child) = IN_CHILD.get() {
        in_child();
    }
}

fn let_go() {
    let _ = HELD.try_with(|held| held.replace([None, None]));
}

fn lock(mutex: &'static Mutex<()>) -> Option<MutexGuard<'static, ()>> {
    let begun = Instant::now();
    loop {
        match mutex.try_lock() {
            Ok(held) => return Some(held),
            Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < TIMEOUT => {
                thread::sleep(Duration::from_micros(100));
            }
            Err(TryLockError::WouldBlock) => return None,
        }
    }
}
