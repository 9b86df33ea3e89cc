//! The orderings between a traced process and its consumer that are not the ring's: each with its partner.

use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{orderings, weakenable_fence};

/// A slot's losses begin for another channel: with `losses_read_fence`. Whoever sees them cleared sees that the slot is not
/// the last channel's any more.
pub fn losses_clear_fence() {
    weakenable_fence("losses_clear_fence", Release);
}

/// What was read of a slot's losses was read before its channel is looked at again: with `losses_clear_fence`.
pub fn losses_read_fence() {
    weakenable_fence("losses_read_fence", Acquire);
}

orderings! {
    /// With `log_load`: whole entries.
    StoreOrder log_raise = Release;
    /// With `log_raise`.
    LoadOrder log_load = Acquire;
    /// The log's writer, which is one thread at a time: its own word.
    LoadOrder own_log_load = Relaxed;
    /// A number, which stands for itself. A record with it comes after: the callsite's word, and the ring's commit, publish it.
    StoreOrder class_assign = Relaxed;
    /// Likewise: the entry came through `log_load`.
    LoadOrder class_load = Relaxed;
    /// With `losses_load`: the slot counts from nothing.
    StoreOrder losses_begin = Release;
    /// With `losses_begin`.
    LoadOrder losses_load = Acquire;
    /// Behind `losses_read_fence`.
    LoadOrder losses_check = Relaxed;
    /// `losses_clear_fence`, behind it, releases it.
    StoreOrder losses_end = Relaxed;
    /// Cleared between `losses_clear_fence` and `losses_begin`.
    StoreOrder losses_clear = Relaxed;
    /// With `losses_read`: a reason.
    RmwOrder losses_count = Release;
    /// With `losses_count`: who sees a count sees a reason.
    LoadOrder losses_read = Acquire;
    /// `losses_count`, behind it, publishes it. The last reason is as good as another.
    StoreOrder losses_reason = Relaxed;
    /// Behind `losses_read`.
    LoadOrder losses_reason_read = Relaxed;
    /// With `claimed_load`: the stream is initialised.
    RmwOrder claimed_add = Release;
    /// With `claimed_add`.
    LoadOrder claimed_load = Acquire;
    /// b: with `asleep_say`.
    RmwOrder asleep_answer = Release;
    /// 1: with `asleep_answer`. What a moved is seen.
    RmwOrder asleep_say = Acquire;
    /// The consumer looks at the streams before it falls asleep again.
    RmwOrder awake_say = Relaxed;
    /// c: with `rings_load`.
    RmwOrder rings_add = Release;
    /// With `rings_add`: whoever sees the ring sees what it was rung for.
    LoadOrder rings_load = Acquire;
}
