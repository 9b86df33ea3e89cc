//! Ownership of parts, each of which is made ready before its first owner has it.

use super::orderings as order;
use ust_core::ring::Owners;
use ust_core::sync::AtomicU64;

/// Up to 64 parts. All zeroes: no part has ever had an owner.
#[derive(Debug, Default)]
pub struct Claims {
    owners: Owners,
    /// The parts that have been made ready, one bit each.
    ready: AtomicU64,
}

impl Claims {
    /// Whether a part has been made ready, as far as the calling thread knows. Exact for a thread that has
    /// claimed the part.
    pub fn is_ready(&self, index: usize) -> bool {
        self.ready.load(order::ready_load()) & 1 << index != 0
    }

    /// Claims a part, unless it has an owner. Its first owner makes it ready.
    ///
    /// # Errors
    /// The error of `make_ready`; then the part has no owner.
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

    /// Gives the part back.
    pub fn release(&self, index: usize) {
        self.owners.release(index);
    }
}
