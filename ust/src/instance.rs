//! The runtime of a traced process: everything that it knows and owns, in one place.
//!
//! ```text
//!   RUNTIME
//!     meeting_place   where the consumer is met                     written once, before the first callsite is on
//!     other_copy      what the program holds that cannot be joined  written once, before the agent starts
//!     process         process file: identity, class log, losses     made when there first are rules
//!     registry        callsites, rules                              changed by the thread that holds it
//!     slots           channels in force --> ring files --> streams  written by the thread that holds the registry
//!     caches          what each thread keeps at hand                each written by its thread
//!     ancestry        whose child this process is, and whether its files and channels are its own
//!     orphans         descriptors for the program's threads to close
//!     held            what the agent keeps while it sleeps
//!     leaves_children whether children of a fork stay untraced      written once, before the first callsite is on
//! ```
//!
//! A static, because tracepoints of any module run at any time. Its parts are plain types that know of each other only
//! what their pages say. Code that uses several of them is in files of its own: [`startup`](crate::startup),
//! [`first_event`](crate::first_event), [`rules`](crate::rules), [`fork`](crate::fork),
//! [`agent_thread`](crate::agent_thread).

use crate::ancestry::Ancestry;
use crate::held::Held;
use crate::lockfree::{Holder, Place};
use crate::meeting_place::MeetingPlace;
use crate::orphans::Orphans;
use crate::process_file::ProcessFile;
use crate::registry::Registry;
use crate::slots::Slots;
use crate::thread_cache::Caches;
use once_cell::race::OnceBox;
use rustix::io::Errno;
use ust_core::protocol::{Lack, OtherCopy};
use ust_core::sync::{AtomicBool, Ordering};

/// The runtime of this copy of the library.
// `#[used]`, because some parts are only stored, never loaded: leak checkers must find what they point to.
#[used]
pub(crate) static RUNTIME: Runtime = Runtime::new();

/// See the module page.
pub(crate) struct Runtime {
    pub(crate) meeting_place: OnceBox<MeetingPlace>,
    pub(crate) other_copy: OnceBox<OtherCopy>,
    process: Place<ProcessFile>,
    pub(crate) registry: Holder<Registry>,
    pub(crate) slots: Slots,
    pub(crate) caches: Caches,
    pub(crate) ancestry: Ancestry,
    pub(crate) orphans: Orphans,
    pub(crate) held: Held,
    leaves_children: AtomicBool,
    is_without_agent: AtomicBool,
}

impl Runtime {
    const fn new() -> Self {
        Self {
            meeting_place: OnceBox::new(),
            other_copy: OnceBox::new(),
            process: Place::empty(),
            registry: Holder::new(),
            slots: Slots::new(),
            caches: Caches::new(),
            ancestry: Ancestry::new(),
            orphans: Orphans::new(),
            held: Held::new(),
            leaves_children: AtomicBool::new(false),
            is_without_agent: AtomicBool::new(false),
        }
    }

    /// Where this process meets the consumer. `None` before [`startup`](crate::startup), or if no consumer can be met.
    pub(crate) fn meeting_place(&self) -> Option<&MeetingPlace> {
        self.meeting_place.get()
    }

    /// This process's file, if it had a reason to make one. Never freed, but in a forked child before it has a second
    /// thread. Async-signal-safe.
    pub(crate) fn process(&self) -> Option<&'static ProcessFile> {
        self.process.get()
    }

    /// Whether children of a fork are traced as this process is.
    pub(crate) fn follows_children(&self) -> bool {
        !self.leaves_children.load(Ordering::Relaxed)
    }

    /// Relaxed: set before `main`, and once.
    pub(crate) fn set_follows_children(&self, follows: bool) {
        self.leaves_children.store(!follows, Ordering::Relaxed);
    }

    /// Whether this process and its children start no agent, because the user wants none.
    pub(crate) fn is_without_agent(&self) -> bool {
        self.is_without_agent.load(Ordering::Relaxed)
    }

    /// Relaxed: set before `main`, and once.
    pub(crate) fn set_without_agent(&self, is_without: bool) {
        self.is_without_agent.store(is_without, Ordering::Relaxed);
    }

    /// In a forked child: forgets the process file, which is the parent's.
    pub(crate) fn forget_process(&self) {
        self.process.set(None);
    }

    pub(crate) fn set_process(&self, process: &'static ProcessFile) {
        self.process.set(Some(process));
    }

    /// Tells the consumer what this process cannot have, if the consumer can be reached.
    pub(crate) fn tell_lack(&self, what: Lack, reason: Errno) {
        if let Some(place) = self.meeting_place() {
            place.tell_lack(self.process(), what, reason);
        }
    }
}
