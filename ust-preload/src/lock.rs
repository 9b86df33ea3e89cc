//! Locks in the memory of the C library's types: who holds them.
//!
//! The layout of these types is part of glibc's interface to programs, which have them in their own memory. A word is read
//! while others change it: what it said is what is recorded.
#![allow(unsafe_code)]

use crate::argument::{Address, Argument, Code, Outcome};
use crate::errno::Errno;
use crate::holds::{Key, Watch};
use crate::stopwatch::Stopwatch;
use core::ffi::c_int;
use core::mem::offset_of;
use ust_core::sync::{AtomicU32, Ordering};

/// The numbers from here on are no thread's. A robust mutex has one of them when its owner died, and when nobody may use it any more.
const NO_THREAD_FROM: u32 = 1 << 30;

/// The first fields of `pthread_mutex_t`, on every platform.
#[repr(C)]
struct MutexWords {
    lock: u32,
    /// How often a recursive mutex is locked.
    count: u32,
    owner: u32,
}

/// The first fields of `pthread_rwlock_t`.
#[repr(C)]
struct RwlockWords {
    futexes: [u32; 6],
    #[cfg(target_pointer_width = "32")]
    flags: u32,
    writer: u32,
}

/// The thread that holds a mutex, or 0.
///
/// # Safety
/// It is initialised.
#[inline(always)]
pub unsafe fn owner_of_mutex(mutex: Address) -> u32 {
    // SAFETY: the caller's promise.
    let owner = unsafe { word(mutex, offset_of!(MutexWords, owner)) };
    if owner < NO_THREAD_FROM { owner } else { 0 }
}

/// Whether the calling thread, which holds a mutex, has locked it several times.
///
/// # Safety
/// It is initialised.
#[inline(always)]
pub unsafe fn is_nested_mutex(mutex: Address) -> bool {
    // SAFETY: the caller's promise. Only robust and recursive mutexes count.
    unsafe { word(mutex, offset_of!(MutexWords, count)) > 1 }
}

/// The thread that holds a rwlock to write, or 0.
///
/// # Safety
/// It is initialised.
#[inline(always)]
pub unsafe fn writer_of(rwlock: Address) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { word(rwlock, offset_of!(RwlockWords, writer)) }
}

/// # Safety
/// A word of a lock that the program has passed lies there.
#[inline(always)]
unsafe fn word(lock: Address, offset: usize) -> u32 {
    // SAFETY: the caller's promise. Relaxed: nothing is concluded of other memory.
    unsafe { (*lock.byte_add(offset).cast::<AtomicU32>()).load(Ordering::Relaxed) }
}

/// A lock, as one function takes or releases it.
pub trait Lock: Argument {
    /// The watch over holds of its kind.
    const WATCH: &'static Watch;

    /// Whether holds are to be watched: unlocks are recorded.
    fn is_recorded() -> bool;

    /// Whether a call that takes or releases the lock must be told.
    #[inline(always)]
    fn is_told() -> bool {
        Self::WATCH.is_on() || Self::is_recorded()
    }

    /// The thread that holds it, or 0.
    ///
    /// # Safety
    /// The lock is initialised.
    unsafe fn holder(self) -> u32;

    /// The entry of the hold that the calling thread has just begun or is about to end. `None` if it holds the lock more than
    /// once.
    ///
    /// # Safety
    /// The lock is initialised.
    unsafe fn key(self) -> Option<Key>;

    /// The calling thread has taken it, at this moment.
    ///
    /// # Safety
    /// The lock is initialised.
    #[inline(always)]
    unsafe fn taken(self, now: Stopwatch) {
        if !Self::is_recorded() {
            Self::WATCH.missed();
            return;
        }
        // SAFETY: the caller's promise.
        if let Some(key) = unsafe { self.key() } {
            Self::WATCH.begin(key, now);
        }
    }

    /// The calling thread is about to release it: since when it has held it, if that is known.
    ///
    /// # Safety
    /// The lock is initialised.
    #[inline(always)]
    unsafe fn released(self) -> Option<Stopwatch> {
        if !Self::is_recorded() {
            Self::WATCH.missed();
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe { self.key() }.and_then(|key| Self::WATCH.end(key))
    }
}

/// How long a lock was held, as it is recorded: -1 if that is not known.
#[inline(always)]
pub fn held_ns(since: Option<Stopwatch>) -> i64 {
    since.map_or(-1, |since| since.elapsed_ns().min(i64::MAX as u64) as i64)
}

/// Whether a function says that the lock was taken. A robust mutex is, from an owner that died.
#[inline(always)]
pub fn is_taken(result: c_int) -> bool {
    result == 0 || result == libc::EOWNERDEAD
}

/// What a function of locks returns.
pub trait Status: Outcome {
    /// 0, or an error number.
    fn number(self) -> c_int;
}

impl Status for Code {
    #[inline(always)]
    fn number(self) -> c_int {
        self.0
    }
}

/// A function that returns nothing succeeds.
impl Status for () {
    fn number(self) -> c_int {
        0
    }
}

/// `thrd_success` and its siblings, of C11.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct C11(c_int);

impl Outcome for C11 {
    fn error(self, _: c_int) -> c_int {
        self.number()
    }

    fn missing() -> Self {
        Self(THRD_ERROR)
    }
}

const THRD_BUSY: c_int = 1;
const THRD_ERROR: c_int = 2;
const THRD_NOMEM: c_int = 3;
const THRD_TIMEDOUT: c_int = 4;

impl Status for C11 {
    fn number(self) -> c_int {
        match self.0 {
            THRD_BUSY => libc::EBUSY,
            // C11 does not say which.
            THRD_ERROR => libc::EINVAL,
            THRD_NOMEM => libc::ENOMEM,
            THRD_TIMEDOUT => libc::ETIMEDOUT,
            other => other,
        }
    }
}

/// 0, or -1 with an error number in `errno`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Posix(c_int);

impl Outcome for Posix {
    fn error(self, errno: c_int) -> c_int {
        self.0.error(errno)
    }

    fn missing() -> Self {
        Self(-1)
    }
}

impl Status for Posix {
    #[inline(always)]
    fn number(self) -> c_int {
        self.error(Errno::keep().number())
    }
}

/// What else a call of a lock is recorded as.
pub trait Also {
    /// Whether any of it is.
    fn is_on() -> bool;

    /// Before the call.
    fn before(lock: Address);

    /// Behind it.
    fn behind(lock: Address, result: c_int);
}

/// Nothing else.
pub enum Nothing {}

impl Also for Nothing {
    #[inline(always)]
    fn is_on() -> bool {
        false
    }

    #[inline(always)]
    fn before(_: Address) {}

    #[inline(always)]
    fn behind(_: Address, _: c_int) {}
}
