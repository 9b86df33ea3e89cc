//! A span that is one record, written at its end.

use super::captured::Captured;
use super::outcome::Outcome;
use crate::callsite::Switch;
use crate::record;
use ust_core::clock;
use ust_core::wire::{Both, Field};

/// A span that has begun, if the event was on. Dropping it records the span.
pub struct Timed {
    switch: &'static Switch,
    begun: Option<Begun>,
}

struct Begun {
    captured: Captured,
    at_ns: u64,
    was_panicking: bool,
}

impl Timed {
    /// Begins. The arguments are captured only while the event is on.
    #[inline(always)]
    pub fn begin(switch: &'static Switch, capture: impl FnOnce() -> Captured) -> Self {
        let begun = switch.state().is_on().then(|| Begun {
            captured: capture(),
            at_ns: clock::monotonic_ns(),
            was_panicking: std::thread::panicking(),
        });
        Self { switch, begun }
    }

    /// Ends with what is recorded of the value.
    #[inline(always)]
    pub fn ended<V: Field, E: Field>(mut self, outcome: impl FnOnce() -> Outcome<V, E>) {
        if let Some(begun) = self.begun.take() {
            record_span(self.switch, &begun, &outcome());
        }
    }
}

#[cold]
#[inline(never)]
fn record_span<V: Field, E: Field>(switch: &Switch, begun: &Begun, outcome: &Outcome<V, E>) {
    let duration_ns = clock::monotonic_ns().saturating_sub(begun.at_ns);
    let seen = switch.state();
    if seen.is_on() {
        record::record(switch, seen, &Both(&begun.captured, (duration_ns, outcome)));
    }
}

impl Drop for Timed {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            let has_unwound = std::thread::panicking() && !begun.was_panicking;
            let outcome: Outcome =
                if has_unwound { Outcome::Unwound } else { Outcome::Returned(super::Nothing) };
            record_span(self.switch, &begun, &outcome);
        }
    }
}
