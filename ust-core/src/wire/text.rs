//! Strings: their bytes and a zero.
//!
//! ```text
//!  "a.rs"     'a' '.' 'r' 's' 0
//!  "a\0b"     'a' 1A  'b' 0        a NUL inside would end the string early and shift all bytes after it
//! ```
//!
//! A `&str` may hold NUL bytes, which CTF's strings cannot. Each becomes a SUBSTITUTE. The search is part of
//! the copy, because it nearly always finds nothing: the bytes are written as they are, and only at the end
//! one check says whether a NUL was among them. So a string costs about as much as `memcpy`.

#![allow(unsafe_code)]

use core::ffi::CStr;

use crate::hint::unlikely;

use super::copy::{SHORT_BYTES, copy, copy_short, copy_word};
use super::{Field, FieldType};

/// Replaces a NUL: ASCII's SUBSTITUTE, made for a character that cannot be represented.
const SUBSTITUTE: u8 = 0x1A;

/// How much of a long text is copied at a time. Compilers turn this into a few vector registers.
const BLOCK_BYTES: usize = 32;

/// The size of the terminating zero.
const TERMINATOR_BYTES: usize = 1;

/// Makes a type a field by its bytes, which are recorded as text.
macro_rules! texts {
    ($($text:ty, |$value:ident| $bytes:expr;)*) => {$(
        // SAFETY: everything is delegated to the text, whose bytes stay as they are while they are borrowed.
        #[allow(unsafe_code)]
        unsafe impl $crate::wire::Field for $text {
            const TYPE: &'static $crate::wire::FieldType = &$crate::wire::FieldType::TEXT;
            const FIXED_SIZE_BYTES: Option<usize> = None;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                let $value = self;
                $crate::wire::Text::from_bytes($bytes).size_bytes()
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                let $value = self;
                $crate::wire::Text::from_bytes($bytes).is_short()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = self;
                // SAFETY: the same contract.
                unsafe { $crate::wire::Text::from_bytes($bytes).encode(dst) }
            }

            #[inline]
            unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
                let $value = self;
                // SAFETY: the same contract.
                unsafe { $crate::wire::Text::from_bytes($bytes).encode_cut(dst, room) }
            }
        }
    )*};
}

pub(super) use texts;

// SAFETY: a `str`'s length cannot change while it is borrowed.
unsafe impl Field for str {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        Text::from_bytes(self.as_bytes()).size_bytes()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        Text::from_bytes(self.as_bytes()).is_short()
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { Text::from_bytes(self.as_bytes()).encode(dst) }
    }

    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        let room_for_text = room.checked_sub(TERMINATOR_BYTES)?;
        let fits = (0..=room_for_text.min(self.len())).rfind(|&end| self.is_char_boundary(end))?;
        // SAFETY: the text's beginning and its terminator are at most `room` bytes.
        Some(unsafe { self[..fits].encode(dst) })
    }
}

/// Text of C: bytes of any encoding, whose number is known. If another thread writes to them while they are copied, as
/// many bytes are written, and each zero among them is replaced.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    start: *const u8,
    len: usize,
}

impl Text {
    /// The text of that many bytes at an address.
    ///
    /// # Safety
    /// The bytes can be read as long as this value, or a copy of it, is used as a field.
    #[inline(always)]
    pub const unsafe fn from_raw(start: *const u8, len: usize) -> Self {
        Self { start, len }
    }

    /// The text of these bytes, which must live as long as this value is used as a field.
    #[inline(always)]
    pub(super) fn from_bytes(text: &[u8]) -> Self {
        Self { start: text.as_ptr(), len: text.len() }
    }
}

// SAFETY: `size_bytes` is the sum of the bytes and the terminator, and neither changes.
unsafe impl Field for Text {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        // Cannot overflow: no object is larger than `isize::MAX`.
        self.len + TERMINATOR_BYTES
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.len <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller provides the bytes of the text and one more.
        unsafe {
            let Self { start: src, len } = *self;
            if len <= SHORT_BYTES {
                if copy_short(src, dst, len) {
                    substitute(dst, len);
                }
            } else {
                copy_long(src, dst, len);
            }
            let terminator = dst.add(len);
            terminator.write(0);
            terminator.add(TERMINATOR_BYTES)
        }
    }

    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        let len = self.len.min(room.checked_sub(TERMINATOR_BYTES)?);
        // SAFETY: the text's beginning and its terminator are at most `room` bytes.
        Some(unsafe { Self { len, ..*self }.encode(dst) })
    }
}

// SAFETY: `size_bytes` counts the bytes with their terminator, and a borrowed `CStr` does not change.
unsafe impl Field for CStr {
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
        // SAFETY: the caller provides `bytes.len()` bytes that do not overlap with the string.
        unsafe {
            copy(bytes.as_ptr(), dst, bytes.len());
            dst.add(bytes.len())
        }
    }

    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        // SAFETY: the same contract.
        unsafe { Text::from_bytes(self.to_bytes()).encode_cut(dst, room) }
    }
}

/// Copies a long text, with a SUBSTITUTE for each NUL.
///
/// # Safety
///
/// `src` is valid for reads, `dst` for writes of `len`, at least [`BLOCK_BYTES`], and the two do not overlap.
#[inline(never)]
unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) {
    // The smallest byte seen at each index of a block: one instruction for 16 of them.
    let mut smallest = [u8::MAX; BLOCK_BYTES];
    let mut see = |block: [u8; BLOCK_BYTES]| {
        for (smallest, byte) in smallest.iter_mut().zip(block) {
            *smallest = byte.min(*smallest);
        }
    };
    let last = len - BLOCK_BYTES;
    let mut at = 0;
    while at < last {
        // SAFETY: `at` is below `last`, where the last block begins; that block ends at `len`.
        see(unsafe { copy_word(src, dst, at) });
        at += BLOCK_BYTES;
    }
    // SAFETY: this is the last block.
    see(unsafe { copy_word(src, dst, last) });
    if smallest.contains(&0) {
        // SAFETY: the caller's promise.
        unsafe { substitute(dst, len) };
    }
}

/// Replaces each NUL in a text that was found to hold one. Inlined, because a short text must not cost a
/// call.
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
            // Volatile: otherwise a compiler would unroll this loop for speed, at every callsite.
            if dst.add(at).read_volatile() == 0 {
                dst.add(at).write_volatile(SUBSTITUTE);
            }
        }
    }
}
