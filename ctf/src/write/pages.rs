//! Page-aligned memory, from which packets and declarations are written.
//!
//! ```text
//!   | . . . | page 0     | page 1     | page 2     | ...  | . |      one vector, a page longer than is used
//!           '--- start: the first page-aligned byte
//! ```
//!
//! The kernel copies a write piece by piece and may stop between two pieces: at the end of a page of the file **or of
//! our memory** (which may have to be fetched first). So that both are ends of packets, memory must be aligned as
//! packets are in the file.

use crate::write::packet::PAGE_BYTES;

/// Page-aligned bytes, a whole number of pages. It starts with none.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    bytes: Vec<u8>,
    start: usize,
    pages: usize,
}

impl Pages {
    /// All bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// All bytes, for writing.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    /// The bytes of the pages `from..to`.
    pub(crate) fn range(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes()[from * PAGE_BYTES..to * PAGE_BYTES]
    }

    /// The same, for writing.
    pub(crate) fn range_mut(&mut self, from: usize, to: usize) -> &mut [u8] {
        &mut self.bytes_mut()[from * PAGE_BYTES..to * PAGE_BYTES]
    }

    /// Makes room for `pages` pages; the content stays.
    pub(crate) fn grow(&mut self, pages: usize) {
        if pages > self.pages {
            // Doubles, so that growth page by page copies each byte only a few times.
            self.reallocate(pages.next_power_of_two());
        }
    }

    /// Gives back memory beyond `pages` pages.
    pub(crate) fn shrink(&mut self, pages: usize) {
        if self.pages > pages {
            self.reallocate(pages);
        }
    }

    /// Moves `pages` pages from page `from` to page `to`; the places may overlap.
    pub(crate) fn shift(&mut self, from: usize, to: usize, pages: usize) {
        let at = |page: usize| self.start + page * PAGE_BYTES;
        self.bytes.copy_within(at(from)..at(from + pages), at(to));
    }

    fn reallocate(&mut self, pages: usize) {
        let mut bytes = vec![0; (pages + 1) * PAGE_BYTES];
        // A vector's bytes do not move while it is not resized, so `start` stays right.
        let start = bytes.as_ptr().align_offset(PAGE_BYTES);
        let keep = self.pages.min(pages) * PAGE_BYTES;
        bytes[start..start + keep].copy_from_slice(self.range(0, self.pages.min(pages)));
        *self = Pages { bytes, start, pages };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_stay_aligned_and_kept_through_every_size() {
        let mut pages = Pages::default();
        for count in [1, 2, 3, 17, 64] {
            pages.grow(count);
            assert!(pages.range(0, count).as_ptr().addr().is_multiple_of(PAGE_BYTES));
            pages.range_mut(count - 1, count).fill(count as u8);
            assert_eq!(pages.range(0, 1)[0], 1);
        }
        pages.shrink(3);
        assert_eq!(pages.range(2, 3), [3; PAGE_BYTES]);
        pages.shift(0, 1, 2);
        assert_eq!((pages.range(1, 2)[0], pages.range(2, 3)[0]), (1, 2));
        assert!(pages.range(0, 3).as_ptr().addr().is_multiple_of(PAGE_BYTES));
    }
}
