//! The heap memory that the agent keeps while it sleeps, reachable from the runtime.
//!
//! A fork copies the agent's memory but not the agent. Memory that only its stack pointed to would be leaked in the
//! child, and leak checkers would report it. The child's agent finds the memory here and goes on with it.
#![allow(unsafe_code)]

use crate::lockfree::Holder;
use core::ptr;
use ust_core::socket::Inbox;
use ust_core::sync::{AtomicPtr, Ordering};

/// See the module page.
pub(crate) struct Held {
    /// Lives as long as there is an agent in this process or in a child of it.
    inbox: AtomicPtr<Inbox>,
    /// Of the agent's thread. Never loaded: it only keeps the block reachable.
    #[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
    thread_locals: AtomicPtr<u8>,
}

impl Held {
    pub(crate) const fn new() -> Self {
        Self {
            inbox: AtomicPtr::new(ptr::null_mut()),
            #[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
            thread_locals: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// The agent's buffer for messages. A forked child reuses the buffer of its parent's agent. Each agent asks once.
    /// Allocates under `held`, so that no fork comes in between.
    pub(crate) fn inbox<T: Default>(&self, held: &Holder<T>) -> Option<&'static mut Inbox> {
        if self.inbox.load(Ordering::Relaxed).is_null() {
            held.with(|_| self.inbox.store(Box::into_raw(Box::default()), Ordering::Relaxed));
        }
        // SAFETY: never freed, and a process has one agent at most.
        unsafe { self.inbox.load(Ordering::Relaxed).as_mut() }
    }

    /// Keeps glibc's block with the addresses of this thread's thread-locals (the DTV) reachable: the thread itself
    /// points into its middle, which leak checkers report as "possibly lost".
    pub(crate) fn hold_own_thread(&self) {
        #[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
        {
            /// The thread points behind the first entry, which holds the length.
            const ENTRY_BYTES: usize = 16;
            let second_entry: *mut u8;
            // SAFETY: a load from the thread's own control block; the value is only stored.
            unsafe {
                core::arch::asm!(
                    "mov {}, qword ptr fs:[8]",
                    out(reg) second_entry,
                    options(nostack, readonly, preserves_flags),
                );
            }
            self.thread_locals.store(second_entry.wrapping_sub(ENTRY_BYTES), Ordering::Relaxed);
        }
    }
}
