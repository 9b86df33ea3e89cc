//! `std::time::Instant` as a field: nanoseconds of `CLOCK_MONOTONIC`.
//!
//! The standard library does not say which time an `Instant` is. So the process has an anchor: an `Instant`, and the
//! clock's time that was read beside it. All others are as far from that time as they are from that `Instant`. The
//! anchor's error, some tens of nanoseconds, is the same for all.
//!
//! ```text
//!   EMPTY --claim--> CLAIMED --store--> SET        by the first `Instant` that is recorded; then never again
//! ```
//!
//! Nobody waits: whoever finds the anchor claimed, a signal handler perhaps that interrupted the claim, takes one of its
//! own for this once.

#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use std::time::Instant;

use crate::clock;
use crate::sync::{AtomicU32, Ordering};
use crate::wire::{Field, FieldType};

const EMPTY: u32 = 0;
const CLAIMED: u32 = 1;
const SET: u32 = 2;

#[derive(Clone, Copy)]
struct Anchor {
    instant: Instant,
    monotonic_ns: u64,
}

struct Place {
    state: AtomicU32,
    anchor: UnsafeCell<Option<Anchor>>,
}

// SAFETY: only the one that claimed the place writes it, before SET; it is read only after that, and never written again.
unsafe impl Sync for Place {}

static PLACE: Place = Place { state: AtomicU32::new(EMPTY), anchor: UnsafeCell::new(None) };

impl Anchor {
    fn new() -> Self {
        Self { instant: Instant::now(), monotonic_ns: clock::monotonic_ns() }
    }

    fn of_process() -> Self {
        // Acquire: with the Release below.
        if PLACE.state.load(Ordering::Acquire) == SET {
            // SAFETY: SET, so nobody writes it any more.
            if let Some(anchor) = unsafe { *PLACE.anchor.get() } {
                return anchor;
            }
        }
        let anchor = Self::new();
        let claimed =
            PLACE.state.compare_exchange(EMPTY, CLAIMED, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_ok() {
            // SAFETY: claimed, and not SET yet: nobody else touches it.
            unsafe { *PLACE.anchor.get() = Some(anchor) };
            PLACE.state.store(SET, Ordering::Release);
        }
        anchor
    }

    fn monotonic_ns_at(self, instant: Instant) -> u64 {
        let ns =
            |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match instant.checked_duration_since(self.instant) {
            Some(after) => self.monotonic_ns.saturating_add(ns(after)),
            None => self.monotonic_ns.saturating_sub(ns(self.instant.duration_since(instant))),
        }
    }
}

// SAFETY: one write of 64 bits, as both size items say.
unsafe impl Field for Instant {
    const TYPE: &'static FieldType = u64::TYPE;
    const FIXED_SIZE_BYTES: Option<usize> = u64::FIXED_SIZE_BYTES;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        size_of::<u64>()
    }

    #[inline]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the same contract.
        unsafe { Anchor::of_process().monotonic_ns_at(*self).encode(dst) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn recorded(instant: Instant) -> u64 {
        let mut bytes = [0; 8];
        // SAFETY: as many as it measures.
        unsafe { instant.encode(bytes.as_mut_ptr()) };
        u64::from_ne_bytes(bytes)
    }

    #[test]
    fn an_instant_is_a_time_of_the_monotonic_clock() {
        // The first one sets the anchor. From then on an `Instant` between two looks at the clock lies between them, but for
        // the time between the anchor's two.
        let slack_ns = 1_000_000_000;
        recorded(Instant::now());
        let before = clock::monotonic_ns();
        let instant = Instant::now();
        let after = clock::monotonic_ns();
        let ns = recorded(instant);
        assert!(
            before - slack_ns.min(before) <= ns && ns <= after + slack_ns,
            "{before} {ns} {after}"
        );
    }

    #[test]
    fn two_instants_are_as_far_apart_as_they_were() {
        let now = Instant::now();
        let later = now + Duration::from_nanos(1_234_567_891);
        assert_eq!(recorded(later) - recorded(now), 1_234_567_891);
        assert_eq!(recorded(now), recorded(now));
        let longest_ago =
            (0..64).filter_map(|bit| now.checked_sub(Duration::from_secs(1 << bit))).last();
        recorded(longest_ago.expect("some time ago"));
    }
}
