//! The consumer's two words, by which writers know whether it sleeps.
//!
//! ```text
//!   consumer                                   writer
//!   1 asleep.swap(1)                           a  position moves on (the ring's step H)
//!   2 look at every stream once more           b  asleep.swap(0) gives 1?
//!   3 wait for rings to change                 c     rings += 1, and wake
//! ```
//!
//! Both swaps are read-modify-writes of one word, so one comes first. If 1 does, b finds it and wakes. If
//! b does, 1 reads what b released, and 2 sees what a moved.

use super::layout::layout;
use super::orderings as order;
use crate::sync::AtomicU32;

/// The consumer's two words, one page shared by all processes that it serves.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Doorbell {
    /// 1 while the consumer sleeps, or is about to.
    asleep: AtomicU32,
    /// Grows with each ring: what the consumer waits on.
    pub(crate) rings: AtomicU32,
}

layout!(Doorbell as "Doorbell" {
    asleep @ 0,
    rings @ 4,
} ends 8);

impl Doorbell {
    /// Writer: rings, if the consumer sleeps. Whether it does, and is to be woken.
    pub fn ring(&self) -> bool {
        let sleeps = self.asleep.swap(0, order::asleep_answer()) == 1;
        if sleeps {
            self.count_ring();
        }
        sleeps
    }

    /// Rings whether it sleeps or not.
    pub(crate) fn count_ring(&self) {
        self.rings.fetch_add(1, order::rings_add());
    }

    /// Consumer: says that it is about to sleep. Look at every stream once more before waiting.
    pub fn fall_asleep(&self) {
        self.asleep.swap(1, order::asleep_say());
    }

    /// Consumer: says that it is awake, and need not be rung for.
    pub fn wake_up(&self) {
        self.asleep.swap(0, order::awake_say());
    }

    /// Consumer: how often it has been rung.
    pub fn rings(&self) -> u32 {
        self.rings.load(order::rings_load())
    }
}
