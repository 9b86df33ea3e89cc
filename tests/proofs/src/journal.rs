//! The tracee's orders, and what it notes of its calls, in memory that outlives it.
//!
//! ```text
//!   a call:   began ........ returned           both are ticks of one counter
//!               |  the ring  |
//!      clock before          clock after, and the outcome
//! ```
//!
//! Ticks give the order of all calls of one stream: a call that returned before another began has its
//! record before the other's. A call that began and did not return is one that the process died in.
#![allow(unsafe_code)]

use ust_core::shm::mapping::SharedLayout;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering, compiler_fence};

/// Bytes of the file.
pub const JOURNAL_BYTES: usize = 128 << 10;

/// Calls that it has room for.
pub const MAX_CALLS: usize = 2048;

/// Operations that it has room for.
pub const MAX_OPS: usize = 256;

/// Where the tracee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// Before the region.
    Before,
    /// In it: these are the instructions that are looked at.
    Region,
    /// Behind it.
    Behind,
}

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It returned, and its record was written.
    Written,
    /// It returned, its record was written or counted lost, and the caller was not told which.
    Untold,
    /// It returned, and the stream was closed: nothing was written, nothing counted.
    Refused,
}

/// The shared page. All zeroes are a fresh one.
#[repr(C)]
#[derive(Debug)]
pub struct Journal {
    phase: AtomicU32,
    /// Whether the marker that comes next, or at which it stands, is the one before the region.
    is_at_region: AtomicU32,
    tick: AtomicU32,
    calls: AtomicU32,
    /// Orders: operations, encoded, and how many of them come before the region.
    ops: [AtomicU32; MAX_OPS],
    op_count: AtomicU32,
    ops_before: AtomicU32,
    /// The stream's shape.
    shape: AtomicU32,
    /// What a signal handler emits, encoded.
    handler_op: AtomicU32,
    /// Where the kernel's areas for threads are in the tracee, as an `isize`; 0 if it has none.
    area: AtomicU64,
    /// The CPU of the tracee's second thread, plus one; 0 if it has none.
    second_cpu: AtomicU32,
    /// Events that the second thread was asked for, and those that it has emitted. It sleeps on the first word.
    asked: AtomicU32,
    answered: AtomicU32,
    /// Handlers that are running, and the most that ever were at once.
    depth: AtomicU32,
    deepest: AtomicU32,
    entries: [Entry; MAX_CALLS],
}

#[repr(C)]
#[derive(Debug)]
struct Entry {
    began: AtomicU32,
    returned: AtomicU32,
    outcome: AtomicU32,
    reserved: u32,
    clock_before: AtomicU64,
    clock_after: AtomicU64,
}

// SAFETY: `repr(C)`, atomics, and a reserved word that is never used.
unsafe impl SharedLayout for Journal {}

const _: () = assert!(size_of::<Journal>() <= JOURNAL_BYTES);

/// One call, as the test reads it.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// When it began.
    pub began: u32,
    /// When it returned, and its outcome; none if it did not return.
    pub returned: Option<(u32, Outcome)>,
    /// The clock before the call.
    pub clock_before: u64,
    /// The clock after it; the highest if it did not return.
    pub clock_after: u64,
}

