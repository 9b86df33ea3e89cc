//! Which cache is the calling thread's: one [thread-local word](mod@ust_core::thread_word).
#![allow(unsafe_code)]

use super::cache::{EMPTY, ThreadCache};

// The version is part of the name: two of them in one program have a pointer each.
ust_core::thread_word!(mod pointer "ust_core_thread_cache" super::EMPTY);

/// The calling thread's cache. Async-signal-safe, at any time of the thread's life.
#[inline(always)]
pub(crate) fn current() -> &'static ThreadCache {
    // SAFETY: the word has been what `set` made it, or the address of `EMPTY`, since the thread began.
    unsafe { &*pointer::get().cast() }
}

/// Makes `cache` the calling thread's.
pub(crate) fn set(cache: &'static ThreadCache) {
    pointer::set((&raw const *cache).cast());
}

/// Leaves the calling thread without a cache of its own.
pub(super) fn forget() {
    set(&EMPTY);
}
