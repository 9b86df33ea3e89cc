//! Every memory ordering of the ring, in one table: each with its partner, or why none is needed.
//!
//! In a normal build each is a constant. Under loom `UST_WEAKEN=<name>` makes the one of that name
//! Relaxed, with no rebuild: a model must fail for each that is not Relaxed already, or the ordering, or
//! the model, is not needed (`just mutants`).

use crate::sync::Ordering::{self, Acquire, Relaxed, Release};

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
    /// the reader gave it back: the table entry and the zeroes come through whoever did.
    position_load = Acquire;
    /// C, H: with `position_load`. Nothing need be acquired, positions never repeat: a CAS that succeeds
    /// read the very write that the load before it read.
    position_cas = Release;
    /// G: with `free_limit_add`.
    free_limit_load = Acquire;
    /// K3: with `free_limit_load`: publishes the spare's zeroes and the table's new entry.
    free_limit_add = Release;
    /// F: with `frame_read`: publishes header and payload.
    frame_commit = Release;
    /// I: with `frame_commit`.
    frame_read = Acquire;
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
    /// A: behind `position_load`, which acquires it from whoever entered the sub-buffer.
    table_load = Relaxed;
    /// K2: published by `free_limit_add`.
    table_cas = Relaxed;
    /// K1: for a later daemon, which looks after the death of this one.
    taking_store = Relaxed;
    /// K3: what a waiting writer compares; `free_limit_add`, before it, carries the news.
    release_seq_add = Relaxed;
    /// Q: the writers are dead, and whoever learnt it synchronised with their end.
    position_load_after_death = Relaxed;
    /// Counts: they publish nothing.
    lost_load = Relaxed;
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
