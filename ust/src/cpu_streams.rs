//! The streams of a per-CPU channel, by CPU.
//!
//! ```text
//!   sequenced[cpu]   written in restartable sequences, by threads that run on that CPU at that moment
//!   shared[cpu]      written by locked instructions, by any thread: the CPU is a hint
//! ```
//!
//! The two ways do not mix in one stream. A process in which all threads have sequences makes streams of the first kind
//! only, and one in which none has any makes those of the second kind. Streams of both are needed
//!
//! - for threads that have no sequences in a process that has them (a negative number: not registered);
//! - for threads that are taken off their CPU within each sequence, because a debugger has them take single steps;
//! - for modules that were built without sequences;
//! - for CPUs beyond the table's end.

use crate::lockfree::Place;
use ust_core::clock::ClockKind;
use ust_core::cpu;
use ust_core::stream::Stream;
use ust_core::sync::{OfCpu, Shared};

/// Length of each table.
const MAX_CPUS: usize = 1024;

/// See the module page. These streams are freed with the whole channel, when no thread is in a tracepoint.
#[derive(Debug)]
#[repr(C)]
pub struct CpuStreams {
    /// Where the kernel's areas for threads are; 0 if there are none, or if the channel's clock is no counter, which a sequence
    /// cannot read. Then there are no streams of the first kind.
    area: isize,
    sequenced: [Place<Stream<OfCpu>>; MAX_CPUS],
    shared: [Place<Stream<Shared>>; MAX_CPUS],
}

/// A stream of one of the two kinds, as an event needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// That of this CPU, in sequences.
    Sequenced(u32),
    /// That of the CPU on which the thread runs by now, by locked instructions.
    Shared,
}

impl Way {
    /// The way of the calling thread, if channels are written in sequences whose areas are there.
    pub fn by(area: isize) -> Self {
        match cpu::at_hand(area) {
            Some(cpu) if (cpu as usize) < MAX_CPUS => Way::Sequenced(cpu),
            _ => Way::Shared,
        }
    }
}

impl CpuStreams {
    /// Gives a channel whose bytes are zero the means for sequences, if its clock allows them.
    ///
    /// # Safety
    /// The pointer can be written.
    #[allow(unsafe_code)]
    pub unsafe fn begin(streams: *mut Self, clock: ClockKind) {
        let area = if clock.is_counter() { cpu::area() } else { 0 };
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*streams).area).write(area) };
    }

    /// Where the kernel's areas for threads are, if the channel is written in sequences; else 0.
    pub fn area(&self) -> isize {
        self.area
    }

    /// The stream that is written in sequences on the CPU where the thread is now, if there is one.
    #[inline(always)]
    pub fn sequenced(&self) -> Option<&Stream<OfCpu>> {
        self.sequenced.get(cpu::at_hand(self.area)? as usize)?.get()
    }

    /// The other stream of a CPU, if it has one. CPUs whose numbers differ by a multiple of the table's length share it.
    #[inline(always)]
    pub fn shared(&self, cpu: usize) -> Option<&Stream<Shared>> {
        self.shared[cpu % MAX_CPUS].get()
    }

    /// Whether a CPU has its stream of the first kind.
    pub fn has_sequenced(&self, cpu: u32) -> bool {
        self.sequenced.get(cpu as usize).is_some_and(|place| place.get().is_some())
    }

    /// Gives a CPU its stream of the first kind. `false` if it has one by now.
    pub fn set_sequenced(&self, cpu: u32, stream: &'static Stream<OfCpu>) -> bool {
        self.sequenced.get(cpu as usize).is_some_and(|place| place.install(stream).is_ok())
    }

    /// Gives a CPU its stream of the second kind. `false` if it has one by now.
    pub fn set_shared(&self, cpu: usize, stream: &'static Stream<Shared>) -> bool {
        self.shared[cpu % MAX_CPUS].install(stream).is_ok()
    }

    /// Removes a CPU's stream, if it still is this one.
    pub fn forget_sequenced(&self, cpu: u32, stream: &Stream<OfCpu>) {
        self.sequenced.get(cpu as usize).into_iter().for_each(|place| place.clear_if(stream));
    }

    /// Likewise.
    pub fn forget_shared(&self, cpu: usize, stream: &Stream<Shared>) {
        self.shared[cpu % MAX_CPUS].clear_if(stream);
    }
}
