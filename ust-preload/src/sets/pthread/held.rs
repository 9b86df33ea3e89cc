//! Since when locks are held: a table by the lock's address.
//!
//! ```text
//!   address --hash--> place, and the seven behind it      0 | address, start, rate
//! ```
//!
//! Only the thread that holds a lock touches the place of its address: it claims one when it has the lock, and frees it before it
//! gives the lock up. So the lock itself orders what two holders do, and a time is exact or absent. It is absent if all eight
//! places are others', and if the lock was taken while the event was off.
//!
//! A lock that is destroyed while it is held, or unlocked while the event is off, leaves its place claimed: the next holder of a
//! lock at that address takes it over.

use crate::stopwatch::Stopwatch;
use ust_core::sync::{AtomicU64, Ordering};

const PLACES: usize = 4096;

/// How many places an address may have.
const TRIES: usize = 8;

struct Place {
    /// The lock's address; 0 if the place is free.
    lock: AtomicU64,
    start: AtomicU64,
    rate: AtomicU64,
}

static TABLE: [Place; PLACES] = [const {
    Place { lock: AtomicU64::new(0), start: AtomicU64::new(0), rate: AtomicU64::new(0) }
}; PLACES];

fn places_of(lock: usize) -> impl Iterator<Item = &'static Place> {
    // Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4): neighbours are spread.
    let first = (lock as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    (0..TRIES).map(move |step| &TABLE[(first as usize + step) % PLACES])
}

/// The calling thread has got the lock.
// The place's words are relaxed but for its owner: who claims it (Acquire) sees that the one before has read the time, and
// freed it (Release).
pub fn begin(lock: usize, since: Stopwatch) {
    let is_own = |place: &&Place| place.lock.load(Ordering::Relaxed) == lock as u64;
    let claim = |place: &&Place| {
        place.lock.compare_exchange(0, lock as u64, Ordering::Acquire, Ordering::Relaxed).is_ok()
    };
    let found = places_of(lock).find(is_own).or_else(|| places_of(lock).find(claim));
    if let Some(place) = found {
        let (start, rate) = since.to_words();
        place.start.store(start, Ordering::Relaxed);
        place.rate.store(rate, Ordering::Relaxed);
    }
}

/// The calling thread is about to give the lock up. Returns for how long it has held it, in nanoseconds; -1 if that is not known.
pub fn end(lock: usize) -> i64 {
    let is_own = |place: &&Place| place.lock.load(Ordering::Relaxed) == lock as u64;
    let Some(place) = places_of(lock).find(is_own) else { return -1 };
    let words = (place.start.load(Ordering::Relaxed), place.rate.load(Ordering::Relaxed));
    place.lock.store(0, Ordering::Release);
    Stopwatch::from_words(words).elapsed_ns().try_into().unwrap_or(i64::MAX)
}
