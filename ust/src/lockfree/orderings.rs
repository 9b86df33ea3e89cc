//! Every memory ordering of the runtime that is not Relaxed, in one table: each with its partner. Beside them those that
//! were stronger once, or look as if they had to be.
//!
//! Made as the ring's table is (`ust_core::ring`'s `orderings`), and weakened by the same `loom-tests/mutants.sh`.

use ust_core::sync::Ordering::{Release, SeqCst};
use ust_core::sync::{orderings, weakenable_fence};

/// D: the last use comes before the mark is taken back. With `mark_load`.
#[inline(always)]
pub fn leave_fence() {
    weakenable_fence("leave_fence", Release);
}

/// Between E and F: with `lend_fence`. One of the two comes first: then what was lent is emptied, or the place seen empty.
pub fn reclaim_fence() {
    weakenable_fence("reclaim_fence", SeqCst);
}

/// Between C1 and C2: with `reclaim_fence`.
pub fn lend_fence() {
    weakenable_fence("lend_fence", SeqCst);
}

orderings! {
    /// A thread that forks: with `change_end`. Its child finds whole what was changed.
    RmwOrder hold = Acquire;
    /// A look before the locked operation.
    LoadOrder hold_look = Relaxed;
    /// A thread that has forked: with `alone_load`. What it has looked at is not changed earlier.
    RmwOrder let_go = Release;
    /// A thread that is about to change the value: with `change_end` and `let_go` of those before.
    LoadOrder alone_load = Acquire;
    /// With `alone_load` and `hold`: publishes what was changed.
    RmwOrder change_end = Release;
    /// `alone_load`, behind it, acquires.
    RmwOrder change_begin = Relaxed;
    /// A job that panicked: nobody looks at the value any more.
    RmwOrder lose = Relaxed;
    /// A child's, which has no other thread.
    LoadOrder child_load = Relaxed;
    /// Likewise. Threads that it starts see what was before their start.
    StoreOrder child_store = Relaxed;
    /// With `turn_leave`: what was made is found, or why it was not.
    LoadOrder turn_load = Acquire;
    /// With `turn_leave`, of one that may have come between `turn_load` and this.
    RmwOrder turn_enter = Acquire;
    /// With `turn_load` and `turn_enter`.
    StoreOrder turn_leave = Release;
    /// Who is not let in does nothing.
    LoadOrder turn_refused = Relaxed;
    /// `place_store`, behind it, publishes it.
    StoreOrder turn_begin = Relaxed;
    /// G: with `leave_fence` and `mark_clear`. What was used can be freed.
    LoadOrder mark_load = Acquire;
    /// D, for a thread that has ended: with `mark_load`.
    StoreOrder mark_clear = Release;
    /// The thread's own word.
    LoadOrder own_mark_load = Relaxed;
    /// B: the thread itself stored it; others only take it away.
    LoadOrder lent_load = Relaxed;
    /// C1: `lend_fence`, behind it, orders it. Nobody else looks at what was lent before the thread has ended.
    StoreOrder lent_store = Relaxed;
    /// F: nothing is found by it. `threads_barrier`, behind it, orders it.
    StoreOrder lent_clear = Relaxed;
    /// The thread itself stored it, or has ended.
    RmwOrder lent_take = Relaxed;
    /// With `tenant_free`: it is empty.
    RmwOrder tenant_claim = Acquire;
    /// With `tenant_claim`.
    StoreOrder tenant_free = Release;
    /// A look: the thread's own, or before a locked operation.
    LoadOrder tenant_look = Relaxed;
    /// A number, which stands for itself.
    RmwOrder tenant_note = Relaxed;
    /// One of those that ask is let in; what the thread has done it learns from its end.
    RmwOrder tenant_ask = Relaxed;
    /// A number, likewise; `tenant_free`, behind it, publishes that it is none.
    StoreOrder tenant_asked = Relaxed;
    /// The owner before has seen to it, and released the part since: `owners_claim` acquires that.
    LoadOrder ready_load = Relaxed;
    /// `owners_release`, behind it, publishes it.
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
