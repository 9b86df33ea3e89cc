//! Strings: their bytes and a zero.
//!
//! ```text
//!  "a.rs"     'a' '.' 'r' 's' 0
//!  "a\0b"     'a' 1A  'b' 0        a NUL inside would end the string early and shift all that follows
//! ```
//!
//! A `&str` may hold NUL bytes, which CTF's strings cannot; each becomes a SUBSTITUTE. Looking for them
//! is folded into the copy because it is nearly always in vain: the bytes are written as they are, and
//! what was found anywhere is looked at once, at the end. So a string costs about what `memcpy` costs.

#![allow(unsafe_code)]

use core::ffi::CStr;

use crate::hint::unlikely;

use super::copy::{SHORT_BYTES, copy, copy_short, copy_word};
use super::{Field, FieldType};

/// What stands in place of a NUL: ASCII's SUBSTITUTE, made for a character that cannot be represented.
const SUBSTITUTE: u8 = 0x1A;

/// How much of a long text is copied at a time: what compilers turn into a few vector registers.
const BLOCK_BYTES: usize = 32;

/// The size of the zero behind the bytes.
const TERMINATOR_BYTES: usize = 1;

// SAFETY: the bytes and the terminator are what `size_bytes` adds up; a `str`'s length cannot change
// while it is borrowed.
unsafe impl Field for &str {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        // Cannot overflow: no object is larger than `isize::MAX`.
        self.len() + TERMINATOR_BYTES
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.len() <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of the text and one more.
        unsafe {
            let (src, len) = (self.as_ptr(), self.len());
            if len <= SHORT_BYTES {
                if copy_short(src, dst, len) {
                    substitute(dst, len);
                }
            } else {
                copy_long(src, dst, len);
            }
            let terminator = dst.add(self.len());
            terminator.write(0);
            terminator.add(TERMINATOR_BYTES)
        }
    }
}

// SAFETY: the bytes with their terminator are what `size_bytes` counts, and a borrowed `CStr` does not
// change.
unsafe impl Field for &CStr {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.to_bytes_with_nul().len()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.to_bytes_with_nul().len() <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        let bytes = self.to_bytes_with_nul();
        // SAFETY: the caller lends `bytes.len()` bytes that do not overlap with the string.
        unsafe {
            copy(bytes.as_ptr(), dst, bytes.len());
            dst.add(bytes.len())
        }
    }
}

/// Copies a long text, with a SUBSTITUTE for each NUL.
///
/// # Safety
///
/// `src` is valid for reads, `dst` for writes of `len`, at least [`BLOCK_BYTES`], and the two do not overlap.
#[inline(never)]
unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) {
    // The smallest byte seen at each place of a block: one instruction for 16 of them.
    let mut smallest = [u8::MAX; BLOCK_BYTES];
    let mut see = |block: [u8; BLOCK_BYTES]| {
        for (smallest, byte) in smallest.iter_mut().zip(block) {
            *smallest = byte.min(*smallest);
        }
    };
    let last = len - BLOCK_BYTES;
    let mut at = 0;
    while at < last {
        // SAFETY: `at` is below `last`, from where a block ends at `len`.
        see(unsafe { copy_word(src, dst, at) });
        at += BLOCK_BYTES;
    }
    // SAFETY: this is that block.
    see(unsafe { copy_word(src, dst, last) });
    if smallest.contains(&0) {
        // SAFETY: the caller's promise.
        unsafe { substitute(dst, len) };
    }
}

/// Goes over a text that was found to hold a NUL. Inlined, because a short text must not take a call.
///
/// # Safety
///
/// `dst` is valid for reads and writes of `len` bytes.
#[inline(always)]
unsafe fn substitute(dst: *mut u8, len: usize) {
    unlikely();
    for at in 0..len {
        // SAFETY: `at` is below `len`.
        unsafe {
            // Volatile: a compiler would unroll this for speed, at every callsite.
            if dst.add(at).read_volatile() == 0 {
                dst.add(at).write_volatile(SUBSTITUTE);
            }
        }
    }
}
