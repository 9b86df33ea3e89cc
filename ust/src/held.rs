//! What the agent holds of the heap while it sleeps, each where the runtime leads to it.
//!
//! A fork copies the agent's memory and not the agent. What only its stack led to would be lost memory in the child, and leak
//! checkers would say so; what is here is found, and the child's agent goes on with it.
#![allow(unsafe_code)]

use crate::lockfree::Holder;
use core::ptr;
use ust_core::socket::Inbox;
use ust_core::sync::{AtomicPtr, Ordering};

/// See the module page.
pub(crate) struct Held {
    /// For as long as there is an agent, or a child of its process.
    inbox: AtomicPtr<Inbox>,
    /// Of the agent's thread. Nobody loads it.
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

    /// The agent's room for messages, which in a forked child is that of the parent's agent. Asked for once by each agent.
    /// Made while `held` is held, so that no fork comes between.
    pub(crate) fn inbox<T: Default>(&self, held: &Holder<T>) -> Option<&'static mut Inbox> {
        if self.inbox.load(Ordering::Relaxed).is_null() {
            held.with(|_| self.inbox.store(Box::into_raw(Box::default()), Ordering::Relaxed));
        }
        // SAFETY: never freed, and a process has one agent at most.
        unsafe { self.inbox.load(Ordering::Relaxed).as_mut() }
    }

    /// Keeps glibc's block with the addresses of this thread's thread-locals findable: the thread itself points into its
    /// middle, which leak checkers report as "possibly lost".
    pub(crate) fn hold_own_thread(&self) {
        #[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
        {
            /// The thread points behind the first entry, which holds the length.
            const ENTRY_BYTES: usize = 16;
            let second_entry: *mut u8;
            // SAFETY: a load from the thread's own control block; nothing is done with the value but to keep it.
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
