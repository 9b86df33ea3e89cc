//! Callsites: the switch that each tracepoint tests, and the number that its records carry.
//!
//! ```text
//!    63 ............ 32 31 ............. 0
//!   +------------------+------------------+      one word, so that whoever sees an event on
//!   | class id         | channels, a bit  |      also sees the number that it has
//!   +------------------+ for each slot    |
//!                      +------------------+
//! ```
//!
//! Written by whoever applies rules (see [`crate::session`]), one at a time; read by every tracepoint.

use crate::event::EventDescription;
use crate::sync::{AtomicU64, Ordering::Relaxed};

/// One `#[tracepoint]` of the program.
#[derive(Debug)]
pub struct Callsite {
    state: AtomicU64,
    description: &'static EventDescription,
}

/// What a callsite's word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallsiteState(u64);

impl CallsiteState {
    /// The event's number in this process.
    #[inline(always)]
    pub const fn class_id(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// One bit for each channel slot that records it.
    #[inline(always)]
    pub const fn slots(self) -> u32 {
        self.0 as u32
    }
}

impl Callsite {
    /// A callsite that is off.
    pub const fn new(description: &'static EventDescription) -> Self {
        Self { state: AtomicU64::new(0), description }
    }

    /// Whether any channel records this event now.
    #[inline(always)]
    pub fn is_enabled(&self) -> bool {
        self.state().slots() != 0
    }

    /// The word. Relaxed: what it leads to, the channel, is acquired there.
    #[inline(always)]
    pub fn state(&self) -> CallsiteState {
        CallsiteState(self.state.load(Relaxed))
    }

    /// What the tracepoint declares.
    pub fn description(&self) -> &'static EventDescription {
        self.description
    }

    /// Sets number and channels at once.
    pub(crate) fn set(&self, class_id: u32, slots: u32) {
        self.state.store(u64::from(class_id) << 32 | u64::from(slots), Relaxed);
    }
}
