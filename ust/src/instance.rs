//! The runtime of a traced process: everything that it knows and owns, in one place.
//!
//! ```text
//!   RUNTIME
//!     meeting_place   where the consumer is met                     written once, before the first callsite is on
//!     other_copy      what the program holds that cannot be joined  written once, before the agent starts
//!     process         process file: identity, class log, losses     made when there first are rules
//!     registry        callsites, rules                              changed by who holds it
//!     slots           channels in force --> ring files --> streams  written by who holds the registry
//!     caches          what each thread has at hand                  each written by its thread
//!     ancestry        whose child this process is, and whether what it has is its own
//!     orphans         descriptors for the program's threads to close
//!     held            what the agent keeps while it sleeps
//! ```
//!
//! A static, because tracepoints of any module run at any time. Its parts are plain types that know nothing of each other
//! but what their pages say; what is done with several of them stands in files of its own: [`startup`](crate::startup),
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

/// The runtime of this copy of the library.
// Used: what is only kept in it, and loaded by nobody, is kept for leak checkers.
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
        }
    }

    /// Where the consumer is met: `None` before [`startup`](crate::startup), and where nobody could be met.
    pub(crate) fn meeting_place(&self) -> Option<&MeetingPlace> {
        self.meeting_place.get()
    }

    /// This process's file, if it has had any reason to make one: never freed but by the child of a fork, before it has a
    /// second thread. Async-signal-safe.
    pub(crate) fn process(&self) -> Option<&'static ProcessFile> {
        self.process.get()
    }

    /// Forked child: what stands there is its parent's.
    pub(crate) fn forget_process(&self) {
        self.process.set(None);
    }

    pub(crate) fn set_process(&self, process: &'static ProcessFile) {
        self.process.set(Some(process));
    }

    /// Tells the consumer what this process cannot have, if it can be told.
    pub(crate) fn tell_lack(&self, what: Lack, reason: Errno) {
        if let Some(place) = self.meeting_place() {
            place.tell_lack(self.process(), what, reason);
        }
    }
}
