//! Every memory ordering of the ring, in one table: each with its partner, or why none is needed.
//!
//! An entry is one access as it is used, and its type is the access's kind: an ordering for loads cannot be passed to a
//! store. In a normal build each is a constant. `loom-tests/mutants.sh` weakens each in turn.

use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{orderings, weakenable_fence};

/// D: no store of header or payload comes before the frame word that announces it. On x86-64 it only binds the
/// compiler. With `copy_fence`: a snapshot that sees such a store also sees the frame word.
#[inline(always)]
pub fn announce_fence() {
    weakenable_fence("announce_fence", Release);
}

/// O, and before the reader clears: no store that clears a memory comes before the entry that took the memory away.
/// With `copy_fence`.
#[inline(always)]
pub fn clear_fence() {
    weakenable_fence("clear_fence", Release);
}

/// P, and when M finds a hole: the words are read before the entry is checked again. With `announce_fence` and
/// `clear_fence`.
#[inline(always)]
pub fn copy_fence() {
    weakenable_fence("copy_fence", Acquire);
}

orderings! {
    /// The reader's look at how far writers are: with `position_cas`. Only a hint, or a place to stop.
    LoadOrder reader_position_load = Acquire;
    /// A, G: with `position_cas`. A writer that did not enter the sub-buffer itself learns here that the place was
    /// given back. The table entry and the zeroes come through the writer that entered it.
    LoadOrder position_load = Acquire;
    /// C, H: with `position_load`. It need not acquire, because positions never repeat: a CAS that succeeds read the
    /// very write that the load before it read.
    RmwOrder position_cas = Release;
    /// G: with `exchange_cas` and `recycle_cas`: the new memory is zero.
    LoadOrder entry_load = Acquire;
    /// K2: with `entry_load`: publishes the spare's zeroes.
    RmwOrder exchange_cas = Release;
    /// O: with `entry_load`, likewise; and with `reader_entry_load`: the counts of step N.
    RmwOrder recycle_cas = Release;
    /// F: with `frame_read` and `row_frame_read`: publishes header and payload.
    StoreOrder frame_commit = Release;
    /// I, M: with `frame_commit`. M only counts, but the zeroes that it stores later must not overtake a record.
    LoadOrder frame_read = Acquire;
    /// I, of a row: with `frame_commit`.
    LoadOrder row_frame_read = Acquire;
    /// L: with `spare_give`: the memory is zero.
    RmwOrder spare_take = Acquire;
    /// O: with `spare_take`. Without a partner if the memory was not used.
    StoreOrder spare_give = Release;
    /// O: with `recycling_load`: a reader that sees the recycling ended sees the raised count.
    StoreOrder recycling_end = Release;
    /// The reader's count: with `recycling_end`.
    LoadOrder recycling_load = Acquire;
    /// The reader's count: with the `clear_fence` of the recycling before. A reader that sees the next count sees that
    /// the recycling before has ended.
    LoadOrder overwritten_next_load = Acquire;
    /// The reader's look at a place: with `recycle_cas`.
    LoadOrder reader_entry_load = Acquire;
    /// Closing: with `closed_load`.
    StoreOrder closed_store = Release;
    /// A: with `closed_store`. A writer that sees the stream closed sees every entry closed, and does not take the
    /// stream for full.
    LoadOrder closed_load = Acquire;
    /// K3: with `release_seq_load`.
    RmwOrder release_seq_add = Release;
    /// Before a writer checks whether it must wait: with `release_seq_add`. A writer that sees a count sees the room
    /// that the count stands for. Otherwise it would wait for the next one.
    LoadOrder release_seq_load = Acquire;
    /// A stream's next owner: with `owners_release`.
    RmwOrder owners_claim = Acquire;
    /// A stream's last owner: with `owners_claim`.
    RmwOrder owners_release = Release;
    /// A look before the locked operation.
    LoadOrder owners_load = Relaxed;
    /// N: after the `clear_fence` of the recycling before, which releases what `overwritten_next_load` needs.
    StoreOrder overwritten_next_store = Relaxed;
    /// N: the later `recycle_cas` publishes it together with the count. Until then it says nothing new.
    StoreOrder recycling_announce = Relaxed;
    /// D: nobody reads the announced bytes before F. After a kill, stores are visible in program order.
    StoreOrder frame_in_flight = Relaxed;
    /// H: a pad announces no bytes; the next sub-buffer's frames are acquired one by one.
    StoreOrder frame_pad = Relaxed;
    /// B: it only tells whether the record is committed; `last_clock` may be stale.
    LoadOrder previous_frame_load = Relaxed;
    /// B: a stale value is too old, which is the safe side.
    LoadOrder last_clock_load = Relaxed;
    /// E: see `last_clock_load`.
    StoreOrder last_clock_store = Relaxed;
    /// A writer's look for a window: after `position_load`, which acquires it from the writer that entered.
    LoadOrder table_load = Relaxed;
    /// H, the pad: the writer itself or `position_load` has acquired the entry, and nobody takes the memory away before
    /// the pad.
    LoadOrder pad_entry_load = Relaxed;
    /// R: which memory to sum. A stale entry has another lap, or its sum is discarded: `delivered_cas` drops it.
    LoadOrder summed_entry_load = Relaxed;
    /// Closing: a look before `close_cas`.
    LoadOrder closing_entry_load = Relaxed;
    /// A: what the window says never becomes wrong. The zeroes in the memory come through `position_load`.
    LoadOrder window_load = Relaxed;
    /// H: likewise.
    StoreOrder window_store = Relaxed;
    /// L: a look before the CAS.
    LoadOrder spare_load = Relaxed;
    /// O: `recycling_end` publishes it; N and the reader read it after that.
    StoreOrder overwritten_store = Relaxed;
    /// N: the last recycler stored it before it gave the spare back. Reader: see `recycling_load`.
    LoadOrder overwritten_load = Relaxed;
    /// P, and when M finds a hole: after a fence that acquires what the copied words released.
    LoadOrder entry_check = Relaxed;
    /// P: words that may be overwritten meanwhile; `entry_check` says whether they were. R: words that do not change,
    /// or whose sum nobody looks at.
    LoadOrder word_copy = Relaxed;
    /// A note's words: published by `frame_commit`, as a payload is.
    StoreOrder word_store = Relaxed;
    /// K1: for a later consumer, which looks after the death of this one.
    StoreOrder taking_store = Relaxed;
    /// Q: the reader that stored it is dead, and the reader that learnt of its death synchronised with its end.
    LoadOrder taking_load_after_death = Relaxed;
    /// J: for a later consumer, like `taking_store`.
    StoreOrder consumed_store = Relaxed;
    /// J: the reader's own word.
    LoadOrder consumed_load = Relaxed;
    /// Q: like `taking_load_after_death`.
    LoadOrder consumed_load_after_death = Relaxed;
    /// R: publishes nothing. For a reader that looks after the death of the writers, and perhaps of the machine.
    RmwOrder delivered_cas = Relaxed;
    /// R, Q: see `delivered_cas`.
    LoadOrder delivered_load = Relaxed;
    /// Closing: a flag, which `closed_store` publishes. The page of `close` argues what follows from it.
    RmwOrder close_cas = Relaxed;
    /// Counts: they publish nothing.
    LoadOrder lost_load = Relaxed;
    /// The owner of the records: the stream's owner itself stored it.
    LoadOrder owner_load = Relaxed;
}
