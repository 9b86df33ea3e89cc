//! Takes something that stood in a [`Place`](super::Place) from all threads, so that it can be freed. Any thread may be
//! in a tracepoint and using it.
//!
//! ```text
//!   a tracepoint                               the reclaiming thread
//!   A  mark                                    E  the place is empty
//!      mark_barrier                               reclaim_fence
//!   B  look into the place, or at what was     F  empty what each thread was lent
//!      lent to this thread: use it                threads_barrier
//!   D  unmark                                  G  wait until no mark is set
//!                                              H  free it
//!   a first event, between A and D
//!   C1 find it in the place, lend it
//!      lend_fence
//!   C2 is it still in the place? else empty what was lent
//! ```
//!
//! - If a tracepoint finds the thing at B, G sees its mark: the barriers are between A and B, and between E, F and G.
//!   Either B finds nothing, or G finds the mark and waits for D, which publishes the end of the use.
//! - Nothing stays lent: the fences are between C1 and C2, and between E and F. Either C2 finds the place empty, and
//!   empties what was lent before D; or F finds what C1 has lent, and empties it.
//! - Nothing stays lent that it led to. A tracepoint may find the thing at B, and lend its thread a part of it, as C1 and C2
//!   do, with what it found at B in the place of the place. F empties everything twice, with a fence in between, so that
//!   what was lent has gone when it looks at the parts for the last time.

use super::barrier::threads_barrier;
use super::orderings as order;
use super::{Lent, Mark, Place};
use core::time::Duration;
use ust_core::sync::pause;

/// The pause between two looks at a mark.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// What a thread keeps at hand, as far as a reclaiming thread needs it.
pub trait Marked {
    /// The thread's mark.
    fn mark(&self) -> &Mark;
    /// Empties what the thread was lent in `slot`.
    fn clear(&self, slot: usize);
}

/// Takes from all threads what they were lent in `slot`. The caller has already emptied the place. Then waits until no
/// thread can be using it. `false` if the kernel has no barrier, or if a thread stays in a tracepoint until `is_over`:
/// then what that thread may use must not be freed.
pub fn reclaim<'a, C: Marked + 'a, I: Iterator<Item = &'a C>>(
    threads: impl Fn() -> I,
    slot: usize,
    is_over: impl Fn() -> bool,
) -> bool {
    for _ in 0..2 {
        order::reclaim_fence();
        threads().for_each(|thread| thread.clear(slot));
    }
    if !threads_barrier() {
        return false;
    }
    for thread in threads() {
        while thread.mark().is_set() {
            if is_over() {
                return false;
            }
            pause(LOOK_INTERVAL);
        }
    }
    true
}

/// C2 of a tracepoint that has lent its thread a part of what `lent` leads to: whether the thread may keep it.
pub fn may_keep_on<T>(lent: &Lent<T>) -> bool {
    order::lend_fence();
    lent.get().is_some()
}

/// C2 of a first event that has lent its thread a part of `value`: whether the thread may keep it, because `value` is
/// still in its place.
pub fn may_keep<T: Sync>(place: &Place<T>, value: &T) -> bool {
    order::lend_fence();
    place.get().is_some_and(|present| core::ptr::eq(present, value))
}
