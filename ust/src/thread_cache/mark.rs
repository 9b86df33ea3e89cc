//! How the mark of a thread cache is changed: by single instructions of the owner.
//!
//! A handler that comes between a load and a store, and leaves one of its own tracepoints by siglongjmp, would be forgotten
//! by the store. The mark counts down from zero because one taken from zero, and from nothing else, borrows: the
//! processor says so in passing.
//!
//! The mark is named by what it lies in and its offset there: an address of its own would cost an instruction.

#![allow(unsafe_code)]

/// One more tracepoint is under way. Whether it was zero.
///
/// # Safety
/// At that offset from `base` lies a [`WriterWord<Local>`](ust_core::sync::WriterWord) that is the calling thread's.
#[cfg(all(target_arch = "x86_64", not(miri), not(portable_rmw)))]
#[inline(always)]
pub(super) unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise; a single instruction is never split by an interrupt.
    unsafe {
        core::arch::asm!(
            "sub qword ptr [{base} + {offset}], 1",
            "jnc {nested}",
            base = in(reg) base,
            offset = const OFFSET,
            nested = label { return false },
            options(nostack),
        );
    }
    true
}

/// One less is.
///
/// # Safety
/// As for [`lower`].
#[cfg(all(target_arch = "x86_64", not(miri), not(portable_rmw)))]
#[inline(always)]
pub(super) unsafe fn raise<const OFFSET: usize, T>(base: &T) {
    // SAFETY: as in `lower`.
    unsafe {
        core::arch::asm!(
            "inc qword ptr [{base} + {offset}]",
            base = in(reg) base,
            offset = const OFFSET,
            options(nostack),
        );
    }
}

#[cfg(any(not(target_arch = "x86_64"), miri, portable_rmw))]
use ust_core::sync::{Local, Ordering, WriterWord};

/// One more tracepoint is under way. Whether it was zero.
///
/// # Safety
/// At that offset from `base` lies a [`WriterWord<Local>`] that is the calling thread's.
#[cfg(any(not(target_arch = "x86_64"), miri, portable_rmw))]
#[inline(always)]
pub(super) unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise.
    let mark = unsafe { &*core::ptr::from_ref(base).byte_add(OFFSET).cast::<WriterWord<Local>>() };
    mark.add(u64::MAX);
    mark.load(Ordering::Relaxed) == u64::MAX
}

/// One less is.
///
/// # Safety
/// As for [`lower`].
#[cfg(any(not(target_arch = "x86_64"), miri, portable_rmw))]
#[inline(always)]
pub(super) unsafe fn raise<const OFFSET: usize, T>(base: &T) {
    // SAFETY: as in `lower`.
    let mark = unsafe { &*core::ptr::from_ref(base).byte_add(OFFSET).cast::<WriterWord<Local>>() };
    mark.add(1);
}
