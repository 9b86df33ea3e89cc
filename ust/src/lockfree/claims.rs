//! Who has which part of something that is made ready part by part, each before its first owner.

use super::orderings as order;
use ust_core::ring::Owners;
use ust_core::sync::AtomicU64;

/// Up to 64 parts. Zeroes are parts that nobody has had.
#[derive(Debug, Default)]
pub struct Claims {
    owners: Owners,
    /// Those that have been made ready, a bit each.
    ready: AtomicU64,
}

impl Claims {
    /// Whether a part has been made ready, as far as the calling thread knows. For certain if it has claimed it.
    pub fn is_ready(&self, index: usize) -> bool {
        self.ready.load(order::ready_load()) & 1 << index != 0
    }

    /// Claims a part, if nobody has it. One that has had no owner is made ready first, once.
    ///
    /// # Errors
    /// That of `make_ready`; then nobody has it.
    pub fn claim<E>(
        &self,
        index: usize,
        make_ready: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.owners.claim(index) {
            return Ok(false);
        }
        if !self.is_ready(index) {
            if let Err(reason) = make_ready() {
                self.owners.release(index);
                return Err(reason);
            }
            self.ready.fetch_or(1 << index, order::ready_add());
        }
        Ok(true)
    }

    /// Gives it back.
    pub fn release(&self, index: usize) {
        self.owners.release(index);
    }
}
