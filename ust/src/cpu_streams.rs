//! The streams of a per-CPU channel, by CPU.
//!
//! The CPU number is a hint: a thread may write to the stream of a CPU that it has just been moved away from,
//! and two CPUs whose numbers are as far apart as the table is long share one. Any writer may write to any.

use core::ptr;
use ust_core::stream::Stream;
use ust_core::sync::{AtomicPtr, Ordering, Shared};

/// Length of the table.
const MAX_CPUS: usize = 1024;

/// See the module page.
#[derive(Debug)]
pub struct CpuStreams([AtomicPtr<Stream<Shared>>; MAX_CPUS]);

impl CpuStreams {
    /// The stream of a CPU, if it has one.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub fn stream(&self, cpu: usize) -> Option<&Stream<Shared>> {
        // SAFETY: what stands here is freed with the whole channel, when no thread is in a probe.
        // Acquire: pairs with `set`.
        unsafe { self.0[cpu % MAX_CPUS].load(Ordering::Acquire).as_ref() }
    }

    /// Gives a CPU its stream; `false` if it has one by now.
    pub fn set(&self, cpu: usize, stream: &'static Stream<Shared>) -> bool {
        let stream = ptr::from_ref(stream).cast_mut();
        let place = &self.0[cpu % MAX_CPUS];
        place.compare_exchange(ptr::null_mut(), stream, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Takes a CPU's stream away, if it still is this one.
    pub fn forget(&self, cpu: usize, stream: &Stream<Shared>) {
        let stream = ptr::from_ref(stream).cast_mut();
        let place = &self.0[cpu % MAX_CPUS];
        // Whoever forgets it first is as good as we are.
        let _ =
            place.compare_exchange(stream, ptr::null_mut(), Ordering::AcqRel, Ordering::Relaxed);
    }
}
