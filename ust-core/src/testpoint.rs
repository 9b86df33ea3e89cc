//! Named points right after each side effect that another thread or process can observe.
//!
//! In a normal build [`reach`] is empty and compiles to nothing. Under loom, and with the `testpoints`
//! feature, a test installs a hook. Loom's models call a nested writer there, as a signal handler would,
//! or let the writer die. Kill tests stop a real process exactly there.

/// A point in the ring's code. The letters are the steps on the page of [`crate::ring`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Point {
    /// A: the position was loaded and the clock read; nothing has changed yet.
    ReserveLoaded,
    /// C: the position has moved past the new record; its frame word is still zero.
    ReserveMoved,
    /// D: the frame word says in flight.
    ReserveFramed,
    /// E: `last_clock` is the record's own.
    ReserveStamped,
    /// F: the record is committed.
    Committed,
    /// H: the position has moved into the next sub-buffer; the rest of the old sub-buffer is not padded
    /// yet.
    SwitchMoved,
    /// H: the rest of the old sub-buffer is padded.
    SwitchPadded,
    /// R: the checksum of the old sub-buffer is noted, if it is wanted.
    SubbufSummed,
    /// H: the frame word of the sub-buffer's note says in flight.
    NoteFramed,
    /// H: the sub-buffer's note is committed.
    NoteCommitted,
    /// A loss has been counted.
    LossCounted,
    /// L: the recyclers' spare is held.
    RecycleHeld,
    /// N: `recycling` names the sub-buffer, and `overwritten_next` is the count after its recycling.
    RecycleAnnounced,
    /// O: the spare is in the oldest memory's place, or the reader was first.
    RecycleSwapped,
    /// O: `overwritten` is raised.
    RecycleCounted,
    /// O: `recycling` is 0.
    RecycleEnded,
    /// O: there is a spare again.
    RecycleCleared,
    /// K1: `taking` names the sub-buffer.
    ExchangeAnnounced,
    /// K2: the spare is in the full memory's place, and writers may enter it.
    ExchangeSwapped,
    /// K3: waiting writers have been woken.
    ExchangeReleased,
    /// The taken memory is clear again.
    ExchangeCleared,
    /// One more entry of the table is closed.
    EntryClosed,
    /// The stream is closed.
    StreamClosed,
}

impl Point {
    /// Whether the reader reaches this point.
    pub const fn is_readers(self) -> bool {
        use Point::{
            EntryClosed, ExchangeAnnounced, ExchangeCleared, ExchangeReleased, ExchangeSwapped,
            StreamClosed,
        };
        matches!(
            self,
            ExchangeAnnounced
                | ExchangeSwapped
                | ExchangeReleased
                | ExchangeCleared
                | EntryClosed
                | StreamClosed
        )
    }

    /// Whether a recycling writer reaches this point.
    pub const fn is_recyclers(self) -> bool {
        use Point::{
            RecycleAnnounced, RecycleCleared, RecycleCounted, RecycleEnded, RecycleHeld,
            RecycleSwapped,
        };
        matches!(
            self,
            RecycleHeld
                | RecycleAnnounced
                | RecycleSwapped
                | RecycleCounted
                | RecycleEnded
                | RecycleCleared
        )
    }

    /// Every point. The models use no checksums.
    pub const ALL: &[Point] = &[
        Point::ReserveLoaded,
        Point::ReserveMoved,
        Point::ReserveFramed,
        Point::ReserveStamped,
        Point::Committed,
        Point::SwitchMoved,
        Point::SwitchPadded,
        #[cfg(not(loom))]
        Point::SubbufSummed,
        Point::NoteFramed,
        Point::NoteCommitted,
        Point::LossCounted,
        Point::RecycleHeld,
        Point::RecycleAnnounced,
        Point::RecycleSwapped,
        Point::RecycleCounted,
        Point::RecycleEnded,
        Point::RecycleCleared,
        Point::ExchangeAnnounced,
        Point::ExchangeSwapped,
        Point::ExchangeReleased,
        Point::ExchangeCleared,
        Point::EntryClosed,
        Point::StreamClosed,
    ];
}

/// Marks that `point` has been reached.
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

    // Loom runs its threads as coroutines of one OS thread, so it has its own thread-locals.
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

/// A mistake that the models must find. The shipped code makes it only if a model's run asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// G takes any lap for the right one.
    WrongLap,
    /// A recycler whose CAS failed, because the reader was first, goes on as if it had succeeded.
    NoRetry,
    /// An owner-only operation changes the table's entry, although the reader changes it too.
    OwnerOnlyTable,
    /// A stay on a CPU reads the clock before the area has the sequence's name. (In the models' stay: the shipped one is
    /// assembly.)
    EarlyClock,
}

/// Whether to make the mistake. Never, except under loom, if `UST_MISTAKE` names it.
#[cfg(not(loom))]
#[inline(always)]
pub fn makes(_mistake: Mistake) -> bool {
    false
}

/// Whether to make the mistake: `UST_MISTAKE` is its name.
#[cfg(loom)]
pub fn makes(mistake: Mistake) -> bool {
    use std::sync::OnceLock;
    static MISTAKE: OnceLock<Option<String>> = OnceLock::new();
    let name = MISTAKE.get_or_init(|| std::env::var("UST_MISTAKE").ok());
    name.as_deref() == Some(&format!("{mistake:?}"))
}
