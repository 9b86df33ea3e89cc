//! Locks that one thread holds at a time, and locks of readers and writers.
#![allow(unsafe_code)]

use super::held;
use crate::entry::entry;
use crate::errno::Errno;
use crate::stopwatch::Stopwatch;
use core::ffi::{c_int, c_void};
use ust::inside::is_inside;
use ust_core::sync::{AtomicU32, Ordering};

type Address = *const c_void;

/// Where glibc's locks name the thread that holds them: a part of its binary interface, for programs initialise locks
/// statically. (`nptl/bits/struct_mutex.h`, `struct_rwlock.h`, of glibc 2.34 and later.)
const OWNER_OF_MUTEX: Option<usize> = Some(8);
const WRITER_OF_RWLOCK: Option<usize> = Some(24);

/// How often a recursive mutex is locked.
const COUNT_OF_MUTEX: usize = 4;

/// The word at that offset of a lock.
///
/// # Safety
/// It is one of glibc's locks, with a word there.
unsafe fn word_of(lock: Address, offset: usize) -> u32 {
    // SAFETY: the caller's promise. Other threads change it meanwhile, so it is looked at as an atomic, which it is in memory.
    unsafe { (*lock.byte_add(offset).cast::<AtomicU32>()).load(Ordering::Relaxed) }
}

/// The thread that holds a lock; 0 if it is free, or does not say.
///
/// # Safety
/// As above.
unsafe fn holder_of(lock: Address, offset: Option<usize>) -> u32 {
    // SAFETY: the caller's promise.
    offset.map_or(0, |offset| unsafe { word_of(lock, offset) })
}

/// Whether the calling thread, which holds the mutex, holds it more than once.
///
/// # Safety
/// It is a mutex.
pub unsafe fn is_held_again(mutex: Address) -> bool {
    // SAFETY: the caller's promise.
    unsafe { word_of(mutex, COUNT_OF_MUTEX) > 1 }
}

/// How a lock is taken: what its holder is called, and whether its hold is measured.
macro_rules! locks {
    (
        $(lock $name:ident($lock:ident $(, $argument:ident: $type:ty)*), $count:tt => $behind:ident,
            owner: $owner:expr, held: $held:expr, unlocked by $unlock:ident;)*
        $(unlock $unlocks:ident($unlocked:ident) => $unlock_behind:ident, is last: $is_last:expr;)*
    ) => {
        mod real {
            use super::Address;
            use core::ffi::c_int;

            crate::real::real! {
                $(pub fn $name($lock: Address $(, $argument: $type)*) -> c_int;)*
                $(pub fn $unlocks($unlocked: Address) -> c_int;)*
            }
        }

        #[allow(dead_code)]
        pub mod event {
            use super::Address;
            use core::ffi::c_int;

            $(#[ust::tracepoint(provider = "pthread", level = Debug)]
            pub fn $name($lock: Address, held_by: u32, call_site: Address, result: c_int, duration: u64);)*
            $(#[ust::tracepoint(provider = "pthread", level = Debug)]
            pub fn $unlocks($unlocked: Address, held: i64, call_site: Address, result: c_int);)*
        }

        #[allow(dead_code)]
        mod begin {
            use super::Address;

            $(#[ust::tracepoint(provider = "pthread_begin", level = Debug)]
            pub fn $name($lock: Address, held_by: u32, call_site: Address);)*
        }

        $(
            entry!($name => $behind, arguments: $count);

            unsafe extern "C" fn $behind($lock: Address $(, $argument: $type)*, call_site: Address) -> c_int {
                #[cold]
                #[inline(never)]
                unsafe fn traced($lock: Address $(, $argument: $type)*, call_site: Address) -> c_int {
                    // SAFETY: what the program asks for.
                    unsafe {
                        if is_inside() {
                            return real::$name($lock $(, $argument)*);
                        }
                        let held_by = holder_of($lock, $owner);
                        begin::$name($lock, held_by, call_site);
                        let watch = Stopwatch::start();
                        let result = real::$name($lock $(, $argument)*);
                        let duration = watch.elapsed_ns();
                        let _errno = Errno::keep();
                        let is_measured: fn(Address) -> bool = $held;
                        if result == 0 && event::$unlock::enabled() && is_measured($lock) {
                            held::begin($lock.addr(), Stopwatch::start());
                        }
                        event::$name($lock, held_by, call_site, result, duration);
                        result
                    }
                }

                if event::$name::enabled() || event::$unlock::enabled() || begin::$name::enabled() {
                    // SAFETY: what the program asks for.
                    return unsafe { traced($lock $(, $argument)*, call_site) };
                }
                // SAFETY: what the program asks for.
                unsafe { real::$name($lock $(, $argument)*) }
            }
        )*

        $(
            entry!($unlocks => $unlock_behind, arguments: 1);

            unsafe extern "C" fn $unlock_behind($unlocked: Address, call_site: Address) -> c_int {
                #[cold]
                #[inline(never)]
                unsafe fn traced($unlocked: Address, call_site: Address) -> c_int {
                    // SAFETY: what the program asks for.
                    unsafe {
                        if is_inside() {
                            return real::$unlocks($unlocked);
                        }
                        let is_last: fn(Address) -> bool = $is_last;
                        // Before the call: behind it the lock is another thread's, or gone.
                        let held = if is_last($unlocked) { held::end($unlocked.addr()) } else { -1 };
                        let result = real::$unlocks($unlocked);
                        let _errno = Errno::keep();
                        event::$unlocks($unlocked, held, call_site, result);
                        result
                    }
                }

                if event::$unlocks::enabled() {
                    // SAFETY: what the program asks for.
                    return unsafe { traced($unlocked, call_site) };
                }
                // SAFETY: what the program asks for.
                unsafe { real::$unlocks($unlocked) }
            }
        )*
    };
}

