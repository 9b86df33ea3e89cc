//! The streams of a per-CPU channel, by CPU.
//!
//! The CPU number is a hint. A thread may write to the stream of a CPU that it has just been moved away from,
//! and two CPUs share a stream if their numbers differ by a multiple of the table's length. Any writer may
//! write to any of these streams.

use crate::lockfree::Place;
use ust_core::stream::Stream;
use ust_core::sync::Shared;

/// Length of the table.
const MAX_CPUS: usize = 1024;

/// See the module page. These streams are freed with the whole channel, when no thread is in a tracepoint.
#[derive(Debug)]
pub struct CpuStreams([Place<Stream<Shared>>; MAX_CPUS]);

impl CpuStreams {
    /// The stream of a CPU, if it has one.
    #[inline(always)]
    pub fn stream(&self, cpu: usize) -> Option<&Stream<Shared>> {
        self.0[cpu % MAX_CPUS].get()
    }

    /// Gives a CPU its stream. `false` if it has one by now.
    pub fn set(&self, cpu: usize, stream: &'static Stream<Shared>) -> bool {
        self.0[cpu % MAX_CPUS].install(stream).is_ok()
    }

    /// Removes a CPU's stream, if it still is this one.
    pub fn forget(&self, cpu: usize, stream: &Stream<Shared>) {
        self.0[cpu % MAX_CPUS].clear_if(stream);
    }
}
