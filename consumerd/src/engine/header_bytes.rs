//! The first bytes of a file that a process has made: reads its header's fields from a copy that nobody changes.

/// A copy that is at least as long as the header.
#[derive(Debug, Clone, Copy)]
pub struct HeaderBytes<'a>(&'a [u8]);

impl<'a> HeaderBytes<'a> {
    /// A header of type `H`; `None` if there are too few bytes for one.
    pub fn of<H>(untrusted: &'a [u8]) -> Option<Self> {
        (untrusted.len() >= size_of::<H>()).then_some(Self(untrusted))
    }

    /// Four bytes, as a number.
    pub fn word(self, offset: usize) -> u32 {
        u32::from_ne_bytes(self.bytes(offset))
    }

    /// Eight bytes, as a number.
    pub fn long(self, offset: usize) -> u64 {
        u64::from_ne_bytes(self.bytes(offset))
    }

    /// `N` bytes. The bytes of a field are there, because the header is.
    pub fn bytes<const N: usize>(self, offset: usize) -> [u8; N] {
        let field = self.0.get(offset..).and_then(<[u8]>::first_chunk);
        field.copied().unwrap_or([0; N])
    }
}
