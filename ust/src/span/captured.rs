//! The arguments of a span, as they were at its beginning.
//!
//! A span is recorded at its end, when its arguments may be gone or changed. So they are encoded at the beginning, into a buffer of
//! the stack (or of the future):
//!
//! ```text
//!   number | text, cut at its share of the room | number
//! ```
//!
//! Arguments of a fixed size always fit. If the others are too long together, each text and each sequence is cut at its share of what is
//! left. Whatever cannot be cut and does not fit makes the record one that is lost, counted as too big.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use ust_core::wire::{Field, Payload, Visitor};

/// The room for the arguments.
pub const CAPTURED_BYTES: usize = 512;

/// Encoded arguments.
pub struct Captured {
    bytes: [MaybeUninit<u8>; CAPTURED_BYTES],
    /// Above the room if they did not fit.
    len: usize,
    /// What an argument of variable size may take.
    share: usize,
}

impl Captured {
    /// Without arguments yet. `sizes_bytes` are those of all that will come, where they are fixed.
    #[inline]
    pub fn new(sizes_bytes: &[Option<usize>]) -> Self {
        let fixed: usize =
            sizes_bytes.iter().flatten().fold(0, |sum, bytes| sum.saturating_add(*bytes));
        let of_variable_size = sizes_bytes.iter().filter(|bytes| bytes.is_none()).count();
        let share = CAPTURED_BYTES.saturating_sub(fixed) / of_variable_size.max(1);
        Self { bytes: [MaybeUninit::uninit(); CAPTURED_BYTES], len: 0, share }
    }

    /// With one more argument.
    #[inline]
    pub fn push<F: Field>(&mut self, field: &F) {
        let Some(left) = CAPTURED_BYTES.checked_sub(self.len) else { return };
        let room = if F::FIXED_SIZE_BYTES.is_some() { left } else { left.min(self.share) };
        let start = self.bytes[self.len..].as_mut_ptr().cast::<u8>();
        // SAFETY: there are so many bytes from there on.
        self.len = match unsafe { field.encode_cut(start, room) } {
            Some(end) => self.len + end.addr() - start.addr(),
            None => CAPTURED_BYTES + 1,
        };
    }
}

impl Visitor for Captured {
    #[inline(always)]
    fn take<F: Field>(&mut self, field: &F) {
        self.push(field);
    }
}

// SAFETY: the bytes before `len` have been written. What did not fit has a size that no ring has room for, and is never written.
unsafe impl Payload for Captured {
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline]
    fn size_bytes(&self) -> usize {
        if self.len <= CAPTURED_BYTES { self.len } else { usize::MAX }
    }

    #[inline]
    fn is_short(&self) -> bool {
        false
    }

    #[inline]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends as many bytes as were measured.
        unsafe {
            dst.copy_from_nonoverlapping(self.bytes.as_ptr().cast(), self.len);
            dst.add(self.len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(captured: &Captured) -> Vec<u8> {
        let mut bytes = vec![0; captured.size_bytes()];
        // SAFETY: as many as it measures.
        let end = unsafe { captured.encode(bytes.as_mut_ptr()) };
        assert_eq!(end.addr() - bytes.as_ptr().addr(), bytes.len());
        bytes
    }

    #[test]
    fn texts_of_every_length_leave_the_room_of_the_numbers_behind_them() {
        for len in 0..2 * CAPTURED_BYTES {
            let text = "x".repeat(len);
            let mut captured = Captured::new(&[None, Some(8), None]);
            captured.push(&&*text);
            captured.push(&u64::MAX);
            captured.push(&Some(&*text));
            let share = (CAPTURED_BYTES - 8) / 2;
            let (first, second) = (len.min(share - 1), len.min(share - 2));
            let mut expected = [&text.as_bytes()[..first], &[0], &[0xff; 8], &[1]].concat();
            expected.extend([&text.as_bytes()[..second], &[0]].concat());
            assert_eq!(bytes(&captured), expected, "{len}");
        }
    }

    #[test]
    fn what_does_not_fit_is_too_big_for_any_ring() {
        let whole = [0_u8; CAPTURED_BYTES];
        let mut captured = Captured::new(&[Some(whole.len()), Some(1)]);
        captured.push(&whole);
        assert_eq!(captured.size_bytes(), CAPTURED_BYTES);
        captured.push(&0_u8);
        captured.push(&0_u8);
        assert_eq!(captured.size_bytes(), usize::MAX);
        let mut captured = Captured::new(&[Some(CAPTURED_BYTES), None]);
        captured.push(&whole);
        captured.push(&"");
        assert_eq!(captured.size_bytes(), usize::MAX);
    }
}
