//! The calling thread's CPU: a hint, because the thread may move at the next instruction.
//!
//! glibc registers a restartable-sequences area for each thread, always at the same distance from the thread pointer,
//! and the kernel keeps the CPU number in it: one load ([`at_hand`]). Without such areas (an old glibc, another libc,
//! `glibc.pthread.rseq=0`) `getcpu` says the number ([`current`]).
#![allow(unsafe_code)]

use crate::sync::{AtomicU32, Ordering};

/// Distance of the CPU number from the thread pointer, in bytes, as an `i32`; 0 if there is none.
static NUMBER_OFFSET: AtomicU32 = AtomicU32::new(0);

/// Offset of `cpu_id` in the kernel's `struct rseq`.
const CPU_ID_OFFSET: i32 = 4;

/// Finds glibc's areas. Called once, before `main`. Before that, [`at_hand`] finds no number.
pub fn initialise() {
    // SAFETY: zero-terminated names; glibc defines them as an `unsigned int` and a `ptrdiff_t`.
    unsafe {
        let size = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).cast::<libc::c_uint>();
        let offset = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()).cast::<isize>();
        // Size 0: glibc did not register the areas.
        if !size.is_null() && !offset.is_null() && *size != 0 {
            NUMBER_OFFSET.store((*offset as i32 + CPU_ID_OFFSET) as u32, Ordering::Relaxed);
        }
    }
}

/// The CPU number, if it can be had without a call.
#[inline(always)]
pub fn at_hand() -> Option<usize> {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let offset = NUMBER_OFFSET.load(Ordering::Relaxed);
        if offset != 0 {
            let number: i32;
            // SAFETY: by the psABI `fs` holds the thread pointer, and by glibc each thread's number is at this offset.
            unsafe {
                core::arch::asm!(
                    "mov {number:e}, dword ptr fs:[{offset}]",
                    offset = in(reg) offset as i32 as isize,
                    number = lateout(reg) number,
                    options(nostack, readonly, preserves_flags),
                );
            }
            // Negative: this thread is not registered.
            return (number >= 0).then_some(number as usize);
        }
    }
    None
}

/// The CPU number, by a call if necessary. Async-signal-safe.
pub fn current() -> usize {
    at_hand().unwrap_or_else(ask)
}

#[cold]
#[inline(never)]
fn ask() -> usize {
    // SAFETY: no arguments.
    let number = unsafe { libc::sched_getcpu() };
    number.max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_and_the_kernel_agree() {
        initialise();
        if at_hand().is_none() {
            assert!(!(cfg!(all(target_arch = "x86_64", target_env = "gnu")) && has_rseq()));
            return;
        }
        // The kernel may move this thread between the two looks, but not a thousand times.
        assert!((0..1000).any(|_| at_hand() == Some(ask())));
    }

    fn has_rseq() -> bool {
        // SAFETY: a zero-terminated name.
        unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).is_null() }
    }
}
