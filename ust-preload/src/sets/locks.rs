//! `pthread`: mutexes, rwlocks and spin locks, with the time for which a thread waited, who held the lock, and for how long.
//!
//! Mutexes of C11 are those of POSIX in glibc, and recorded by the same events.
#![allow(unsafe_code)]

use super::lttng::{MutexLock, MutexTrylock, MutexUnlock};
use crate::argument::{Address, Argument, Code};
use crate::holds::{Key, Watch};
use crate::lock::{self, C11, Lock};
use crate::lock_calls::lock_calls;
use core::ffi::c_int;

lock_calls! {
    provider = "pthread", begin = "pthread_begin";

    does fn pthread_mutex_init(mutex: Mutex, attr: Address) -> Code, 2;
    does fn pthread_mutex_destroy(mutex: Mutex) -> Code, 1;
    takes fn pthread_mutex_lock(mutex: Mutex) -> Code, 1, also MutexLock;
    tries fn pthread_mutex_trylock(mutex: Mutex) -> Code, 1, also MutexTrylock;
    takes fn pthread_mutex_timedlock(mutex: Mutex, deadline: Address) -> Code, 2;
    takes fn pthread_mutex_clocklock(mutex: Mutex, clock: c_int, deadline: Address) -> Code, 3;
    releases fn pthread_mutex_unlock(mutex: Mutex) -> Code, 1, also MutexUnlock;
    does fn mtx_init(mutex: Mutex, kind: c_int) -> C11, 2;
    does fn mtx_destroy(mutex: Mutex) -> (), 1, as pthread_mutex_destroy;
    takes fn mtx_lock(mutex: Mutex) -> C11, 1, as pthread_mutex_lock;
    tries fn mtx_trylock(mutex: Mutex) -> C11, 1, as pthread_mutex_trylock;
    takes fn mtx_timedlock(mutex: Mutex, deadline: Address) -> C11, 2, as pthread_mutex_timedlock;
    releases fn mtx_unlock(mutex: Mutex) -> C11, 1, as pthread_mutex_unlock;

    does fn pthread_rwlock_init(rwlock: Writing, attr: Address) -> Code, 2;
    does fn pthread_rwlock_destroy(rwlock: Writing) -> Code, 1;
    takes fn pthread_rwlock_rdlock(rwlock: Reading) -> Code, 1;
    tries fn pthread_rwlock_tryrdlock(rwlock: Reading) -> Code, 1;
    takes fn pthread_rwlock_timedrdlock(rwlock: Reading, deadline: Address) -> Code, 2;
    takes fn pthread_rwlock_clockrdlock(rwlock: Reading, clock: c_int, deadline: Address) -> Code, 3;
    takes fn pthread_rwlock_wrlock(rwlock: Writing) -> Code, 1;
    tries fn pthread_rwlock_trywrlock(rwlock: Writing) -> Code, 1;
    takes fn pthread_rwlock_timedwrlock(rwlock: Writing, deadline: Address) -> Code, 2;
    takes fn pthread_rwlock_clockwrlock(rwlock: Writing, clock: c_int, deadline: Address) -> Code, 3;
    releases fn pthread_rwlock_unlock(rwlock: ReadOrWritten) -> Code, 1;

    does fn pthread_spin_init(spinlock: Spinlock, shared: c_int) -> Code, 2;
    does fn pthread_spin_destroy(spinlock: Spinlock) -> Code, 1;
    takes fn pthread_spin_lock(spinlock: Spinlock) -> Code, 1;
    tries fn pthread_spin_trylock(spinlock: Spinlock) -> Code, 1;
    releases fn pthread_spin_unlock(spinlock: Spinlock) -> Code, 1;
}

static MUTEXES: Watch = Watch::new();
static RWLOCKS: Watch = Watch::new();
static SPINLOCKS: Watch = Watch::new();

/// Declares locks, by what is watched, who records their unlocks, who holds them and what names their holds.
macro_rules! locks {
    ($(
        $(#[$doc:meta])*
        $name:ident, watched: $watch:ident, unlocked: $unlock:ident, holder: $holder:expr, key: $key:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name(Address);

        impl Argument for $name {
            type Field = Address;

            #[inline(always)]
            fn field(self, _: c_int) -> Address {
                self.0
            }
        }

        impl Lock for $name {
            const WATCH: &'static Watch = &$watch;

            #[inline(always)]
            fn is_recorded() -> bool {
                event::$unlock::enabled()
            }

            #[inline(always)]
            unsafe fn holder(self) -> u32 {
                let of: unsafe fn(Address) -> u32 = $holder;
                // SAFETY: the caller's promise.
                unsafe { of(self.0) }
            }

            #[inline(always)]
            unsafe fn key(self) -> Option<Key> {
                let of: unsafe fn(Address) -> Option<Key> = $key;
                // SAFETY: the caller's promise.
                unsafe { of(self.0) }
            }
        }
    )*};
}

locks! {
    /// A mutex.
    Mutex, watched: MUTEXES, unlocked: pthread_mutex_unlock,
        holder: lock::owner_of_mutex, key: key_of_mutex;
    /// A rwlock that is written, or made.
    Writing, watched: RWLOCKS, unlocked: pthread_rwlock_unlock,
        holder: lock::writer_of, key: |rwlock| Some(Key::of(rwlock));
    /// A rwlock that is read. A thread that reads it twice begins a new hold.
    Reading, watched: RWLOCKS, unlocked: pthread_rwlock_unlock,
        holder: lock::writer_of, key: |rwlock| Some(Key::own_of(rwlock));
    /// A rwlock that is one of both.
    ReadOrWritten, watched: RWLOCKS, unlocked: pthread_rwlock_unlock,
        holder: lock::writer_of, key: key_of_rwlock;
    /// A spin lock, which does not say who holds it.
    Spinlock, watched: SPINLOCKS, unlocked: pthread_spin_unlock,
        holder: |_| 0, key: |spinlock| Some(Key::of(spinlock));
}

/// # Safety
/// The calling thread holds the mutex.
unsafe fn key_of_mutex(mutex: Address) -> Option<Key> {
    // SAFETY: the caller's promise. A hold is from the first lock to the last unlock.
    (!unsafe { lock::is_nested_mutex(mutex) }).then(|| Key::of(mutex))
}

/// # Safety
/// The calling thread holds the rwlock.
unsafe fn key_of_rwlock(rwlock: Address) -> Option<Key> {
    // SAFETY: the caller's promise. Nobody writes what this thread reads.
    let is_written = unsafe { lock::writer_of(rwlock) } != 0;
    Some(if is_written { Key::of(rwlock) } else { Key::own_of(rwlock) })
}
