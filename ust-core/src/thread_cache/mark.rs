//! How the mark of a thread cache is changed: by single instructions of the owner.
//!
//! A handler that comes between a load and a store, and leaves one of its own tracepoints by siglongjmp, would be forgotten
//! by the store. The mark counts down from zero because one taken from zero, and from nothing else, borrows: the
//! processor says so in passing.

#![allow(unsafe_code)]

use super::ThreadCache;

/// One more tracepoint is under way. Whether it was zero.
#[cfg(all(target_arch = "x86_64", not(miri), not(portable_rmw)))]
#[inline(always)]
pub fn lower(cache: &ThreadCache) -> bool {
    // SAFETY: the word lies so far into the cache; a single instruction is never split by an interrupt, and other
    // threads do not write to it while this one has the cache. (The empty one is everybody's: its mark means nothing,
    // and leads to nothing.)
    unsafe {
        core::arch::asm!(
            "sub qword ptr [{cache} + {in_probe}], 1",
            "jnc {nested}",
            cache = in(reg) cache,
            in_probe = const core::mem::offset_of!(ThreadCache, in_probe),
            nested = label { return false },
            options(nostack),
        );
    }
    true
}

/// One less is.
#[cfg(all(target_arch = "x86_64", not(miri), not(portable_rmw)))]
#[inline(always)]
pub fn raise(cache: &ThreadCache) {
    // SAFETY: as in `lower`.
    unsafe {
        core::arch::asm!(
            "inc qword ptr [{cache} + {in_probe}]",
            cache = in(reg) cache,
            in_probe = const core::mem::offset_of!(ThreadCache, in_probe),
            options(nostack),
        );
    }
}

/// One more tracepoint is under way. Whether it was zero.
#[cfg(any(not(target_arch = "x86_64"), miri, portable_rmw))]
#[inline(always)]
pub fn lower(cache: &ThreadCache) -> bool {
    cache.in_probe.add(u64::MAX);
    cache.in_probe.load(crate::sync::Ordering::Relaxed) == u64::MAX
}

/// One less is.
#[cfg(any(not(target_arch = "x86_64"), miri, portable_rmw))]
#[inline(always)]
pub fn raise(cache: &ThreadCache) {
    cache.in_probe.add(1);
}
