//! Owners: which streams of a file somebody writes to; a stream changes hands without being drained.
//!
//! What the last owner wrote, by owner-only operations, happens before what the next one does: `release`
//! publishes it, `claim` acquires it. So there is one writer at a time, and a word of a
//! [`Local`](crate::sync::Local) stream needs no locked operation.

use super::orderings as order;
use crate::sync::AtomicU64;

/// One bit a stream.
#[derive(Debug, Default)]
pub struct Owners(AtomicU64);

impl Owners {
    /// Claims stream number `index` (below 64) if nobody has it.
    pub fn claim(&self, index: usize) -> bool {
        let bit = 1 << index;
        // A look before the locked operation: most are taken.
        self.0.load(order::owners_load()) & bit == 0
            && self.0.fetch_or(bit, order::owners_claim()) & bit == 0
    }

    /// Gives it back.
    pub fn release(&self, index: usize) {
        self.0.fetch_and(!(1 << index), order::owners_release());
    }
}
