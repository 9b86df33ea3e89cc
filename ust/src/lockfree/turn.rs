//! Whose turn it is to make what a forked process has its own.
//!
//! ```text
//!                 own file, own channels, introduced
//!   FORKED --> BECOMING ------------------------------> CURRENT
//!                 |  ^ the next one tries again
//!                 v  |
//!              UNTRACED
//! ```

use super::Place;
use super::orderings as order;
use ust_core::sync::AtomicU32;

/// In a page that a forked child finds zeroed.
#[derive(Debug)]
#[repr(transparent)]
pub struct Turn(AtomicU32);

/// What a [`Turn`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// What this process has is its parent's: a page of zeroes says so.
    Forked,
    /// A thread is in.
    Becoming,
    /// What it has is its own.
    Current,
    /// It could not get what it needs, and is not traced for now.
    Untraced,
}

impl Turn {
    /// That of a child, as it finds it.
    #[cfg(loom)]
    pub fn forked() -> Self {
        Self(AtomicU32::new(State::Forked as u32))
    }

    /// Begins with `zeroes`, in a process that nobody has forked yet: what it has is its own. That is said first: a thread
    /// that finds the turn of a forked process leaves a parent, which there is not.
    pub fn begin(place: &Place<Self>, zeroes: &'static Self) {
        zeroes.0.store(State::Current as u32, order::turn_begin());
        place.set(Some(zeroes));
    }

    /// What it says. What the last one that left has done is done.
    pub fn state(&self) -> State {
        match self.0.load(order::turn_load()) {
            0 => State::Forked,
            2 => State::Current,
            3 => State::Untraced,
            _ => State::Becoming,
        }
    }

    /// Lets the calling thread in, if the state still is the one that was `found`: then nobody else is, until it leaves.
    pub fn enter(&self, found: State) -> bool {
        let becoming = State::Becoming as u32;
        self.0
            .compare_exchange(found as u32, becoming, order::turn_enter(), order::turn_refused())
            .is_ok()
    }

    /// Leaves; the next one is let in if it did not succeed.
    pub fn leave(&self, is_own: bool) {
        let state = if is_own { State::Current } else { State::Untraced };
        self.0.store(state as u32, order::turn_leave());
    }
}
