//! How something that stands in a [`Place`](super::Place) is taken from all threads, so that it can be freed: any of them
//! may be in a tracepoint, and using it.
//!
//! ```text
//!   a tracepoint                               who takes it away
//!   A  mark                                    E  nothing stands in the place any more
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
//! - Whoever finds something at B is seen by G: the barriers stand between A and B, and between E, F and G. Either B
//!   comes upon nothing, or G upon the mark, and then waits for D, which publishes that the use has ended.
//! - Nothing is lent for longer than that: the fences stand between C1 and C2, and between E and F. Either C2 comes upon
//!   nothing, and empties what was lent before D; or F finds what C1 has lent, and empties it.

use super::barrier::threads_barrier;
use super::orderings as order;
use super::{Mark, Place};
use core::time::Duration;
use ust_core::sync::pause;

/// Between looks at a mark.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// What a thread has at hand, as those see it who take something away from all of them.
pub trait Marked {
    /// The thread's mark.
    fn mark(&self) -> &Mark;
    /// Empties what the thread was lent under this number.
    fn clear(&self, slot: usize);
}

/// Takes from all threads what was lent under this number, and stands in no place any more; then waits until none can be
/// using it. `false` if the kernel has no barrier, or some thread stays in a tracepoint until `is_over`: what it may use
/// must not be freed.
pub fn reclaim<'a, C: Marked + 'a, I: Iterator<Item = &'a C>>(
    threads: impl Fn() -> I,
    slot: usize,
    is_over: impl Fn() -> bool,
) -> bool {
    order::reclaim_fence();
    threads().for_each(|thread| thread.clear(slot));
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

/// A first event, C2, that has lent its thread something of `value`: whether it may keep that, as `value` still stands in
/// its place.
pub fn may_keep<T: Sync>(place: &Place<T>, value: &T) -> bool {
    order::lend_fence();
    place.get().is_some_and(|present| core::ptr::eq(present, value))
}
