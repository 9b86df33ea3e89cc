//! The calling thread's CPU.
//!
//! glibc (from 2.35 on) registers a restartable-sequences area for each thread, always at the same distance from the thread
//! pointer, and the kernel keeps the CPU's number in it. With it a thread is a writer of that CPU's stream for as long as
//! nobody interrupts it: [`Stay`]. Without such areas (an older glibc, another libc, `glibc.pthread.rseq=0`, valgrind), and
//! where no sequences are written (`--cfg portable_rmw`, other architectures), `getcpu` says the number ([`current`]). That
//! is a hint: the thread may move at the next instruction.
//!
//! A child of `vfork` has its parent's area, which the kernel does not keep up to date for it: see docs/guarantees.md.
#![allow(unsafe_code)]

use crate::sync::{AtomicU64, OfCpu, Ordering};

/// Distance of the area from the thread pointer, in bytes, as an `isize`; 0 if there is none.
static AREA: AtomicU64 = AtomicU64::new(0);

/// Finds glibc's areas. Called once, before `main`. Before that, no thread has one.
pub fn initialise() {
    // SAFETY: zero-terminated names; glibc defines them as an `unsigned int` and a `ptrdiff_t`.
    unsafe {
        let size = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).cast::<libc::c_uint>();
        let offset = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()).cast::<isize>();
        // Size 0: glibc did not register the areas.
        if OfCpu::CAN_BE && !size.is_null() && !offset.is_null() && *size != 0 {
            AREA.store(*offset as u64, Ordering::Relaxed);
        }
    }
}

/// Where the areas are, from the thread pointer, in bytes. 0 if there are none.
pub fn area() -> isize {
    AREA.load(Ordering::Relaxed) as isize
}

/// The number of the calling thread's CPU, by the area there. `None` if there is none (an area of 0), or if the thread is not
/// registered. Async-signal-safe.
#[inline(always)]
pub fn at_hand(area: isize) -> Option<u32> {
    if area == 0 {
        return None;
    }
    // SAFETY: `initialise` found it.
    let number = unsafe { OfCpu::number_now(area) };
    (number <= i32::MAX as u32).then_some(number)
}

/// The calling thread's stay on a CPU. It may end at any instruction: then the writer that it is fails.
#[derive(Debug)]
pub struct Stay(OfCpu);

impl Stay {
    /// Begins it, if the thread is on CPU `number`. Async-signal-safe.
    ///
    /// # Safety
    /// The area is that of [`area`], and not 0.
    #[inline(always)]
    pub unsafe fn begin(area: isize, number: u32) -> Option<Self> {
        // SAFETY: the caller's promise. The value does not leave the thread: it is lent by this one, which is not given away.
        let stay = Self(unsafe { OfCpu::begin(area, number) });
        stay.0.is_there().then_some(stay)
    }

    /// The writer that the thread is meanwhile.
    #[inline(always)]
    pub fn writer(&self) -> OfCpu {
        self.0
    }
}

impl Drop for Stay {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The CPU's number, by a call if necessary. Async-signal-safe.
pub fn current() -> usize {
    at_hand(area()).map_or_else(ask, |number| number as usize)
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
        if area() == 0 {
            assert!(!(OfCpu::CAN_BE && has_rseq()));
            return;
        }
        // The kernel may move this thread between the two looks, but not a thousand times.
        assert!((0..1000).any(|_| at_hand(area()) == Some(ask() as u32)));
    }

    fn has_rseq() -> bool {
        // SAFETY: a zero-terminated name.
        unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).is_null() }
    }
}
