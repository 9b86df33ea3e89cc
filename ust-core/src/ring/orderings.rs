//! Every memory ordering of the ring, in one table: each with its partner, or why none is needed.
//!
//! In a normal build each is a constant. Under loom `UST_WEAKEN=<name>` makes the one of that name
//! Relaxed, with no rebuild: a model must fail for each that is not Relaxed already, or the ordering, or
//! the model, is not needed (`just mutants`).

use crate::sync::Ordering::{self, Acquire, Relaxed, Release};
use crate::sync::fence;

/// D: no store of header or payload comes before the frame word that announces it. On x86-64 it only binds
/// the compiler. With `copy_fence`: a snapshot that sees such a store sees the frame word too. No model of ours
/// fails without it, so it is none of those that can be left out.
#[inline(always)]
pub fn announce_fence() {
    fence(Release);
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

#[inline(always)]
fn weakenable_fence(name: &str, order: Ordering) {
    if weaken(name, order) == order {
        fence(order);
    }
}

macro_rules! orderings {
    ($($(#[$doc:meta])* $name:ident = $order:ident;)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            pub fn $name() -> Ordering {
                weaken(stringify!($name), $order)
            }
        )*
        /// Name and strength of every ordering, in the table's order.
        pub const TABLE: &[(&str, Ordering)] = &[$((stringify!($name), $order)),*];
    };
}

orderings! {
    /// A, G: with `position_cas`. A writer that did not enter the sub-buffer itself learns from here that
    /// the place was given back: the table entry and the zeroes come through whoever did.
    position_load = Acquire;
    /// C, H: with `position_load`. Nothing need be acquired, positions never repeat: a CAS that succeeds
    /// read the very write that the load before it read.
    position_cas = Release;
    /// G: with `exchange_cas` and `recycle_cas`: the memory that came is zero.
    entry_load = Acquire;
    /// K2: with `entry_load`: publishes the spare's zeroes.
    exchange_cas = Release;
    /// O: with `entry_load`, likewise; and with `reader_entry_load`: the counts of step N.
    recycle_cas = Release;
    /// F: with `frame_commit`'s partner `frame_read`: publishes header and payload.
    frame_commit = Release;
    /// I, M: with `frame_commit`. M only counts; but the zeroes that follow must not overtake a record.
    frame_read = Acquire;
    /// L: with `spare_give`: the memory is zero.
    spare_take = Acquire;
    /// O: with `spare_take`, and with nobody when the memory was not used.
    spare_give = Release;
    /// O: with `recycling_load`: who sees it ended sees the count raised.
    recycling_end = Release;
    /// The reader's count: with `recycling_end`.
    recycling_load = Acquire;
    /// The reader's count: with the `clear_fence` of the recycling before. Who sees the next count sees that the
    /// one before has ended.
    overwritten_next_load = Acquire;
    /// The reader's look at a place: with `recycle_cas`.
    reader_entry_load = Acquire;
    /// Closing: with `closed_load`.
    closed_store = Release;
    /// A: with `closed_store`. Who sees the stream closed sees every entry closed, and does not take it for full.
    closed_load = Acquire;
    /// K3: with `release_seq_load`.
    release_seq_add = Release;
    /// Before a writer looks whether it must wait: with `release_seq_add`. Who sees a count sees the room
    /// that it stands for, or would wait for the next.
    release_seq_load = Acquire;
    /// A stream's next owner: with `owners_release`.
    owners_claim = Acquire;
    /// A stream's last owner: with `owners_claim`.
    owners_release = Release;
    /// A look before the locked operation.
    owners_load = Relaxed;
    /// N: behind the `clear_fence` of the recycling before, which releases what `overwritten_next_load` needs.
    overwritten_next_store = Relaxed;
    /// N: `recycle_cas`, behind it, publishes it together with the count; before that it says nothing new.
    recycling_announce = Relaxed;
    /// D: nobody reads what it announces before F; a kill sees stores in program order.
    frame_in_flight = Relaxed;
    /// H: a pad announces no bytes; the next sub-buffer's frames are acquired one by one.
    frame_pad = Relaxed;
    /// B: what is learnt is only that it is committed; `last_clock` may be stale.
    previous_frame_load = Relaxed;
    /// B: a stale value is too old, which is the safe side.
    last_clock_load = Relaxed;
    /// E: see `last_clock_load`.
    last_clock_store = Relaxed;
    /// The writers' look for a window: behind `position_load`, which acquires it from whoever entered.
    table_load = Relaxed;
    /// A: what it says never becomes wrong; the zeroes in the memory come through `position_load`.
    window_load = Relaxed;
    /// H: likewise.
    window_store = Relaxed;
    /// L: a look before the CAS.
    spare_load = Relaxed;
    /// O: published by `recycling_end`; N and the reader read it behind that.
    overwritten_store = Relaxed;
    /// N: the last recycler stored it before it gave the spare back. Reader: see `recycling_load`.
    overwritten_load = Relaxed;
    /// P: behind a fence that acquires what the words copied released.
    entry_check = Relaxed;
    /// P: words that may be overwritten meanwhile; `entry_check` says whether they were. R: words that stay, or whose sum
    /// nobody looks at.
    word_copy = Relaxed;
    /// K1: for a later daemon, which looks after the death of this one.
    taking_store = Relaxed;
    /// R: publishes nothing; for whoever looks after the death of the writers, and perhaps of the machine.
    delivered_store = Relaxed;
    /// Q: see `delivered_store`.
    delivered_load = Relaxed;
    /// Closing: a flag, which `closed_store` publishes; what follows from it is argued at `close`.
    close_cas = Relaxed;
    /// Q: the writers are dead, and whoever learnt it synchronised with their end.
    position_load_after_death = Relaxed;
    /// Counts: they publish nothing.
    lost_load = Relaxed;
    /// Whose the records are: stored by whoever owns the stream.
    owner_load = Relaxed;
}

#[cfg(not(loom))]
#[inline(always)]
fn weaken(_name: &str, order: Ordering) -> Ordering {
    order
}

#[cfg(loom)]
fn weaken(name: &str, order: Ordering) -> Ordering {
    use std::sync::OnceLock;
    static WEAKENED: OnceLock<Option<String>> = OnceLock::new();
    let weakened = WEAKENED.get_or_init(|| std::env::var("UST_WEAKEN").ok());
    if weakened.as_deref() == Some(name) { Relaxed } else { order }
}