impl Journal {
    /// Tracee: notes where it is.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u32, Ordering::SeqCst);
    }

    /// Tracee: says which marker comes next.
    pub fn set_at_region(&self, is_at_region: bool) {
        self.is_at_region.store(is_at_region.into(), Ordering::SeqCst);
    }

    /// Whether a tracee that stands at a marker stands at the one before the region.
    pub fn is_at_region(&self) -> bool {
        self.is_at_region.load(Ordering::SeqCst) != 0
    }

    /// Where the tracee is.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Before,
            1 => Phase::Region,
            _ => Phase::Behind,
        }
    }

    /// Test: gives orders.
    pub fn order(&self, shape: u32, ops_before: &[u32], region: &[u32], handler_op: u32) {
        self.shape.store(shape, Ordering::Relaxed);
        let ops = ops_before.iter().chain(region);
        for (slot, op) in self.ops.iter().zip(ops) {
            slot.store(*op, Ordering::Relaxed);
        }
        self.op_count.store((ops_before.len() + region.len()) as u32, Ordering::Relaxed);
        self.ops_before.store(ops_before.len() as u32, Ordering::Relaxed);
        self.handler_op.store(handler_op, Ordering::SeqCst);
    }

    /// Tracee: its orders, those before the region and those in it.
    pub fn orders(&self) -> (&[AtomicU32], &[AtomicU32]) {
        let count = self.op_count.load(Ordering::SeqCst) as usize;
        let before = self.ops_before.load(Ordering::SeqCst) as usize;
        self.ops[..count].split_at(before)
    }

    /// Tracee: the number of the stream's shape.
    pub fn shape(&self) -> u32 {
        self.shape.load(Ordering::SeqCst)
    }

    /// Tracee: what a handler emits.
    pub fn handler_op(&self) -> u32 {
        self.handler_op.load(Ordering::Relaxed)
    }

    /// Tracee: makes one call, which is given its number, and notes it.
    #[inline(always)]
    pub fn call(&self, clock: impl Fn() -> u64, call: impl FnOnce(u32) -> Outcome) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let Some(entry) = self.entries.get(number as usize) else { return };
        entry.clock_before.store(clock(), Ordering::Relaxed);
        entry.began.store(self.tick(), Ordering::Release);
        // A kill sees the stores in the order of the instructions. So no instruction of the call may move above the note of
        // its beginning or below the note of its end.
        compiler_fence(Ordering::SeqCst);
        let outcome = call(number);
        compiler_fence(Ordering::SeqCst);
        entry.clock_after.store(clock(), Ordering::Relaxed);
        entry.outcome.store(outcome as u32, Ordering::Release);
        entry.returned.store(self.tick(), Ordering::Release);
        compiler_fence(Ordering::SeqCst);
    }

    #[inline(always)]
    fn tick(&self) -> u32 {
        self.tick.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Tracee: says where its threads' areas are (`ust_core::cpu::area`).
    pub fn set_area(&self, area: isize) {
        self.area.store(area as u64, Ordering::SeqCst);
    }

    /// Where they are.
    pub fn area(&self) -> isize {
        self.area.load(Ordering::SeqCst) as isize
    }

    /// Test: orders a second thread, on that CPU.
    pub fn order_second(&self, cpu: usize) {
        self.second_cpu.store(cpu as u32 + 1, Ordering::SeqCst);
    }

    /// Tracee: the CPU of its second thread, if it is to have one.
    pub fn second_cpu(&self) -> Option<usize> {
        Some(self.second_cpu.load(Ordering::SeqCst).checked_sub(1)? as usize)
    }

    /// Test: asks the second thread for an event. What is returned is what [`answers`](Self::answers) says afterwards.
    pub fn ask(&self) -> u32 {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let word = self.asked.futex().as_ptr();
        // SAFETY: a word of this mapping. Not private: the tracee is another process.
        unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, 1) };
        asked
    }

    /// How many events the second thread has emitted.
    pub fn answers(&self) -> u32 {
        self.answered.load(Ordering::SeqCst)
    }

    /// Tracee's second thread: emits an event whenever it is asked for one.
    pub fn serve(&self, emit: impl Fn()) -> ! {
        loop {
            let answered = self.answers();
            if self.asked.load(Ordering::SeqCst) == answered {
                let word = self.asked.futex().as_ptr();
                let forever = std::ptr::null::<libc::timespec>();
                // SAFETY: as in `ask`. It may return early.
                unsafe {
                    libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, answered, forever)
                };
                continue;
            }
            emit();
            self.answered.store(answered + 1, Ordering::SeqCst);
        }
    }

    /// Tracee: a handler begins.
    pub fn enter_handler(&self) {
        let depth = self.depth.fetch_add(1, Ordering::Relaxed) + 1;
        self.deepest.fetch_max(depth, Ordering::Relaxed);
    }

    /// Tracee: a handler ends.
    pub fn leave_handler(&self) {
        self.depth.fetch_add(u32::MAX, Ordering::Relaxed);
    }

    /// Whether a handler is running.
    pub fn is_in_handler(&self) -> bool {
        self.depth.load(Ordering::SeqCst) != 0
    }

    /// The most handlers that ever ran at once.
    pub fn deepest(&self) -> u32 {
        self.deepest.load(Ordering::SeqCst)
    }

    /// The calls that began, by number; none for a call that only got its number.
    pub fn calls(&self) -> Vec<Option<Call>> {
        let count = self.calls.load(Ordering::SeqCst) as usize;
        assert!(count <= MAX_CALLS, "the journal is full");
        self.entries[..count].iter().map(Entry::read).collect()
    }
}

impl Entry {
    fn read(&self) -> Option<Call> {
        let began = self.began.load(Ordering::SeqCst);
        let returned = self.returned.load(Ordering::SeqCst);
        let outcome = match self.outcome.load(Ordering::SeqCst) {
            word if word == Outcome::Written as u32 => Outcome::Written,
            word if word == Outcome::Refused as u32 => Outcome::Refused,
            _ => Outcome::Untold,
        };
        (began != 0).then(|| Call {
            began,
            returned: (returned != 0).then_some((returned, outcome)),
            clock_before: self.clock_before.load(Ordering::SeqCst),
            clock_after: match returned {
                0 => u64::MAX,
                _ => self.clock_after.load(Ordering::SeqCst),
            },
        })
    }
}
