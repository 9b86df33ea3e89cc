//! A table entry: which memory is at a place, for which lap, and how it got there.
//!
//! ```text
//!    63 ............ 16    15       14      13 ...... 0
//!   +------------------+--------+--------+------------+
//!   |       lap        | parity | closed |   memory   |
//!   +------------------+--------+--------+------------+
//!
//!   lap      the place belongs to sub-buffer number `lap * N + place`: free to be entered, being written, or
//!            full. One higher means that this sub-buffer has left the place
//!   parity   flips when a writer recycles the place's memory, but not when the reader exchanges it
//!   closed   the stream is retired: no writer enters any more
//! ```
//!
//! Writers and reader agree by the lap. One compare-and-swap to the next lap takes a full sub-buffer away (by the
//! reader that exchanges it, or by the writer that recycles it), and gives the writers a zeroed memory at the same
//! instant.

const LAP_SHIFT: u32 = 16;
const PARITY_BIT: u64 = 1 << 15;
const CLOSED_BIT: u64 = 1 << 14;
const MEMORY_MASK: u64 = CLOSED_BIT - 1;

/// A table entry. Any bits are valid, but the memory that they name must be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableEntry(u64);

impl TableEntry {
    /// `memory`, free to be entered in the first lap.
    pub const fn first(memory: usize) -> Self {
        Self(memory as u64)
    }

    /// Reads a word that may hold anything.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// The word.
    #[inline(always)]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// The memory.
    #[inline]
    pub const fn memory(self) -> usize {
        (self.0 & MEMORY_MASK) as usize
    }

    /// The lap that the place is in.
    #[inline(always)]
    pub const fn lap(self) -> u64 {
        self.0 >> LAP_SHIFT
    }

    /// See the module page.
    pub const fn parity(self) -> bool {
        self.0 & PARITY_BIT != 0
    }

    /// Flips when the reader exchanges the place's memory, but not when a writer recycles it. Either takes the
    /// place to its next lap, so this is the part of the lap's parity that recycling does not explain.
    pub const fn exchange_parity(self) -> bool {
        (self.lap() & 1 == 1) != self.parity()
    }

    /// Whether the stream is retired.
    pub const fn is_closed(self) -> bool {
        self.0 & CLOSED_BIT != 0
    }

    /// The entry after the reader has taken the memory and left `spare`.
    #[must_use]
    pub const fn exchanged_for(self, spare: usize) -> Self {
        let kept = self.0 & (PARITY_BIT | CLOSED_BIT);
        Self((self.lap().wrapping_add(1) << LAP_SHIFT) | kept | spare as u64)
    }

    /// The entry after a writer has recycled the memory and left `spare`.
    #[must_use]
    pub const fn recycled_for(self, spare: usize) -> Self {
        Self(self.exchanged_for(spare).0 ^ PARITY_BIT)
    }

    /// The entry that no writer enters any more.
    #[must_use]
    pub const fn closed(self) -> Self {
        Self(self.0 | CLOSED_BIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::MAX_SUBBUFS;

    #[test]
    fn a_memory_that_leaves_takes_the_place_to_the_next_lap() {
        let entry = TableEntry::first(3);
        assert_eq!((entry.lap(), entry.memory()), (0, 3));
        let exchanged = entry.exchanged_for(7);
        assert_eq!((exchanged.lap(), exchanged.memory(), exchanged.parity()), (1, 7, false));
        let recycled = exchanged.recycled_for(5);
        assert_eq!((recycled.lap(), recycled.memory(), recycled.parity()), (2, 5, true));
        assert!(!recycled.recycled_for(1).parity());
        let parities = [entry, exchanged, recycled, recycled.recycled_for(1)];
        assert_eq!(parities.map(TableEntry::exchange_parity), [false, true, true, true]);
        assert!(!recycled.exchanged_for(1).exchange_parity());
    }

    #[test]
    fn a_closed_entry_still_names_its_memory() {
        let closed = TableEntry::first(MAX_SUBBUFS + 1).closed();
        assert!(closed.is_closed());
        assert_eq!(closed.memory(), MAX_SUBBUFS + 1);
        assert!(closed.exchanged_for(0).is_closed());
    }
}
