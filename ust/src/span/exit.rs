//! The exit of a function whose entry was an event of its own.

use super::outcome::{DROPPED, ERR, Nothing, Outcome, RETURNED, UNWOUND};
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
        if switch.state().is_on() {
            record_end(switch, outcome);
        }
    }
}

/// Out of the way of the function's own code, which then needs no room for an error's text.
///
/// Each way to end has code of its own: the room for one that may be either would be that of a text, and every byte of the record
/// would depend on which it is.
#[cold]
#[inline(never)]
fn record_end<V: Field, E: Field>(switch: &Switch, outcome: impl FnOnce() -> Outcome<V, E>) {
    match outcome() {
        Outcome::Returned(value) => record_tagged(switch, RETURNED, value),
        Outcome::Err(error) => record_error(switch, error),
        Outcome::Unwound => record_tagged(switch, UNWOUND, Nothing),
        Outcome::Dropped => record_tagged(switch, DROPPED, Nothing),
    }
}

#[inline(never)]
fn record_error<E: Field>(switch: &Switch, error: E) {
    record_tagged(switch, ERR, error);
}

#[inline(always)]
fn record_tagged<T: Field>(switch: &Switch, tag: u8, value: T) {
    #[cold]
    #[inline(never)]
    fn otherwise<T: Field>(switch: &Switch, tag: u8, value: T) {
        record::record_otherwise(switch, (tag, &value));
    }

    if !record::try_record(switch, switch.state(), (tag, &value)) {
        otherwise(switch, tag, value);
    }
}

impl Drop for Exit {
    #[inline(always)]
    fn drop(&mut self) {
        if self.switch.state().is_on() {
            let has_unwound = std::thread::panicking() && !self.was_panicking;
            let outcome: Outcome =
                if has_unwound { Outcome::Unwound } else { Outcome::Returned(Nothing) };
            record_end(self.switch, || outcome);
        }
    }
}
