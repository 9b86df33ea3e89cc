//! Every memory ordering of the ring, in one table: each with its partner, or why none is needed.
//!
//! An entry stands for one access as it is used, and has the type of its kind: an ordering for loads is no argument of a
//! store. In a normal build each is a constant; `loom-tests/mutants.sh` weakens each in turn.

use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{orderings, weakenable_fence};

/// D: no store of header or payload comes before the frame word that announces it. On x86-64 it only binds
/// the compiler. With `copy_fence`: a snapshot that sees such a store sees the frame word too.
#[inline(always)]
pub fn announce_fence() {
    weakenable_fence("announce_fence", Release);
}

/// O, and before the reader clears: no store that clears a memory comes before the entry that took it away.
/// With `copy_fence`.
#[inline(always)]
pub fn clear_fence() {
    weakenable_fence("clear_fence", Release);
}

/// P, and when M finds a hole: what was read was read before the entry is looked at again. With
/// `announce_fence` and `clear_fence`.
#[inline(always)]
pub fn copy_fence() {
    weakenable_fence("copy_fence", Acquire);
}

orderings! {
    /// The reader's look at how far writers are: with `position_cas`. Good for a hint, or for where to stop.
    LoadOrder reader_position_load = Acquire;
    /// A, G: with `position_cas`. A writer that did not enter the sub-buffer itself learns from here that
    /// the place was given back: the table entry and the zeroes come through whoever did.
    LoadOrder position_load = Acquire;
    /// C, H: with `position_load`. Nothing need be acquired, positions never repeat: a CAS that succeeds
    /// read the very write that the load before it read.
    RmwOrder position_cas = Release;
    /// G: with `exchange_cas` and `recycle_cas`: the memory that came is zero.
    LoadOrder entry_load = Acquire;
    /// K2: with `entry_load`: publishes the spare's zeroes.
    RmwOrder exchange_cas = Release;
    /// O: with `entry_load`, likewise; and with `reader_entry_load`: the counts of step N.
    RmwOrder recycle_cas = Release;
    /// F: with `frame_commit`'s partner `frame_read`: publishes header and payload.
    StoreOrder frame_commit = Release;
    /// I, M: with `frame_commit`. M only counts; but the zeroes that follow must not overtake a record.
    LoadOrder frame_read = Acquire;
    /// L: with `spare_give`: the memory is zero.
    RmwOrder spare_take = Acquire;
    /// O: with `spare_take`, and with nobody when the memory was not used.
    StoreOrder spare_give = Release;
    /// O: with `recycling_load`: who sees it ended sees the count raised.
    StoreOrder recycling_end = Release;
    /// The reader's count: with `recycling_end`.
    LoadOrder recycling_load = Acquire;
    /// The reader's count: with the `clear_fence` of the recycling before. Who sees the next count sees that the
    /// one before has ended.
    LoadOrder overwritten_next_load = Acquire;
    /// The reader's look at a place: with `recycle_cas`.
    LoadOrder reader_entry_load = Acquire;
    /// Closing: with `closed_load`.
    StoreOrder closed_store = Release;
    /// A: with `closed_store`. Who sees the stream closed sees every entry closed, and does not take it for full.
    LoadOrder closed_load = Acquire;
    /// K3: with `release_seq_load`.
    RmwOrder release_seq_add = Release;
    /// Before a writer looks whether it must wait: with `release_seq_add`. Who sees a count sees the room
    /// that it stands for, or would wait for the next.
    LoadOrder release_seq_load = Acquire;
    /// A stream's next owner: with `owners_release`.
    RmwOrder owners_claim = Acquire;
    /// A stream's last owner: with `owners_claim`.
    RmwOrder owners_release = Release;
    /// A look before the locked operation.
    LoadOrder owners_load = Relaxed;
    /// N: behind the `clear_fence` of the recycling before, which releases what `overwritten_next_load` needs.
    StoreOrder overwritten_next_store = Relaxed;
    /// N: `recycle_cas`, behind it, publishes it together with the count; before that it says nothing new.
    StoreOrder recycling_announce = Relaxed;
    /// D: nobody reads what it announces before F; a kill sees stores in program order.
    StoreOrder frame_in_flight = Relaxed;
    /// H: a pad announces no bytes; the next sub-buffer's frames are acquired one by one.
    StoreOrder frame_pad = Relaxed;
    /// B: what is learnt is only that it is committed; `last_clock` may be stale.
    LoadOrder previous_frame_load = Relaxed;
    /// B: a stale value is too old, which is the safe side.
    LoadOrder last_clock_load = Relaxed;
    /// E: see `last_clock_load`.
    StoreOrder last_clock_store = Relaxed;
    /// The writers' look for a window: behind `position_load`, which acquires it from whoever entered.
    LoadOrder table_load = Relaxed;
    /// H, the pad: the writer, or `position_load`, has acquired what stands there, and nobody takes it away before the pad.
    LoadOrder pad_entry_load = Relaxed;
    /// R: which memory to sum. A stale one has another lap, or is summed for nothing: `delivered_cas` keeps the sum with it.
    LoadOrder summed_entry_load = Relaxed;
    /// Closing: a look before `close_cas`.
    LoadOrder closing_entry_load = Relaxed;
    /// A: what it says never becomes wrong; the zeroes in the memory come through `position_load`.
    LoadOrder window_load = Relaxed;
    /// H: likewise.
    StoreOrder window_store = Relaxed;
    /// L: a look before the CAS.
    LoadOrder spare_load = Relaxed;
    /// O: published by `recycling_end`; N and the reader read it behind that.
    StoreOrder overwritten_store = Relaxed;
    /// N: the last recycler stored it before it gave the spare back. Reader: see `recycling_load`.
    LoadOrder overwritten_load = Relaxed;
    /// P, and when M finds a hole: behind a fence that acquires what the words copied released.
    LoadOrder entry_check = Relaxed;
    /// P: words that may be overwritten meanwhile; `entry_check` says whether they were. R: words that stay, or whose sum
    /// nobody looks at.
    LoadOrder word_copy = Relaxed;
    /// A note's words: published by `frame_commit`, as a payload is.
    StoreOrder word_store = Relaxed;
    /// K1: for a later daemon, which looks after the death of this one.
    StoreOrder taking_store = Relaxed;
    /// Q: the reader that stored it is dead, and whoever learnt it synchronised with its end.
    LoadOrder taking_load_after_death = Relaxed;
    /// J: for a later daemon, as `taking_store`.
    StoreOrder consumed_store = Relaxed;
    /// J: the reader's own word.
    LoadOrder consumed_load = Relaxed;
    /// Q: as `taking_load_after_death`.
    LoadOrder consumed_load_after_death = Relaxed;
    /// R: publishes nothing; for whoever looks after the death of the writers, and perhaps of the machine.
    RmwOrder delivered_cas = Relaxed;
    /// R, Q: see `delivered_cas`.
    LoadOrder delivered_load = Relaxed;
    /// Closing: a flag, which `closed_store` publishes; what follows from it is argued at `close`.
    RmwOrder close_cas = Relaxed;
    /// Counts: they publish nothing.
    LoadOrder lost_load = Relaxed;
    /// Whose the records are: stored by whoever owns the stream.
    LoadOrder owner_load = Relaxed;
}
