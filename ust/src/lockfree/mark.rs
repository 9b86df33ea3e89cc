//! The mark: how many tracepoints of a thread are under way. What they use is not freed before it is zero
//! (see [`reclaim`](super::reclaim)).
//!
//! It is changed by single instructions of the thread.
//! A handler that comes between a load and a store, and leaves one of its own tracepoints by siglongjmp, would be forgotten
//! by the store. The mark counts down from zero because one taken from zero, and from nothing else, borrows: the
//! processor says so in passing.
//!
//! The mark is named by what it lies in and its offset there: an address of its own would cost an instruction.

#![allow(unsafe_code)]

use super::barrier::mark_barrier;
use super::orderings as order;
use ust_core::sync::{Local, WriterWord, const_unless_loom};

/// A thread's mark, zero at first, which means that none is. It counts down.
#[derive(Debug)]
#[repr(transparent)]
pub struct Mark(WriterWord<Local>);

impl Mark {
    const_unless_loom! {
        /// That of a thread in no tracepoint.
        pub fn unset() -> Self {
            Self(WriterWord::new(0))
        }
    }

    /// Whether a tracepoint of the thread may be under way. If not, all that they have done is done.
    pub fn is_set(&self) -> bool {
        self.0.load(order::mark_load()) != 0
    }

    /// Takes it back for all tracepoints that the thread has left by siglongjmp: it is in none of them any more.
    pub fn clear(&self) {
        self.0.store(0, order::mark_clear());
    }
}

/// Marks that one more tracepoint of the calling thread is under way. Whether it is the outermost: all that the thread
/// has recorded before is committed. Not if it has left a tracepoint by siglongjmp, ever.
///
/// # Safety
/// At that offset from `base` lies a [`Mark`] that is the calling thread's.
#[inline(always)]
pub unsafe fn enter<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise.
    let is_outermost = unsafe { lower::<OFFSET, T>(base) };
    mark_barrier();
    is_outermost
}

/// Takes the mark back: what the tracepoint has found is not used any more.
///
/// # Safety
/// As for [`enter`].
#[inline(always)]
pub unsafe fn leave<const OFFSET: usize, T>(base: &T) {
    order::leave_fence();
    // SAFETY: the caller's promise.
    unsafe { raise::<OFFSET, T>(base) };
}

/// One more tracepoint is under way. Whether it was zero.
///
/// # Safety
/// At that offset from `base` lies a [`Mark`] that is the calling thread's.
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
#[inline(always)]
unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
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

/// One more tracepoint is under way. Whether it was zero.
///
/// # Safety
/// At that offset from `base` lies a [`Mark`] that is the calling thread's.
#[cfg(any(not(target_arch = "x86_64"), loom, miri, portable_rmw))]
#[inline(always)]
unsafe fn lower<const OFFSET: usize, T>(base: &T) -> bool {
    // SAFETY: the caller's promise.
    let mark = unsafe { &*core::ptr::from_ref(base).byte_add(OFFSET).cast::<Mark>() };
    mark.0.add(u64::MAX);
    mark.0.load(order::own_mark_load()) == u64::MAX
}

/// One less is.
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
