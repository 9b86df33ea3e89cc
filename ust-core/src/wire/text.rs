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
//!
//! Words overlap where a length is not a multiple of theirs: a text of 12 bytes is two words of 8, the
//! second from byte 4 on. What both cover is written twice, the same both times. So no length needs a
//! loop over single bytes.

#![allow(unsafe_code)]

use core::ffi::CStr;
use core::ptr;

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
    const TYPE: FieldType = FieldType::String;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        // Cannot overflow: no object is larger than `isize::MAX`.
        self.len() + TERMINATOR_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of the text and one more.
        unsafe {
            copy_substituting(self.as_bytes(), dst);
            let terminator = dst.add(self.len());
            terminator.write(0);
            terminator.add(TERMINATOR_BYTES)
        }
    }
}

// SAFETY: the bytes with their terminator are what `size_bytes` counts, and a borrowed `CStr` does not
// change.
unsafe impl Field for &CStr {
    const TYPE: FieldType = FieldType::String;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.to_bytes_with_nul().len()
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        let bytes = self.to_bytes_with_nul();
        // SAFETY: the caller lends `bytes.len()` bytes that do not overlap with the string.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), dst, bytes.len());
            dst.add(bytes.len())
        }
    }
}

/// Copies `text` to `dst`, with a SUBSTITUTE for each NUL.
///
/// # Safety
///
/// `dst` is valid for writes of `text.len()` bytes and does not overlap with `text`.
#[inline(always)]
unsafe fn copy_substituting(text: &[u8], dst: *mut u8) {
    let (src, len) = (text.as_ptr(), text.len());
    // SAFETY: each arm reads and writes between 0 and `len` only: its pattern says that `len` is at least
    // the size of the word that starts at 0 or ends at `len`.
    let found = unsafe {
        match len {
            0 => false,
            1..=3 => {
                // The first byte, the middle one, the last: of three bytes or fewer, all.
                let mut found = false;
                for at in [0, len / 2, len - 1] {
                    found |= copy_word::<u8>(src, dst, at) == 0;
                }
                found
            }
            4..=7 => {
                let first = copy_word::<u32>(src, dst, 0);
                let last = copy_word::<u32>(src, dst, len - 4);
                zero_bytes(u64::from(first) << 32 | u64::from(last)) != 0
            }
            8..=16 => {
                let first = copy_word::<u64>(src, dst, 0);
                let last = copy_word::<u64>(src, dst, len - 8);
                zero_bytes(first) | zero_bytes(last) != 0
            }
            _ => copy_long(src, dst, len),
        }
    };
    if found {
        // SAFETY: the same bytes that the caller lent.
        unsafe { substitute(text, dst) };
    }
}

/// Copies more than 16 bytes, and returns whether one of them is 0.
///
/// # Safety
///
/// `src` is valid for reads, `dst` for writes of `len > 16` bytes, and the two do not overlap.
#[inline(never)]
unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) -> bool {
    if len < BLOCK_BYTES {
        // SAFETY: each of the four words is inside the `len > 16` bytes.
        let zeros = unsafe {
            zero_bytes(copy_word::<u64>(src, dst, 0))
                | zero_bytes(copy_word::<u64>(src, dst, 8))
                | zero_bytes(copy_word::<u64>(src, dst, len - 16))
                | zero_bytes(copy_word::<u64>(src, dst, len - 8))
        };
        return zeros != 0;
    }
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
    smallest.into_iter().fold(u8::MAX, u8::min) == 0
}

/// Goes over a text that was found to hold a NUL.
///
/// # Safety
///
/// `dst` is valid for writes of `text.len()` bytes.
#[cold]
#[inline(never)]
unsafe fn substitute(text: &[u8], dst: *mut u8) {
    for (at, byte) in text.iter().enumerate() {
        if *byte == 0 {
            // SAFETY: `at` is below `text.len()`.
            unsafe { dst.add(at).write(SUBSTITUTE) };
        }
    }
}

/// Copies the word at offset `at` and returns it.
///
/// # Safety
///
/// `src + at` is valid for reads, `dst + at` for writes of a `Word`.
#[inline(always)]
unsafe fn copy_word<Word: Copy>(src: *const u8, dst: *mut u8, at: usize) -> Word {
    // SAFETY: the caller's promise, word for word; `Word` is an integer or an array of
    // bytes, for which all bytes do.
    unsafe {
        let word = src.add(at).cast::<Word>().read_unaligned();
        dst.add(at).cast::<Word>().write_unaligned(word);
        word
    }
}

/// Not 0 exactly if one of the word's bytes is 0.
///
/// Subtracting 1 from each byte sets the top bit of those that were 0 (it borrows) or above 0x80;
/// `!word` has it set for those below 0x80 only. A borrow that crosses into the next byte can mark that
/// one falsely, but only a zero byte borrows.
#[inline(always)]
const fn zero_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    word.wrapping_sub(ONES) & !word & TOPS
}
