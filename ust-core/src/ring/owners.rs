//! Owners: which streams of a file have a writer. A stream changes owners without being drained.
//!
//! What the last owner wrote, by owner-only operations, happens before what the next owner does:
//! `release` publishes it, and `claim` acquires it. So there is one writer at a time, and a word of a
//! [`Local`](crate::sync::Local) stream needs no locked operation.

use super::orderings as order;
use crate::sync::AtomicU64;

/// One bit a stream.
#[derive(Debug, Default)]
pub struct Owners(AtomicU64);

impl Owners {
    /// Claims stream number `index` (below 64), unless it has an owner.
    pub fn claim(&self, index: usize) -> bool {
        let bit = 1 << index;
        // A look before the locked operation: most streams are owned.
        self.0.load(order::owners_load()) & bit == 0
            && self.0.fetch_or(bit, order::owners_claim()) & bit == 0
    }

    /// Gives the stream back.
    pub fn release(&self, index: usize) {
        self.0.fetch_and(!(1 << index), order::owners_release());
    }
}
