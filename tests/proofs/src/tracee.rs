//! The tracee's side: does what the journal orders, round after round, between markers.
//!
//! ```text
//!   marker A   before ...   marker B   region ...   marker A   before ...
//! ```
//!
//! A marker is a SIGTRAP that the tracee sends to itself; its tracer sees it stop. The tracee writes to shared memory, so
//! that the tracer can put everything back between two rounds.
#![allow(unsafe_code)]

use crate::journal::{JOURNAL_BYTES, Journal, Outcome, Phase};
use crate::scenario::Op;
use crate::stream_under_test::{Shape, StreamFile, Writer};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::cell::Cell;
use std::os::fd::{FromRawFd, OwnedFd};
use std::rc::Rc;
use ust_core::clock::ClockKind;
use ust_core::shm::Mapping;
use ust_core::sync::{AtomicPtr, AtomicU32, Ordering};

/// Emits the record of that number as an operation says.
pub type Emit = Box<dyn Fn(u32, Op) -> Outcome>;

/// The tracee's journal, and how it emits.
pub struct Tracee {
    journal: Mapping,
    clock: ClockKind,
    emit: Emit,
    /// What it does when everything was put back.
    begin: Box<dyn Fn()>,
}

/// What the signal handler uses.
static TRACEE: AtomicPtr<Tracee> = AtomicPtr::new(std::ptr::null_mut());

/// The number of a program's last argument but one: the journal's descriptor.
const JOURNAL: usize = 1;

/// That of its last: the stream's.
const STREAM: usize = 0;

/// The file whose descriptor an argument names, counted from the last.
fn file_argument(from_last: usize) -> OwnedFd {
    let fd = std::env::args().rev().nth(from_last).and_then(|text| text.parse().ok());
    let fd = fd.expect("descriptors as arguments: this program is for tests");
    // SAFETY: the test that started this program passed it on, and it is taken once.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn journal_argument() -> Mapping {
    Mapping::new(file_argument(JOURNAL), JOURNAL_BYTES).expect("the journal can be mapped")
}

/// The stream that the test passed on.
pub fn stream_argument() -> StreamFile {
    StreamFile::open(file_argument(STREAM))
}

impl Tracee {
    /// With the journal that the test passed on.
    pub fn new(clock: ClockKind, emit: Emit) -> Self {
        Self { journal: journal_argument(), clock, emit, begin: Box::new(|| ()) }
    }

    /// That writes to the stream that the test passed on.
    pub fn of_stream() -> Self {
        // What a recorder would choose on this machine.
        let clock = ClockKind::best();
        let stream = stream_argument();
        let journal = journal_argument();
        let shape = Shape::of(journal.at::<Journal>(0).expect("it is that large").shape());
        // Leaked, because a handler may use it at any time.
        let fresh = move || -> &'static Writer { Box::leak(Box::new(stream.writer(shape, clock))) };
        let writer = Rc::new(Cell::new(fresh()));
        let in_use = writer.clone();
        let emit = move |number, op| match op {
            Op::Body(bytes) => in_use.get().emit(number, Some(bytes.into())),
            _ => in_use.get().emit(number, None),
        };
        Self { journal, clock, emit: Box::new(emit), begin: Box::new(move || writer.set(fresh())) }
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        self.journal.at(0).expect("it is that large")
    }

    /// Does what an order says.
    pub fn obey(&self, encoded: u32) {
        match Op::decode(encoded) {
            Op::Pause => self.pause(),
            op => self.journal().call(|| self.clock.now(), |number| (self.emit)(number, op)),
        }
    }

    /// Does what all of them say.
    pub fn obey_all(&self, orders: &[AtomicU32]) {
        orders.iter().for_each(|order| self.obey(order.load(Ordering::Relaxed)));
    }

    fn pause(&self) {
        let end = self.clock.now() + (1 << ust_core::wire::COMPACT_CLOCK_BITS);
        while self.clock.now() < end {
            std::thread::yield_now();
        }
    }

    /// Does everything once, untraced, and calls back when the region begins.
    pub fn run_once(&self, at_region: impl FnOnce()) {
        let (before, region) = self.journal().orders();
        self.obey_all(before);
        at_region();
        self.journal().set_phase(Phase::Region);
        self.obey_all(region);
        self.journal().set_phase(Phase::Behind);
    }

    /// Lets itself be traced, and does the same for ever, between markers.
    pub fn be_stepped(self) -> ! {
        let tracee: &'static Self = Box::leak(Box::new(self));
        TRACEE.store(std::ptr::from_ref(tracee).cast_mut(), Ordering::Release);
        handle_signals();
        tracee.journal().second_cpu().into_iter().for_each(begin_second);
        let_parent_trace();
        loop {
            tracee.journal().set_at_region(false);
            marker();
            tracee.journal().set_area(ust_core::cpu::area());
            (tracee.begin)();
            let (before, region) = tracee.journal().orders();
            tracee.obey_all(before);
            tracee.journal().set_at_region(true);
            marker();
            tracee.journal().set_phase(Phase::Region);
            tracee.obey_all(region);
            tracee.journal().set_phase(Phase::Behind);
        }
    }
}

/// Starts a second thread, on that CPU, which emits what handlers emit. It is not traced: it runs while the tracee stands
/// still.
fn begin_second(cpu: usize) {
    std::thread::spawn(move || {
        let mut cpus = CpuSet::new();
        cpus.set(cpu).expect("the kernel has named it");
        sched_setaffinity(Pid::from_raw(0), &cpus).expect("the CPU is allowed");
        // SAFETY: a leaked box. Tests order a second thread of programs whose threads may all emit.
        let tracee = unsafe { &*TRACEE.load(Ordering::Acquire) };
        let journal = tracee.journal();
        journal.serve(|| tracee.obey(journal.handler_op()))
    });
}

/// Emits into the stream that was interrupted.
extern "C" fn on_signal(_: libc::c_int) {
    // SAFETY: a leaked box, or null.
    let Some(tracee) = (unsafe { TRACEE.load(Ordering::Acquire).as_ref() }) else { return };
    let journal = tracee.journal();
    journal.enter_handler();
    tracee.obey(journal.handler_op());
    journal.leave_handler();
}

/// Handles SIGUSR1, also while it is being handled.
pub fn handle_signals() {
    // SAFETY: a zeroed action is one; the handler makes no call that is not async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_NODEFER | libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
}

/// Makes the parent's thread that started this process its tracer, and dies with it.
pub fn let_parent_trace() {
    // SAFETY: both change nothing but this process's relation to its parent.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) != 0 {
            // The tracer sees the exit code.
            libc::_exit(NOT_TRACED);
        }
    }
}

/// The exit code of a program that may not be traced here.
pub const NOT_TRACED: libc::c_int = 77;

/// Stops, for the tracer to see.
pub fn marker() {
    // SAFETY: to this thread alone; a tracer takes it away.
    unsafe { libc::raise(libc::SIGTRAP) };
}
