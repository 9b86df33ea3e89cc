//! Which CPU the calling thread runs on: a hint, for it may be another one an instruction later.
//!
//! glibc registers a restartable-sequences area for each thread, and the kernel keeps the CPU number in it:
//! one load, for who knows where the thread's area is ([`number_place`]). Where there is none (an old glibc, another
//! libc, `glibc.pthread.rseq=0`), `getcpu` says it ([`current`]).
#![allow(unsafe_code)]

use crate::sync::{AtomicU32, AtomicU64, Ordering};
use core::ptr;

/// Offset of the area from the thread pointer, in the lower half; bit 32 says that there is one.
static RSEQ: AtomicU64 = AtomicU64::new(0);

const IS_PRESENT: u64 = 1 << 32;

/// Offset of `cpu_id` in the kernel's `struct rseq`.
#[cfg(target_arch = "x86_64")]
const CPU_ID_OFFSET: usize = 4;

/// Finds glibc's areas. Called once, before `main`; until then, and without it, no thread has any.
pub fn initialise() {
    // SAFETY: names that end in zero; what glibc gives them are an `unsigned int` and a `ptrdiff_t`.
    unsafe {
        let size = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).cast::<libc::c_uint>();
        let offset = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()).cast::<isize>();
        // Size 0: registration was switched off.
        if !size.is_null() && !offset.is_null() && *size != 0 {
            RSEQ.store(IS_PRESENT | u64::from(*offset as u32), Ordering::Relaxed);
        }
    }
}

/// Where the calling thread's CPU number stands, for as long as it lives; null if nowhere. The number is negative
/// where the thread is not registered.
pub fn number_place() -> *mut AtomicU32 {
    #[cfg(target_arch = "x86_64")]
    {
        let rseq = RSEQ.load(Ordering::Relaxed);
        if rseq & IS_PRESENT != 0 {
            let thread: *mut u8;
            // SAFETY: the psABI keeps the thread pointer's own value where it points to.
            unsafe {
                core::arch::asm!(
                    "mov {thread}, qword ptr fs:[0]",
                    thread = out(reg) thread,
                    options(nostack, readonly, preserves_flags),
                );
            }
            let area = thread.wrapping_offset(rseq as u32 as i32 as isize);
            return area.wrapping_add(CPU_ID_OFFSET).cast();
        }
    }
    ptr::null_mut()
}

/// The CPU's number, by a system call, or what the C library makes of it. Async-signal-safe.
#[cold]
#[inline(never)]
pub fn current() -> usize {
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
        // SAFETY: this thread's.
        let Some(number) = (unsafe { number_place().as_ref() }) else {
            assert!(!(cfg!(all(target_arch = "x86_64", target_env = "gnu")) && has_rseq()));
            return;
        };
        // Either may move us between the two looks; never a thousand times.
        assert!((0..1000).any(|_| number.load(Ordering::Relaxed) as usize == current()));
    }

    fn has_rseq() -> bool {
        // SAFETY: a name that ends in zero.
        unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).is_null() }
    }
}
