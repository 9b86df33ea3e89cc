//! Which spans a thread is in.
//!
//! ```text
//!   enter 3, enter 4, exit 3     [3] -> [3 4] -> [4]       spans may be left in any order
//! ```
//!
//! `tracing_subscriber`'s registry knows this too. But to ask it takes some 50 ns for each event, and this a few.
//! An entry says whose it is: a program may have several subscribers, each with spans of its own.

use core::cell::RefCell;
use std::time::{Duration, Instant};

/// A span that the thread is in.
struct Entered {
    layer: u64,
    /// As this crate numbers it.
    span_id: u64,
    since: Instant,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

/// The innermost span of a layer that the thread is in; 0 if there is none, or the thread is ending.
#[inline]
pub(crate) fn current(layer: u64) -> u64 {
    let innermost = |entered: &RefCell<Vec<Entered>>| {
        let entered = entered.borrow();
        entered.iter().rev().find(|it| it.layer == layer).map_or(0, |it| it.span_id)
    };
    ENTERED.try_with(innermost).unwrap_or(0)
}

/// The thread enters a span.
pub(crate) fn enter(layer: u64, span_id: u64, since: Instant) {
    let entered = Entered { layer, span_id, since };
    let _ = ENTERED.try_with(|all| all.borrow_mut().push(entered));
}

/// The thread leaves a span: how long it was in.
pub(crate) fn exit(layer: u64, span_id: u64, now: Instant) -> Duration {
    let leave = |all: &RefCell<Vec<Entered>>| {
        let mut all = all.borrow_mut();
        let at = all.iter().rposition(|it| it.layer == layer && it.span_id == span_id)?;
        Some(now.saturating_duration_since(all.remove(at).since))
    };
    ENTERED.try_with(leave).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_has_its_spans_and_leaves_them_in_any_order() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        enter(1, 3, at(0));
        enter(2, 9, at(1));
        enter(1, 4, at(2));
        assert_eq!((current(1), current(2), current(3)), (4, 9, 0));
        assert_eq!(exit(1, 3, at(10)), Duration::from_millis(10));
        assert_eq!((current(1), current(2)), (4, 9));
        assert_eq!(exit(1, 4, at(20)), Duration::from_millis(18));
        assert_eq!(exit(1, 4, at(30)), Duration::ZERO, "it is not in it");
        assert_eq!((current(1), current(2)), (0, 9));
        // Once more: a thread may enter a span that it is in.
        enter(2, 9, at(40));
        assert_eq!(exit(2, 9, at(50)), Duration::from_millis(10));
        assert_eq!(exit(2, 9, at(51)), Duration::from_millis(50));
        assert_eq!(current(2), 0);
    }
}
