//! A pair of barriers, one of which costs a tracepoint nothing because the other does the work of both.
//!
//! A thread stores and then loads; another thread stores and then loads what the first has stored. At least one must
//! see the other's store, so each needs a full barrier in between. [`threads_barrier`] makes the kernel run one on
//! every thread of the process (`membarrier`), wherever each thread is. So the first thread's own [`mark_barrier`] only
//! keeps the compiler from reordering the two. Loom has no such call: under loom both are full barriers.

use ust_core::sync::{Ordering, compiler_fence};

/// Between a tracepoint's store and its load. Pairs with [`threads_barrier`].
#[inline(always)]
pub fn mark_barrier() {
    compiler_fence(Ordering::SeqCst);
    #[cfg(loom)]
    ust_core::sync::weakenable_fence("mark_barrier", Ordering::SeqCst);
}

/// Between the other thread's store and its load. Pairs with [`mark_barrier`] of every thread. `false` if the kernel
/// has no such call.
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
