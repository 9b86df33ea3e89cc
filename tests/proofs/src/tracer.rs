//! The test's side: a traced process, and what can be done with it while it is stopped.
//!
//! ```text
//!   start --> marker A --run--> marker B --step, Path::go_to--> anywhere --kill, run--> marker A
//! ```
#![allow(unsafe_code)]

use crate::tracee::NOT_TRACED;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::personality::{self, Persona};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::c_void;
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A process that this thread traces. It is killed when this is dropped.
pub struct Tracer {
    child: Child,
    pid: Pid,
    /// What is done again and again while it does not stop: it may be waiting for that.
    meanwhile: Option<Box<dyn Fn()>>,
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// After so long a tracee that does not stop may be waiting. Longer than it runs between two stops.
const MAY_WAIT_AFTER: Duration = Duration::from_millis(5);

/// Whether a tracee's threads have restartable sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequences {
    /// glibc registers no areas, so streams of CPUs are written by locked instructions. A step takes a thread out of a
    /// sequence: the path that is stepped through would be one that no running program takes.
    Off,
    /// glibc registers them if it can.
    On,
}

/// The tunable that makes glibc clear memory in a loop.
const LOOPS: &str = "glibc.cpu.x86_rep_stosb_threshold=1000000000";

/// Starts one of this package's programs with descriptors as its last arguments.
///
/// Addresses are the same each time, so that a path recorded in one process holds in the next. And glibc is told to clear
/// memory in a loop instead of by one string instruction, of which each byte is a step.
pub fn spawn(mut command: Command, descriptors: &[RawFd], sequences: Sequences) -> Child {
    command.args(descriptors.iter().map(ToString::to_string));
    let areas = u32::from(sequences == Sequences::On);
    let tunables = format!("{LOOPS}:glibc.pthread.rseq={areas}");
    command.env("GLIBC_TUNABLES", tunables);
    let inherited = descriptors.to_vec();
    // SAFETY: between fork and exec it makes system calls and nothing else.
    unsafe {
        command.pre_exec(move || {
            // Where that is not allowed, more places are missed, and the tests say so.
            let _ = personality::set(Persona::ADDR_NO_RANDOMIZE);
            for fd in &inherited {
                libc::fcntl(*fd, libc::F_SETFD, 0);
            }
            Ok(())
        });
    }
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

impl Tracer {
    /// Starts a program and waits for its first marker. `None`, with a line that says so, if processes cannot be traced
    /// here.
    pub fn start(command: Command, descriptors: &[RawFd], sequences: Sequences) -> Option<Self> {
        let child = spawn(command, descriptors, sequences);
        let pid = Pid::from_raw(child.id().cast_signed());
        let tracer = Self { child, pid, meanwhile: None };
        match tracer.wait() {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                let options = ptrace::Options::PTRACE_O_EXITKILL;
                ptrace::setoptions(pid, options).expect("a stopped tracee takes options");
                Some(tracer)
            }
            WaitStatus::Exited(_, NOT_TRACED) => {
                eprintln!("SKIPPED: processes may not be traced here (ptrace is refused)");
                None
            }
            other => panic!("the tracee did not reach its first marker: {other:?}"),
        }
    }

    /// Has this done while the tracee waits.
    pub fn set_meanwhile(&mut self, meanwhile: Box<dyn Fn()>) {
        self.meanwhile = Some(meanwhile);
    }

    /// One instruction.
    pub fn step(&self) {
        self.step_into(None);
    }

    /// Delivers a signal and stops at the first instruction of its handler; if it is blocked, after one
    /// instruction, and it stays pending.
    pub fn step_into_handler(&self, signal: Signal) {
        self.step_into(Some(signal));
    }

    fn step_into(&self, signal: Option<Signal>) {
        let step = |signal| ptrace::step(self.pid, signal);
        self.to_trap(signal, step);
    }

    /// Runs on to the next marker or breakpoint. If a signal is given, it is delivered first.
    pub fn run(&self, signal: Option<Signal>) {
        self.to_trap(signal, |signal| ptrace::cont(self.pid, signal));
    }

    /// SIGKILL, here and now. Returns when it is dead.
    pub fn kill(mut self) {
        self.child.kill().expect("it is our child");
        let _ = self.child.wait();
    }

    /// Moves it to a CPU: there it is when it goes on.
    pub fn move_to(&self, cpu: usize) {
        let mut cpus = CpuSet::new();
        cpus.set(cpu).expect("the kernel has named it");
        sched_setaffinity(self.pid, &cpus).expect("the CPU is allowed");
    }

    /// Eight bytes of its memory.
    pub fn peek(&self, address: u64) -> u64 {
        let word = ptrace::read(self.pid, address as *mut c_void);
        word.expect("its memory can be read").cast_unsigned()
    }

    /// Writes eight bytes of its memory.
    pub fn poke(&self, address: u64, word: u64) {
        ptrace::write(self.pid, address as *mut c_void, word.cast_signed())
            .expect("its memory can be written");
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Lets it go on until it stops at a trap. A signal that had been blocked is reported once more when it
    /// no longer is, and then delivered.
    fn to_trap(
        &self,
        mut signal: Option<Signal>,
        go_on: impl Fn(Option<Signal>) -> nix::Result<()>,
    ) {
        loop {
            go_on(signal).expect("a stopped tracee can go on");
            match self.wait() {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => return,
                WaitStatus::Stopped(_, Signal::SIGUSR1) => signal = Some(Signal::SIGUSR1),
                other => panic!("the tracee did not stop at a trap: {other:?}"),
            }
        }
    }

    fn wait(&self) -> WaitStatus {
        let began = Instant::now();
        while let Some(meanwhile) = &self.meanwhile {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)).expect("it is our child") {
                WaitStatus::StillAlive if began.elapsed() > MAY_WAIT_AFTER => meanwhile(),
                WaitStatus::StillAlive => std::thread::sleep(Duration::from_micros(50)),
                stopped => return stopped,
            }
        }
        waitpid(self.pid, None).expect("it is our child")
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
