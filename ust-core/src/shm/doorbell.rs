//! The doorbell: a writer that has filled a sub-buffer wakes a sleeping consumer by it.
//!
//! [`abi::Doorbell`](Doorbell) explains the two words; this module waits on them. With `--read-timer` the consumer
//! never says that it sleeps, and no writer ever makes a system call here.
//!
//! The doorbell is a futex in memory that the consumer sent, not a descriptor. If a program closes every descriptor it
//! does not know, a descriptor's number would soon belong to one of its own files.

use crate::sync;
use rustix::thread::futex;

pub use crate::abi::Doorbell;

/// Bytes of the memfd that holds a [`Doorbell`].
pub const DOORBELL_BYTES: usize = crate::abi::PAGE_BYTES;

/// Where a process keeps the doorbell of the consumer that it is connected to. Never unmapped once set; this costs a
/// page.
pub type Place = sync::Place<Doorbell>;

/// This copy's place.
static DOORBELL: Place = Place::empty();

/// The place of another copy of this code in the process, whose agent listens for all copies. None: this copy's own.
static SHARED: sync::Place<Place> = sync::Place::empty();

/// This copy's place, for other copies to [`share`].
pub fn own_place() -> &'static Place {
    &DOORBELL
}

/// Makes this copy use another copy's place from here on.
pub fn share(place: &'static Place) {
    SHARED.set(Some(place));
}

/// Sets the doorbell that [`ring`] uses. `None`: [`ring`] does nothing.
pub fn install(doorbell: Option<&'static Doorbell>) {
    DOORBELL.set(doorbell);
}

/// Wakes the consumer if it sleeps. Async-signal-safe; at most one system call.
pub fn ring() {
    if let Some(doorbell) = SHARED.get().unwrap_or(&DOORBELL).get()
        && doorbell.ring()
    {
        doorbell.wake();
    }
}

impl Doorbell {
    fn wake(&self) {
        // Shared, not private: the waiter is another process. If waking fails, nothing can be done. All waiters: there
        // is one honest waiter, and another process that has the page must not be woken in its place.
        let _ = futex::wake(self.rings.futex(), futex::Flags::empty(), i32::MAX as u32);
    }

    /// Consumer: waits until writers have rung more often than `seen` times. May return early.
    pub fn wait(&self, seen: u32) {
        let _ = futex::wait(self.rings.futex(), futex::Flags::empty(), seen, None);
    }

    /// Rings, so that a waiting thread of the consumer itself returns.
    pub fn interrupt(&self) {
        self.count_ring();
        self.wake();
    }
}
