//! The two ways in which writers change their shared words, owner-only and locked, and what a third way
//! ([`OfCpu`](super::OfCpu)) must do.
#![allow(unsafe_code)]

use super::{Ordering, raw};

/// How the writers of a stream change the words that they share.
///
/// # Safety
/// `compare_exchange`, `add` and `advance` must be atomic against every writer that the implementor admits:
/// nested signal handlers for [`Local`], all threads for [`Shared`], those that run on one CPU for
/// [`OfCpu`](super::OfCpu).
pub unsafe trait Rmw: Copy + 'static {
    /// Whether several threads write. Then the record before may not be committed.
    const IS_SHARED: bool;
    /// Whether a writer is one only while it stays on a CPU. Then `advance` fails for any interruption.
    const MAY_MOVE: bool = false;
    /// Stores `new` if the word still is `current`; returns whether it did.
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool;
    /// Adds `amount`, wrapping.
    fn add(word: &raw::AtomicU64, amount: u64);

    /// Like `compare_exchange`, for the stream's position, by this writer.
    #[inline(always)]
    fn advance(self, word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        Self::compare_exchange(word, current, new, success)
    }

    /// The same writer from now on. `None` if it is none any more.
    #[inline(always)]
    fn renewed(self) -> Option<Self> {
        Some(self)
    }

    /// Ends what makes it a writer, until it is [`renewed`](Self::renewed): a system call may come next.
    #[inline(always)]
    fn rest(self) {}

    /// The counter's value, if it was read when the writer became one.
    #[inline(always)]
    fn counter(self) -> Option<u64> {
        None
    }
}

/// Owner-only: one thread writes, and the signal handlers that interrupt it.
#[derive(Debug, Clone, Copy)]
pub struct Local;

/// Any thread of the process writes.
#[derive(Debug, Clone, Copy)]
pub struct Shared;

/// The reader's view of a writer's word: it can only be loaded.
#[derive(Debug, Clone, Copy)]
pub struct ReadOnly;

// SAFETY: an interrupt never splits a single instruction, and `Local` admits no other writer.
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
unsafe impl Rmw for Local {
    const IS_SHARED: bool = false;

    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, _: Ordering) -> bool {
        // SAFETY: the pointer comes from a reference. x86-64 gives every load acquire and every store
        // release order, and the asm block, which may touch memory, orders the compiler.
        unsafe {
            core::arch::asm!(
                "cmpxchg qword ptr [{word}], {new}",
                "jne {differs}",
                word = in(reg) word.as_ptr(),
                new = in(reg) new,
                inout("rax") current => _,
                differs = label { return false },
                options(nostack),
            );
        }
        true
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        // SAFETY: as above.
        unsafe {
            core::arch::asm!(
                "add qword ptr [{word}], {amount}",
                word = in(reg) word.as_ptr(),
                amount = in(reg) amount,
                options(nostack),
            );
        }
    }
}

// SAFETY: ordinary atomics are atomic against every writer.
#[cfg(all(not(loom), any(not(target_arch = "x86_64"), miri, portable_rmw)))]
unsafe impl Rmw for Local {
    const IS_SHARED: bool = false;

    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        Shared::compare_exchange(word, current, new, success)
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        Shared::add(word, amount);
    }
}

// SAFETY: loom runs a nested writer only at testpoints, and there is none between this load and store.
#[cfg(loom)]
unsafe impl Rmw for Local {
    const IS_SHARED: bool = false;

    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        let (load, store) = match success {
            Ordering::AcqRel => (Ordering::Acquire, Ordering::Release),
            Ordering::Acquire => (Ordering::Acquire, Ordering::Relaxed),
            Ordering::Release => (Ordering::Relaxed, Ordering::Release),
            _ => (Ordering::Relaxed, Ordering::Relaxed),
        };
        let same = word.load(load) == current;
        if same {
            word.store(new, store);
        }
        same
    }

    fn add(word: &raw::AtomicU64, amount: u64) {
        let old = word.load(Ordering::Relaxed);
        word.store(old.wrapping_add(amount), Ordering::Relaxed);
    }
}

// SAFETY: locked instructions.
unsafe impl Rmw for Shared {
    const IS_SHARED: bool = true;

    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        // Relaxed on failure: the caller starts over with a fresh load.
        word.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        // Relaxed: a count publishes nothing.
        word.fetch_add(amount, Ordering::Relaxed);
    }
}
