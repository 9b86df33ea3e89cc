//! The mark: how many of a thread's tracepoints are in progress. What they use is not freed before the mark is zero
//! (see [`reclaim`](super::reclaim)).
//!
//! Single instructions of the thread change it. With a separate load and store, a handler in between that leaves one of
//! its own tracepoints by siglongjmp would have its change overwritten. The mark counts down from zero because
//! subtracting one borrows only from zero: the carry flag then shows the outermost tracepoint for free.
//!
//! The mark is addressed by its containing struct and an offset: an address of its own would cost an instruction.

#![allow(unsafe_code)]

use super::barrier::mark_barrier;
use super::orderings as order;
use ust_core::sync::{Local, WriterWord, const_unless_loom};

/// A thread's mark. It counts down from zero, which means that no tracepoint is in progress.
#[derive(Debug)]
#[repr(transparent)]
pub struct Mark(WriterWord<Local>);

impl Mark {
    const_unless_loom! {
        /// The mark of a thread in no tracepoint.
        pub fn unset() -> Self {
            Self(WriterWord::new(0))
        }
    }

    /// Whether a tracepoint of the thread may be in progress. If not, everything its tracepoints did is visible.
    pub fn is_set(&self) -> bool {
        self.0.load(order::mark_load()) != 0
    }

    /// Clears the mark, also for tracepoints that the thread has left by siglongjmp: it is in none of them any more.
    pub fn clear(&self) {
        self.0.store(0, order::mark_clear());
    }
}

/// Marks one more tracepoint of the calling thread as in progress. Returns whether it is the outermost: then every
/// earlier record of the thread is committed. Never true again once the thread has left a tracepoint by siglongjmp.
///
/// # Safety
/// A [`Mark`] of the calling thread lies at that offset from `base`.
#[inline(always)]
pub unsafe fn enter<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise.
    let is_outermost = unsafe { lower::<OFFSET, T>(base) };
    mark_barrier();
    is_outermost
}

/// Undoes [`enter`]: the tracepoint no longer uses what it has found.
///
/// # Safety
/// As for [`enter`].
#[inline(always)]
pub unsafe fn leave<const OFFSET: usize, T>(base: &T) {
    order::leave_fence();
    // SAFETY: the caller's promise.
    unsafe { raise::<OFFSET, T>(base) };
}

/// Counts one more tracepoint. Returns whether the mark was zero.
///
/// # Safety
/// A [`Mark`] of the calling thread lies at that offset from `base`.
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
#[inline(always)]
unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise; an interrupt never splits a single instruction.
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

/// Counts one tracepoint less.
///
/// # Safety
/// As for [`lower`].
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
#[inline(always)]
unsafe fn raise<const OFFSET: usize, T>(base: &T) {
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

/// Counts one more tracepoint. Returns whether the mark was zero.
///
/// # Safety
/// A [`Mark`] of the calling thread lies at that offset from `base`.
#[cfg(any(not(target_arch = "x86_64"), loom, miri, portable_rmw))]
#[inline(always)]
unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise.
    let mark = unsafe { &*core::ptr::from_ref(base).byte_add(OFFSET).cast::<Mark>() };
    mark.0.add(u64::MAX);
    mark.0.load(order::own_mark_load()) == u64::MAX
}

/// Counts one tracepoint less.
///
/// # Safety
/// As for [`lower`].
#[cfg(any(not(target_arch = "x86_64"), loom, miri, portable_rmw))]
#[inline(always)]
unsafe fn raise<const OFFSET: usize, T>(base: &T) {
    // SAFETY: as in `lower`.
    let mark = unsafe { &*core::ptr::from_ref(base).byte_add(OFFSET).cast::<Mark>() };
    mark.0.add(1);
}
