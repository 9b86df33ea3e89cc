//! One event that owns its switch.
#![allow(unsafe_code)]

use super::description::{Description, Observer};
use super::recording::record;
use super::registration::{Declaration, Registration};
use crate::callsite::Switch;
use core::iter;
use ust_core::wire::Encoded;

/// An event that was registered while the program runs. It is off until a rule names it. Dropping it unregisters it.
///
/// Registering and dropping allocate, and wait for any thread that changes the registry: do neither in a signal
/// handler. Recording is like that of any tracepoint: async-signal-safe, also in children of a fork.
pub struct DynamicEvent {
    /// Before the switch, which it points to: fields are dropped in order.
    _registration: Registration,
    switch: Box<Switch>,
}

impl DynamicEvent {
    /// Registers an event. Events of equal descriptions share one class, whose description is stored once. An event
    /// that is beyond the [`bounds`](super::bounds) of a class is never on, and is counted as a class left out: see
    /// [`Description::check`].
    pub fn register(description: &Description, observer: Option<Observer>) -> Self {
        let switch = Box::new(Switch::new());
        let declaration = Declaration { switch: &*switch, description, observer };
        // SAFETY: the box's memory stays where it is, and outlives the registration.
        let registration = unsafe { Registration::of(iter::once(declaration)) };
        Self { _registration: registration, switch }
    }

    /// Whether some channel records the event now.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.switch.state().is_on()
    }

    /// Records the event, if it is on.
    ///
    /// # Safety
    /// `payload` holds the fields as the description has them. (Any other bytes make a record that the consumer
    /// refuses, which ends the thread's stream.)
    #[inline]
    pub unsafe fn record(&self, payload: &[u8]) {
        record(&self.switch, Encoded(payload));
    }
}
