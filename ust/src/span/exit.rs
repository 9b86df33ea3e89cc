//! The exit of a function whose entry was an event of its own.

use super::outcome::Outcome;
use crate::callsite::Switch;
use crate::record;
use ust_core::wire::Field;

/// Records the exit when it is dropped, which happens also if the function panics.
pub struct Exit {
    switch: &'static Switch,
    /// A destructor that runs while a panic unwinds may call functions which then end in the ordinary way.
    was_panicking: bool,
}

impl Exit {
    /// At the entry.
    #[inline(always)]
    pub fn new(switch: &'static Switch) -> Self {
        // Asked only while the event is on: it is a load of a thread-local.
        Self { switch, was_panicking: switch.state().is_on() && std::thread::panicking() }
    }

    /// At the end, with what is recorded of the value.
    #[inline(always)]
    pub fn ended<V: Field, E: Field>(self, outcome: impl FnOnce() -> Outcome<V, E>) {
        let Self { switch, .. } = self;
        std::mem::forget(self);
        let seen = switch.state();
        if seen.is_on() {
            record_outcome(switch, &outcome());
        }
    }
}

/// Out of the way of the function's own code.
#[cold]
#[inline(never)]
fn record_outcome<V: Field, E: Field>(switch: &Switch, outcome: &Outcome<V, E>) {
    record::record(switch, switch.state(), &(outcome,));
}

impl Drop for Exit {
    #[inline(always)]
    fn drop(&mut self) {
        if self.switch.state().is_on() {
            let has_unwound = std::thread::panicking() && !self.was_panicking;
            let outcome: Outcome =
                if has_unwound { Outcome::Unwound } else { Outcome::Returned(super::Nothing) };
            record_outcome(self.switch, &outcome);
        }
    }
}
