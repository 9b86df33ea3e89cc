//! The agent: the one thread of the runtime. It listens to the consumer, and sleeps otherwise.
//!
//! ```text
//!            +------------------- connection ends: everything off ----------------+
//!            v                                                                    |
//!   connect to agent.sock --ok--> Hello --> Welcome: doorbell --> Rules: apply, Applied     (`conversation`)
//!            |                                                      ^         |
//!            no consumer: wait on the wake word                     '---------'
//!            lacks a resource, or shut out: pause, and the rules stay as they are
//! ```
//!
//! The agent blocks every signal but glibc's own two (`setuid` would wait for ever without them), and has a descriptor
//! table of its own.
//!
//! **A fork leaks nothing.** The child has the agent's memory but no agent. So while the agent sleeps, all its heap
//! memory is reachable from the runtime ([`Held`](crate::held::Held)). While it works with more, forks wait for it
//! ([`Runtime::between_forks`]). A leak checker in the child finds none of ours.
#![allow(unsafe_code)]

use crate::conversation::{self, Served};
use crate::descriptor_table::Table;
use crate::fork;
use crate::handover::Origin;
use crate::inside::Inside;
use crate::instance::{RUNTIME, Runtime};
use crate::meeting_place::MeetingPlace;
use crate::undisturbed::Undisturbed;
use crate::wake_word::{Waited, WakeWord};
use rustix::io::{self, Errno};
use std::os::raw::c_void;
use std::time::Duration;
use ust_core::sync::{AtomicU32, Ordering};

/// The agent's stack, in bytes: its own frames are shallow, but the program's thread-locals may be large.
const STACK_BYTES: usize = 256 << 10;

/// Starts the agent of [`RUNTIME`]. Without an agent the process keeps its present rules.
///
/// # Errors
/// No memory, or no more threads allowed.
pub(crate) fn start() -> io::Result<()> {
    spawn(run)
}

/// Starts a thread of ours, which no signal of the program's comes to.
///
/// # Errors
/// As for [`start`].
pub(crate) fn spawn(run: extern "C" fn(*mut c_void) -> *mut c_void) -> io::Result<()> {
    // The new thread inherits the mask. Blocking signals in the thread itself would be too late.
    let _undisturbed = Undisturbed::new();
    // SAFETY: plain data and valid pointers; `run` takes no argument and never unwinds.
    unsafe {
        let mut attributes = core::mem::zeroed();
        libc::pthread_attr_init(&mut attributes);
        libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
        libc::pthread_attr_setstacksize(&mut attributes, STACK_BYTES);
        let mut thread = core::mem::zeroed();
        let errno = libc::pthread_create(&mut thread, &attributes, run, core::ptr::null_mut());
        libc::pthread_attr_destroy(&mut attributes);
        if errno == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(errno)) }
    }
}

extern "C" fn run(_: *mut c_void) -> *mut c_void {
    // A panic must not end the traced program, which then goes on without an agent.
    let _ = std::panic::catch_unwind(|| listen(&RUNTIME));
    core::ptr::null_mut()
}

/// The agent's thread; 0 before it runs.
static AGENT: AtomicU32 = AtomicU32::new(0);

/// The agent's thread id in this process; 0 if it does not run yet.
pub(crate) fn agent_tid() -> u32 {
    AGENT.load(Ordering::Relaxed)
}

fn listen(runtime: &'static Runtime) {
    let _inside = Inside::new();
    let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
    // Relaxed: a number that stands for nothing else.
    AGENT.store(tid, Ordering::Relaxed);
    let _ = rustix::thread::set_name(c"ust-agent");
    runtime.held.hold_own_thread();
    // Before anything else: what the agent opens from here on uses none of the program's numbers.
    let table = Table::leave_program(runtime.process().and_then(|process| process.descriptor()));
    become_traced(runtime);
    let Some(place) = runtime.meeting_place() else { return };
    runtime.wait_for_memory();
    let Some(inbox) = runtime.held.inbox(&runtime.registry) else { return };
    let Some(mut wake) = open_wake_word(runtime, place, table) else { return };
    let mut pauses = Pauses::default();
    loop {
        let seen = wake.value();
        runtime.wait_for_memory();
        match conversation::serve(runtime, place, table, inbox) {
            Served::ToTheEnd => {
                pauses = Pauses::default();
                // The consumer may have recreated its directory. The next consumer changes the wake word in that one.
                if let Some(present) =
                    runtime.between_forks(|| WakeWord::open(place, table)).flatten()
                {
                    wake = present;
                }
            }
            Served::Hindered => pauses.next(),
            Served::Nobody => {
                // The published rules came from a consumer that has died or just ended.
                runtime.forget_rules();
                if wake.wait(seen) == Waited::InVain
                    && let Some(other) =
                        runtime.between_forks(|| WakeWord::open(place, table)).flatten()
                {
                    wake = other;
                }
            }
        }
    }
}

/// In a forked child without a process file, which counts its events in its parent's: tries until it has one.
fn become_traced(runtime: &'static Runtime) {
    let mut pauses = Pauses::default();
    while fork::ensure_current(runtime, Origin::Any).is_err() {
        pauses.next();
    }
}

/// Opens the wake word; without it there is no agent. Tries until the pauses are longest, because a shortage may pass.
/// A directory that cannot be used stays so, unless a consumer has recreated it since this process began.
fn open_wake_word(runtime: &Runtime, place: &MeetingPlace, table: Table) -> Option<WakeWord> {
    let mut pauses = Pauses::default();
    loop {
        match runtime.between_forks(|| WakeWord::open(place, table)).flatten() {
            None if !pauses.are_longest() => {
                pauses.next();
                conversation::keep_directory_noted(place, table);
            }
            wake => return wake,
        }
    }
}

/// Pauses between tries: ever longer, because a shortage may last.
struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { next: Duration::from_millis(10) }
    }
}

impl Pauses {
    const LONGEST: Duration = Duration::from_secs(60);

    fn next(&mut self) {
        std::thread::sleep(self.next);
        self.next = (2 * self.next).min(Self::LONGEST);
    }

    fn are_longest(&self) -> bool {
        self.next == Self::LONGEST
    }
}
