//! Named points right after each side effect that somebody else can observe.
//!
//! In a normal build [`reach`] is empty and compiles to nothing. Under loom, and with the `testpoints`
//! feature, a test installs a hook: loom's models call a nested writer there, as a signal handler would,
//! or let the writer die there; kill tests stop a real process exactly there.

/// A point in the ring's code. The letters are those of the protocol essay in [`crate::ring`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Point {
    /// A: the position was loaded and the clock read; nothing is changed yet.
    ReserveLoaded,
    /// C: the position has moved past the new record; its frame word is still zero.
    ReserveMoved,
    /// D: the frame word says in flight.
    ReserveFramed,
    /// E: `last_clock` is the record's own.
    ReserveStamped,
    /// F: the record is committed.
    Committed,
    /// H: the position has moved into the next sub-buffer; the rest of the old one is not padded yet.
    SwitchMoved,
    /// H: the rest of the old sub-buffer is padded.
    SwitchPadded,
    /// A loss has been counted.
    LossCounted,
    /// K: `taking` names the sub-buffer.
    ExchangeAnnounced,
    /// K: the spare stands in the full memory's place.
    ExchangeSwapped,
    /// K: the writers may enter it.
    ExchangeReleased,
}

impl Point {
    /// Every point.
    pub const ALL: [Point; 11] = [
        Point::ReserveLoaded,
        Point::ReserveMoved,
        Point::ReserveFramed,
        Point::ReserveStamped,
        Point::Committed,
        Point::SwitchMoved,
        Point::SwitchPadded,
        Point::LossCounted,
        Point::ExchangeAnnounced,
        Point::ExchangeSwapped,
        Point::ExchangeReleased,
    ];
}

/// Says that `point` has been reached.
#[cfg(not(any(loom, feature = "testpoints")))]
#[inline(always)]
pub fn reach(_point: Point) {}

#[cfg(any(loom, feature = "testpoints"))]
pub use hooked::{reach, set_hook};

#[cfg(any(loom, feature = "testpoints"))]
mod hooked {
    use super::Point;
    use std::cell::RefCell;
    use std::rc::Rc;

    type Hook = Rc<dyn Fn(Point)>;

    // Loom runs its threads as coroutines of one OS thread, so it has thread-locals of its own.
    #[cfg(loom)]
    loom::thread_local! { static HOOK: RefCell<Option<Hook>> = RefCell::new(None); }
    #[cfg(not(loom))]
    thread_local! { static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) }; }

    /// Calls this thread's hook, if it has one.
    pub fn reach(point: Point) {
        let hook = HOOK.with(|hook| hook.borrow().clone());
        if let Some(hook) = hook {
            hook(point);
        }
    }

    /// Installs a hook for this thread, or removes it.
    pub fn set_hook(hook: Option<Hook>) {
        HOOK.with(|slot| *slot.borrow_mut() = hook);
    }
}
