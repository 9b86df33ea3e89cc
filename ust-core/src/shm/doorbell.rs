//! The doorbell: how a writer that has filled a sub-buffer wakes a daemon that sleeps.
//!
//! ```text
//!   daemon                                     writer
//!   1 asleep.swap(1)                           a  position moves on (step H)
//!   2 look at every stream once more           b  asleep.swap(0) gives 1?
//!   3 futex_wait(rings)                        c     rings += 1; futex_wake(rings)
//! ```
//!
//! Both swaps are read-modify-writes of one word, so one comes first. If 1 does, b finds it and wakes. If
//! b does, 1 reads what b released, and 2 sees what a moved. With `--read-timer` the daemon never sets
//! `asleep`, and no writer ever makes a system call here.
//!
//! It is a futex in memory that the daemon sent, not a descriptor: a program that closes every descriptor
//! it does not know would leave us a number that soon means one of its own files.
#![allow(unsafe_code)]

use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use rustix::thread::futex;

/// The daemon's two words, one page shared by all processes that it serves.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Doorbell {
    /// 1 while the daemon sleeps, or is about to.
    asleep: AtomicU32,
    /// Grows with each ring: what the daemon waits on.
    rings: AtomicU32,
}

crate::abi::layout::layout!(Doorbell as "Doorbell" {
    asleep @ 0,
    rings @ 4,
} ends 8);

/// Bytes of the memfd that holds a [`Doorbell`].
pub const DOORBELL_BYTES: usize = crate::abi::PAGE_BYTES;

/// Where a process keeps the doorbell of the daemon that it is connected to. Never unmapped once set: a page.
pub type Place = AtomicPtr<Doorbell>;

/// This copy's place.
static DOORBELL: Place = AtomicPtr::new(core::ptr::null_mut());

/// The place of another copy of this code in the process, whose agent listens for all; null: this copy's own.
static SHARED: AtomicPtr<Place> = AtomicPtr::new(core::ptr::null_mut());

/// This copy's place, for other copies to [`share`].
pub fn own_place() -> &'static Place {
    &DOORBELL
}

/// Has this copy use another one's place from here on.
pub fn share(place: &'static Place) {
    // Release: pairs with the acquire in `place`.
    SHARED.store(core::ptr::from_ref(place).cast_mut(), Ordering::Release);
}

fn place() -> &'static Place {
    // SAFETY: what `share` was given lives for ever.
    unsafe { SHARED.load(Ordering::Acquire).as_ref() }.unwrap_or(&DOORBELL)
}

/// Sets the doorbell that [`ring`] uses; `None` for silence.
pub fn install(doorbell: Option<&'static Doorbell>) {
    let doorbell = doorbell.map_or(core::ptr::null(), core::ptr::from_ref);
    // Release: pairs with the acquire in `ring`, though the page was mapped by this very process.
    DOORBELL.store(doorbell.cast_mut(), Ordering::Release);
}

/// Wakes the daemon if it sleeps. Async-signal-safe; at most one system call.
pub fn ring() {
    // SAFETY: what `install` was given lives for ever.
    if let Some(doorbell) = unsafe { place().load(Ordering::Acquire).as_ref() } {
        doorbell.ring();
    }
}

impl Doorbell {
    fn ring(&self) {
        // AcqRel: see the module page.
        if self.asleep.swap(0, Ordering::AcqRel) == 1 {
            self.rings.fetch_add(1, Ordering::Release);
            // Shared, not private: the waiter is another process. Nothing to be done if it fails.
            // Everybody: one honest waiter, and whoever else has the page must not be woken in its stead.
            let _ = futex::wake(self.rings.futex(), futex::Flags::empty(), i32::MAX as u32);
        }
    }

    /// Daemon: says that it is about to sleep. Look at every stream once more before waiting.
    pub fn fall_asleep(&self) {
        self.asleep.swap(1, Ordering::AcqRel);
    }

    /// Daemon: says that it is awake, and need not be rung for.
    pub fn wake_up(&self) {
        self.asleep.swap(0, Ordering::AcqRel);
    }

    /// Daemon: how often it has been rung.
    pub fn rings(&self) -> u32 {
        self.rings.load(Ordering::Acquire)
    }

    /// Daemon: waits until it has been rung more often than `seen` times. May return early.
    pub fn wait(&self, seen: u32) {
        let _ = futex::wait(self.rings.futex(), futex::Flags::empty(), seen, None);
    }

    /// Rings so that a waiting thread of the daemon's own returns.
    pub fn interrupt(&self) {
        self.rings.fetch_add(1, Ordering::Release);
        let _ = futex::wake(self.rings.futex(), futex::Flags::empty(), i32::MAX as u32);
    }
}
