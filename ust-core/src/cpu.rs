//! Which CPU the calling thread runs on: a hint, for it may be another one an instruction later.
//!
//! glibc registers a restartable-sequences area for each thread, and the kernel keeps the CPU number in it:
//! one load. Where there is none (an old glibc, another libc, `glibc.pthread.rseq=0`), `getcpu` says it.
#![allow(unsafe_code)]

use crate::sync::{AtomicU64, Ordering};

/// Offset of the area from the thread pointer, in the lower half; bit 32 says that there is one.
static RSEQ: AtomicU64 = AtomicU64::new(0);

const IS_PRESENT: u64 = 1 << 32;

/// Offset of `cpu_id` in the kernel's `struct rseq`.
#[cfg(target_arch = "x86_64")]
const CPU_ID_OFFSET: u32 = 4;

/// Finds glibc's area. Called once, before `main`; until then, and without it, [`current`] makes a system call.
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

/// The CPU's number. Async-signal-safe.
#[inline(always)]
pub fn current() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let rseq = RSEQ.load(Ordering::Relaxed);
        if rseq & IS_PRESENT != 0 {
            let offset = i64::from(rseq as u32 as i32) + i64::from(CPU_ID_OFFSET);
            let number: i32;
            // SAFETY: glibc says that each thread has its area there; it is plain memory, which the kernel
            // writes.
            unsafe {
                core::arch::asm!(
                    "mov {number:e}, dword ptr fs:[{offset}]",
                    number = out(reg) number,
                    offset = in(reg) offset,
                    options(nostack, readonly, preserves_flags),
                );
            }
            // Negative where a thread is not registered.
            if number >= 0 {
                return number as usize;
            }
        }
    }
    ask()
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
        // Either may move us between the two looks; never a thousand times.
        assert!((0..1000).any(|_| current() == ask()));
        if cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
            assert!(RSEQ.load(Ordering::Relaxed) & IS_PRESENT != 0 || !has_rseq());
        }
    }

    fn has_rseq() -> bool {
        // SAFETY: a name that ends in zero.
        unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).is_null() }
    }
}
