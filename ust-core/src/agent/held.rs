//! What the agent holds of the heap while it sleeps, each with a static that leads to it.
//!
//! A fork copies the agent's memory and not the agent. What only its stack led to would be lost memory in the child, and leak
//! checkers would say so; what is here is found, and the child's agent goes on with it.
#![allow(unsafe_code)]

use super::socket::Inbox;
use crate::session;
use crate::sync::{AtomicPtr, Ordering};

/// What a static leads to for as long as there is an agent, or a child of its process.
static INBOX: AtomicPtr<Inbox> = AtomicPtr::new(core::ptr::null_mut());

/// The agent's room for messages, which in a forked child is that of the parent's agent. Asked for once by each agent.
pub(super) fn inbox() -> &'static mut Inbox {
    if INBOX.load(Ordering::Relaxed).is_null() {
        session::between_forks(|| {
            INBOX.store(Box::into_raw(Box::default()), Ordering::Relaxed);
        });
    }
    // SAFETY: never freed, and a process has one agent at most.
    unsafe { &mut *INBOX.load(Ordering::Relaxed) }
}

/// Keeps glibc's block with the addresses of this thread's thread-locals findable: the thread itself points into its middle,
/// which leak checkers report as "possibly lost".
pub(super) fn hold_own_thread() {
    #[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
    {
        // Nobody loads it: without the attribute the compiler leaves the store out.
        #[used]
        static BLOCK: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());
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
        BLOCK.store(second_entry.wrapping_sub(ENTRY_BYTES), Ordering::Relaxed);
    }
}
