//! Something that one thread leaves, for any other thread to take.
//!
//! ```text
//!   number    0        nothing is left
//!             n + 1    the number n is left, with the value that it belongs to
//!             TAKING   a thread is taking it
//! ```
//!
//! A fork in the middle leaves the child a place that is `TAKING` for good: the child has one place less.

use super::orderings as order;
use ust_core::sync::{AtomicU32, Guarded, const_unless_loom};

/// See the module page. Only one thread leaves; any thread may take.
pub struct Left<T> {
    number: AtomicU32,
    belongs_to: Guarded<Option<T>>,
}

const TAKING: u32 = u32::MAX;

impl<T> Left<T> {
    const_unless_loom! {
        /// Nothing is left.
        pub fn nothing() -> Self {
            Self { number: AtomicU32::new(0), belongs_to: Guarded::new(None) }
        }
    }

    /// Leaves a number of less than 31 bits, with the value it belongs to. `false` if something is still left here.
    #[allow(unsafe_code)]
    pub fn leave(&self, number: u32, belongs_to: T) -> bool {
        let is_free = self.number.load(order::left_room_load()) == 0;
        if is_free {
            // SAFETY: no thread takes it before the number is stored, and no other thread leaves anything.
            unsafe { self.belongs_to.with_mut(|place| *place = Some(belongs_to)) };
            self.number.store(number + 1, order::left_store());
        }
        is_free
    }

    /// Takes what is left. Async-signal-safe if signals are blocked.
    #[allow(unsafe_code)]
    pub fn take(&self) -> Option<(u32, T)> {
        let found = self.number.load(order::left_look());
        if found == 0 || found == TAKING {
            return None;
        }
        self.number.compare_exchange(found, TAKING, order::left_take(), order::left_look()).ok()?;
        // SAFETY: while it is `TAKING`, no other thread takes it, and nothing is left here before the number is 0
        // again.
        let belongs_to = unsafe { self.belongs_to.with_mut(Option::take) };
        self.number.store(0, order::left_room());
        Some((found - 1, belongs_to?))
    }
}
