//! `std::time::Instant` as a field: nanoseconds of `CLOCK_MONOTONIC`.
//!
//! The standard library does not say which time an `Instant` is. So the process has an anchor: an `Instant`, and the
//! clock's time that was read beside it. All others are as far from that time as they are from that `Instant`. The
//! anchor's error, some tens of nanoseconds, is the same for all.
//!
//! The anchor is set once, at the process's start ([`set_anchor`]). Nobody waits for it: an `Instant` that is recorded
//! before gets an anchor of its own.

#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::time::Instant;

use crate::clock;
use crate::wire::{Field, FieldType};

#[derive(Debug, Clone, Copy)]
struct Anchor {
    instant: Instant,
    monotonic_ns: u64,
}

static ANCHOR: OnceLock<Anchor> = OnceLock::new();

/// Sets the anchor, if there is none. Not in a signal handler: it would wait for a call that it interrupts.
pub fn set_anchor() {
    let _ = ANCHOR.set(Anchor::new());
}

impl Anchor {
    fn new() -> Self {
        Self { instant: Instant::now(), monotonic_ns: clock::monotonic_ns() }
    }

    fn of_process() -> Self {
        ANCHOR.get().copied().unwrap_or_else(Self::new)
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
        // Between two looks at the clock, but for the time between the two of the anchor.
        let slack_ns = 1_000_000_000;
        set_anchor();
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
        set_anchor();
        let now = Instant::now();
        let later = now + Duration::from_nanos(1_234_567_891);
        assert_eq!(recorded(later) - recorded(now), 1_234_567_891);
        assert_eq!(recorded(now), recorded(now));
        // As long ago as can be said: later than the clock's zero or not, nothing overflows.
        let ago = |bit: u32| now.checked_sub(Duration::from_secs(1_u64 << bit));
        recorded((0..64).rev().find_map(ago).expect("some time ago"));
    }
}
