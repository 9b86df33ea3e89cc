//! Whose turn it is to make a forked process's own files and channels.
//!
//! ```text
//!                 own file, own channels, introduced
//!   FORKED --> BECOMING ------------------------------> CURRENT
//!                 |  ^ the next thread tries again
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
    /// This process has its parent's files and channels: a zeroed page says so.
    Forked,
    /// A thread is making the process's own.
    Becoming,
    /// The process has its own.
    Current,
    /// The process could not get what it needs, and is not traced for now.
    Untraced,
}

impl Turn {
    /// The state in a forked child, as it finds it.
    #[cfg(loom)]
    pub fn forked() -> Self {
        Self(AtomicU32::new(State::Forked as u32))
    }

    /// Begins with the zeroed `zeroes`, in a process that has not been forked: its files and channels are its own. The
    /// state is stored before the place is set: a thread that found the state `Forked` would leave a parent that does
    /// not exist.
    pub fn begin(place: &Place<Self>, zeroes: &'static Self) {
        zeroes.0.store(State::Current as u32, order::turn_begin());
        place.set(Some(zeroes));
    }

    /// The state. Everything that the last thread did before it left is visible.
    pub fn state(&self) -> State {
        match self.0.load(order::turn_load()) {
            0 => State::Forked,
            2 => State::Current,
            3 => State::Untraced,
            _ => State::Becoming,
        }
    }

    /// Lets the calling thread in if the state is still `found`. No other thread is let in until it leaves.
    pub fn enter(&self, found: State) -> bool {
        let becoming = State::Becoming as u32;
        self.0
            .compare_exchange(found as u32, becoming, order::turn_enter(), order::turn_refused())
            .is_ok()
    }

    /// Leaves. If `is_own` is false, the next thread is let in.
    pub fn leave(&self, is_own: bool) {
        let state = if is_own { State::Current } else { State::Untraced };
        self.0.store(state as u32, order::turn_leave());
    }
}
