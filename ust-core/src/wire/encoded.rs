//! A payload whose bytes exist already.

#![allow(unsafe_code)]

use super::Payload;
use super::copy::{SHORT_BYTES, copy};

/// The fields of an event as they lie in a record.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a>(pub &'a [u8]);

// SAFETY: writes exactly as many bytes as `size_bytes` says, and does not panic.
unsafe impl Payload for Encoded<'_> {
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.0.len() <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends as many bytes, which do not overlap.
        unsafe {
            copy(self.0.as_ptr(), dst, self.0.len());
            dst.add(self.0.len())
        }
    }
}
