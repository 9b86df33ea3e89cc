//! Since when locks are held: what an unlock needs, to say how long it was.
//!
//! ```text
//!   lock(L) ---returned---> begin(L) ... end(L) ---> unlock(L)
//!
//!   hash(L) --> | key: L | by whom, in which period | since when |    one of PROBED places in a row; none free: not known
//!               | key: 0 | free                                  |
//! ```
//!
//! **Only a lock's owner touches the entry with the lock's key.** The lock itself hands the entry from owner to owner. A free
//! entry is claimed by a compare-and-swap of its key, and freed by a store of 0. A lock that several threads hold at a time (a
//! rwlock that is read) has a key for each of its owners.
//!
//! An entry outlives its hold if the unlock is not seen: the events were off for a while, or the lock's memory was given up
//! while it was held. So
//! - whoever takes a lock that has an entry begins the entry anew;
//! - whoever unlocks believes only an entry of its own, of the same *period*. A period ends when any lock or unlock comes while
//!   nobody records unlocks ([`Watch`]): from then on no older entry is believed.
#![allow(unsafe_code)]

use crate::stopwatch::Stopwatch;
use core::ffi::c_void;
use ust_core::sync::{AtomicBool, AtomicU64, Ordering};

/// Holds that are known at a time. Entries that were never used are memory that was never touched.
const ENTRIES: usize = 1 << 14;

/// Places in which an entry may lie.
const PROBED: usize = 8;

/// Where a tag has the period: above all addresses.
const PERIOD_SHIFT: u32 = 48;

/// A bit that no lock's address has: the key of one of several owners.
const SHARED: u64 = 1 << 63;

#[repr(C, align(32))]
struct Entry {
    key: AtomicU64,
    /// The owner, and the period.
    tag: AtomicU64,
    since: [AtomicU64; 2],
}

static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        key: AtomicU64::new(0),
        tag: AtomicU64::new(0),
        since: [const { AtomicU64::new(0) }; 2],
    }
}; ENTRIES];

/// Whether the holds of one kind of lock are watched.
pub struct Watch {
    is_on: AtomicBool,
    period: AtomicU64,
}

impl Watch {
    /// Off.
    pub const fn new() -> Self {
        Self { is_on: AtomicBool::new(false), period: AtomicU64::new(0) }
    }

    /// Whether a lock that is taken must be told to this.
    // Relaxed, here and below: a thread that sees the change late does what it would have done a moment ago.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// A lock was taken or released, and nobody records unlocks. Ends the period.
    #[inline(always)]
    pub fn missed(&self) {
        if self.is_on() {
            self.is_on.store(false, Ordering::Relaxed);
        }
    }

    /// The present period, which begins if there is none.
    #[inline(always)]
    fn period(&self) -> u64 {
        if !self.is_on() {
            self.begin_period();
        }
        self.period.load(Ordering::Relaxed)
    }

    #[cold]
    fn begin_period(&self) {
        self.period.fetch_add(1, Ordering::Relaxed);
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// The calling thread holds a lock from this moment on.
    #[inline(always)]
    pub fn begin(&self, key: Key, since: Stopwatch) {
        let tag = self.tag();
        if let Some(entry) = key.find_or_claim() {
            entry.tag.store(tag, Ordering::Relaxed);
            for (word, value) in entry.since.iter().zip(since.to_words()) {
                word.store(value, Ordering::Relaxed);
            }
        }
    }

    /// The calling thread is about to release a lock: since when it has held it, if that is known.
    #[inline(always)]
    pub fn end(&self, key: Key) -> Option<Stopwatch> {
        let tag = self.tag();
        let entry = key.find()?;
        if entry.tag.load(Ordering::Relaxed) != tag {
            return None;
        }
        let since = entry.since.each_ref().map(|word| word.load(Ordering::Relaxed));
        // Release: the next to claim the entry, who acquires, writes it after it was read here.
        entry.key.store(0, Ordering::Release);
        Some(Stopwatch::from_words(since))
    }

    /// The calling thread, in the present period. (16 bits of it: a lock is not held through 65,536 of them.)
    #[inline(always)]
    fn tag(&self) -> u64 {
        own() ^ self.period() << PERIOD_SHIFT
    }
}

/// What names a lock's entry.
#[derive(Clone, Copy)]
pub struct Key(u64);

impl Key {
    /// Of a lock with one owner.
    #[inline(always)]
    pub fn of(lock: *const c_void) -> Self {
        Self(lock.addr() as u64)
    }

    /// Of the calling thread's share of a lock that others may hold too.
    #[inline(always)]
    pub fn own_of(lock: *const c_void) -> Self {
        Self(mixed(mixed(lock.addr() as u64) ^ own()) | SHARED)
    }

    fn places(self) -> impl Iterator<Item = &'static Entry> {
        let first = mixed(self.0) as usize % ENTRIES;
        (first..first + PROBED).map(|at| &TABLE[at % ENTRIES])
    }

    #[inline(always)]
    fn find(self) -> Option<&'static Entry> {
        self.places().find(|entry| entry.key.load(Ordering::Relaxed) == self.0)
    }

    /// Its entry, or one that was free.
    #[inline(always)]
    fn find_or_claim(self) -> Option<&'static Entry> {
        let mut free = None;
        for entry in self.places() {
            match entry.key.load(Ordering::Relaxed) {
                key if key == self.0 => return Some(entry),
                0 if free.is_none() => free = Some(entry),
                _ => {}
            }
        }
        match free {
            Some(entry) if self.claims(entry) => free,
            Some(_) => self.places().find(|entry| self.claims(entry)),
            None => None,
        }
    }

    #[inline(always)]
    fn claims(self, entry: &Entry) -> bool {
        // Acquire: after the last owner has read it.
        entry.key.compare_exchange(0, self.0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

/// The calling thread, as a number that no other living thread has: its descriptor's address.
#[inline(always)]
fn own() -> u64 {
    // SAFETY: it always succeeds.
    unsafe { libc::pthread_self() as u64 }
}

/// Spreads addresses, which are alike in their upper and lowest bits, over all numbers.
#[inline(always)]
fn mixed(number: u64) -> u64 {
    let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}
