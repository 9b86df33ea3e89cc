//! The consumer's two words that tell writers whether it sleeps.
//!
//! ```text
//!   consumer                                   writer
//!   1 asleep.swap(1)                           a  position moves on (the ring's step H)
//!   2 look at every stream once more           b  asleep.swap(0) gives 1?
//!   3 wait for rings to change                 c     rings += 1, and wake
//! ```
//!
//! Both swaps are read-modify-writes of one word, so one comes first. If 1 comes first, b finds it and
//! wakes the consumer. If b comes first, 1 reads what b released, and 2 sees what a moved.

use super::layout::layout;
use super::orderings as order;
use crate::sync::AtomicU32;

/// The consumer's two words, on one page that all processes it serves share.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Doorbell {
    /// 1 while the consumer sleeps, or is about to.
    asleep: AtomicU32,
    /// Grows with each ring. The consumer waits on it.
    pub(crate) rings: AtomicU32,
}

layout!(Doorbell as "Doorbell" {
    asleep @ 0,
    rings @ 4,
} ends 8);

impl Doorbell {
    /// Writer: rings if the consumer sleeps. Returns whether it does, and must be woken.
    pub fn ring(&self) -> bool {
        let sleeps = self.asleep.swap(0, order::asleep_answer()) == 1;
        if sleeps {
            self.count_ring();
        }
        sleeps
    }

    /// Counts a ring, whether the consumer sleeps or not.
    pub(crate) fn count_ring(&self) {
        self.rings.fetch_add(1, order::rings_add());
    }

    /// Consumer: says that it is about to sleep. It must look at every stream once more before it waits.
    pub fn fall_asleep(&self) {
        self.asleep.swap(1, order::asleep_say());
    }

    /// Consumer: says that it is awake, so that writers need not ring.
    pub fn wake_up(&self) {
        self.asleep.swap(0, order::awake_say());
    }

    /// Consumer: how often writers have rung.
    pub fn rings(&self) -> u32 {
        self.rings.load(order::rings_load())
    }
}