/// A recursive mutex is held from its first lock on.
fn is_first(mutex: Address) -> bool {
    // SAFETY: the calling thread holds it.
    unsafe { !is_held_again(mutex) }
}

locks! {
    lock pthread_mutex_lock(mutex), 1 => mutex_lock,
        owner: OWNER_OF_MUTEX, held: is_first, unlocked by pthread_mutex_unlock;
    lock pthread_mutex_trylock(mutex), 1 => mutex_trylock,
        owner: OWNER_OF_MUTEX, held: is_first, unlocked by pthread_mutex_unlock;
    lock pthread_mutex_timedlock(mutex, until: Address), 2 => mutex_timedlock,
        owner: OWNER_OF_MUTEX, held: is_first, unlocked by pthread_mutex_unlock;
    lock pthread_mutex_clocklock(mutex, clock: c_int, until: Address), 3 => mutex_clocklock,
        owner: OWNER_OF_MUTEX, held: is_first, unlocked by pthread_mutex_unlock;

    lock mtx_lock(mutex), 1 => c_mutex_lock, owner: OWNER_OF_MUTEX, held: is_first, unlocked by mtx_unlock;
    lock mtx_trylock(mutex), 1 => c_mutex_trylock, owner: OWNER_OF_MUTEX, held: is_first, unlocked by mtx_unlock;
    lock mtx_timedlock(mutex, until: Address), 2 => c_mutex_timedlock,
        owner: OWNER_OF_MUTEX, held: is_first, unlocked by mtx_unlock;

    lock pthread_rwlock_rdlock(rwlock), 1 => rwlock_rdlock,
        owner: WRITER_OF_RWLOCK, held: |_| false, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_tryrdlock(rwlock), 1 => rwlock_tryrdlock,
        owner: WRITER_OF_RWLOCK, held: |_| false, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_timedrdlock(rwlock, until: Address), 2 => rwlock_timedrdlock,
        owner: WRITER_OF_RWLOCK, held: |_| false, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_clockrdlock(rwlock, clock: c_int, until: Address), 3 => rwlock_clockrdlock,
        owner: WRITER_OF_RWLOCK, held: |_| false, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_wrlock(rwlock), 1 => rwlock_wrlock,
        owner: WRITER_OF_RWLOCK, held: |_| true, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_trywrlock(rwlock), 1 => rwlock_trywrlock,
        owner: WRITER_OF_RWLOCK, held: |_| true, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_timedwrlock(rwlock, until: Address), 2 => rwlock_timedwrlock,
        owner: WRITER_OF_RWLOCK, held: |_| true, unlocked by pthread_rwlock_unlock;
    lock pthread_rwlock_clockwrlock(rwlock, clock: c_int, until: Address), 3 => rwlock_clockwrlock,
        owner: WRITER_OF_RWLOCK, held: |_| true, unlocked by pthread_rwlock_unlock;

    lock pthread_spin_lock(lock), 1 => spin_lock, owner: None, held: |_| true, unlocked by pthread_spin_unlock;
    lock pthread_spin_trylock(lock), 1 => spin_trylock, owner: None, held: |_| true, unlocked by pthread_spin_unlock;

    unlock pthread_mutex_unlock(mutex) => mutex_unlock, is last: is_first;
    unlock mtx_unlock(mutex) => c_mutex_unlock, is last: is_first;
    unlock pthread_rwlock_unlock(rwlock) => rwlock_unlock, is last: is_writer;
    unlock pthread_spin_unlock(lock) => spin_unlock, is last: |_| true;
}

/// Readers hold a lock together: nobody measures them.
fn is_writer(rwlock: Address) -> bool {
    // SAFETY: the calling thread holds it.
    unsafe { holder_of(rwlock, WRITER_OF_RWLOCK) != 0 }
}
