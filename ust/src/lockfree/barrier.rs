//! Two barriers that belong together: one costs a tracepoint nothing, since the other does the work of both.
//!
//! A thread stores and then looks; another one stores and then looks at what the first has stored. One of them must see the
//! other's store, for which each needs a full barrier between. [`threads_barrier`] has the kernel run one on every thread
//! of the process (`membarrier`), wherever each is. So the thread's own, [`mark_barrier`], only keeps the compiler from
//! exchanging the two. Loom knows no such call: there, both are full barriers.

use ust_core::sync::{Ordering, compiler_fence};

/// Between a thread's store and its look: with [`threads_barrier`].
#[inline(always)]
pub fn mark_barrier() {
    compiler_fence(Ordering::SeqCst);
    #[cfg(loom)]
    ust_core::sync::weakenable_fence("mark_barrier", Ordering::SeqCst);
}

/// Between the other one's: with [`mark_barrier`] of every thread. `false` if the kernel has no such call.
#[cfg(not(loom))]
pub fn threads_barrier() -> bool {
    use rustix::thread::{MembarrierCommand, membarrier};
    let _ = membarrier(MembarrierCommand::RegisterPrivateExpedited);
    membarrier(MembarrierCommand::PrivateExpedited).is_ok()
}

/// The same, for loom.
#[cfg(loom)]
pub fn threads_barrier() -> bool {
    ust_core::sync::weakenable_fence("threads_barrier", Ordering::SeqCst);
    true
}
