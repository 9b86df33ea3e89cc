//! Every memory ordering of the runtime that is not Relaxed, in one table, each with its partner. Some relaxed ones are
//! here too: they were stronger once, or look as if they had to be.
//!
//! Made like the ring's table (`ust_core::ring`'s `orderings`). The same `loom-tests/mutants.sh` weakens it.

use ust_core::sync::Ordering::{Release, SeqCst};
use ust_core::sync::{orderings, weakenable_fence};

/// D: the last use comes before the unmarking. With `mark_load`.
#[inline(always)]
pub fn leave_fence() {
    weakenable_fence("leave_fence", Release);
}

/// Between E and F: with `lend_fence`. One of the two fences comes first. So either F empties what was lent, or C2 sees
/// the place empty.
pub fn reclaim_fence() {
    weakenable_fence("reclaim_fence", SeqCst);
}

/// Between C1 and C2: with `reclaim_fence`.
pub fn lend_fence() {
    weakenable_fence("lend_fence", SeqCst);
}

orderings! {
    /// A thread that forks: with `change_end`. Its child finds the changed value whole.
    RmwOrder hold = Acquire;
    /// A look before the locked operation.
    LoadOrder hold_look = Relaxed;
    /// A thread that has forked: with `alone_load`. The value does not change before the fork has read it.
    RmwOrder let_go = Release;
    /// A thread that is about to change the value: with `change_end` and `let_go` of the threads before it.
    LoadOrder alone_load = Acquire;
    /// With `alone_load` and `hold`: publishes the change.
    RmwOrder change_end = Release;
    /// The later `alone_load` acquires.
    RmwOrder change_begin = Relaxed;
    /// A job that panicked: no thread looks at the value any more.
    RmwOrder lose = Relaxed;
    /// In a child, which has no other thread.
    LoadOrder child_load = Relaxed;
    /// Likewise. Threads that the child starts see what it did before.
    StoreOrder child_store = Relaxed;
    /// With `turn_leave`: finds what was made, or why it failed.
    LoadOrder turn_load = Acquire;
    /// With `turn_leave`, of a thread that may have come between `turn_load` and this.
    RmwOrder turn_enter = Acquire;
    /// With `turn_load` and `turn_enter`.
    StoreOrder turn_leave = Release;
    /// A thread that is not let in does nothing.
    LoadOrder turn_refused = Relaxed;
    /// The later `place_store` publishes it.
    StoreOrder turn_begin = Relaxed;
    /// G: with `leave_fence` and `mark_clear`. After it, what was used can be freed.
    LoadOrder mark_load = Acquire;
    /// D, for a thread that has ended: with `mark_load`.
    StoreOrder mark_clear = Release;
    /// The thread's own word.
    LoadOrder own_mark_load = Relaxed;
    /// B: the thread itself stored it; other threads only clear it.
    LoadOrder lent_load = Relaxed;
    /// C1: the later `lend_fence` orders it. No other thread looks at what was lent before the thread has ended.
    StoreOrder lent_store = Relaxed;
    /// F: a null pointer publishes nothing. The later `threads_barrier` orders it.
    StoreOrder lent_clear = Relaxed;
    /// The calling thread itself stored it, or the thread that stored it has ended.
    RmwOrder lent_take = Relaxed;
    /// With `tenant_free`: the cache is empty.
    RmwOrder tenant_claim = Acquire;
    /// With `tenant_claim`.
    StoreOrder tenant_free = Release;
    /// A look: at the thread's own word, or before a locked operation.
    LoadOrder tenant_look = Relaxed;
    /// A number; nothing else depends on it.
    RmwOrder tenant_note = Relaxed;
    /// Lets in one of the threads that ask. That thread learns of the end of the owner's work from the owner's end.
    RmwOrder tenant_ask = Relaxed;
    /// A number, likewise. If it is reset to none, the later `tenant_free` publishes that.
    StoreOrder tenant_asked = Relaxed;
    /// An earlier owner made the part ready, and released the part since: `owners_claim` acquires that.
    LoadOrder ready_load = Relaxed;
    /// The later `owners_release` publishes it.
    RmwOrder ready_add = Relaxed;
    /// With `left_take`: what the number belongs to.
    StoreOrder left_store = Release;
    /// With `left_store`.
    RmwOrder left_take = Acquire;
    /// With `left_room_load`: it has been taken.
    StoreOrder left_room = Release;
    /// With `left_room`.
    LoadOrder left_room_load = Acquire;
    /// A look before the locked operation.
    LoadOrder left_look = Relaxed;
}
