//! The orderings between a traced process and its consumer, except the ring's: each with its partner.

use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{orderings, weakenable_fence};

/// A slot's losses begin for another channel: with `losses_read_fence`. A reader that sees them cleared sees that the
/// slot is no longer the last channel's.
pub fn losses_clear_fence() {
    weakenable_fence("losses_clear_fence", Release);
}

/// The reader reads a slot's losses before it checks the slot's channel again: with `losses_clear_fence`.
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
    /// A number; nothing else depends on it. A record with it comes later: the callsite's word and the ring's commit
    /// publish it.
    StoreOrder class_assign = Relaxed;
    /// Likewise: the entry came through `log_load`.
    LoadOrder class_load = Relaxed;
    /// With `losses_load`: the slot counts from zero.
    StoreOrder losses_begin = Release;
    /// With `losses_begin`.
    LoadOrder losses_load = Acquire;
    /// After `losses_read_fence`.
    LoadOrder losses_check = Relaxed;
    /// The later `losses_clear_fence` releases it.
    StoreOrder losses_end = Relaxed;
    /// Cleared between `losses_clear_fence` and `losses_begin`.
    StoreOrder losses_clear = Relaxed;
    /// With `losses_read`: publishes a reason.
    RmwOrder losses_count = Release;
    /// With `losses_count`: a reader that sees a count sees a reason.
    LoadOrder losses_read = Acquire;
    /// The later `losses_count` publishes it. Any of the last reasons will do.
    StoreOrder losses_reason = Relaxed;
    /// After `losses_read`.
    LoadOrder losses_reason_read = Relaxed;
    /// With `claimed_load`: the stream is initialised.
    RmwOrder claimed_add = Release;
    /// With `claimed_add`.
    LoadOrder claimed_load = Acquire;
    /// b: with `asleep_say`.
    RmwOrder asleep_answer = Release;
    /// 1: with `asleep_answer`. The consumer sees what a moved.
    RmwOrder asleep_say = Acquire;
    /// The consumer looks at the streams before it falls asleep again.
    RmwOrder awake_say = Relaxed;
    /// c: with `rings_load`.
    RmwOrder rings_add = Release;
    /// With `rings_add`: a consumer that sees the ring sees what it was rung for.
    LoadOrder rings_load = Acquire;
}
