//! Copies bytes whose number is known only at run time into a record.
//!
//! ```text
//!   up to 32 bytes    straight from the callsite, a few overlapping words, no call
//!   more              a call
//! ```
//!
//! A function that calls nothing saves no registers for a call. If a payload [is
//! short](super::Payload::is_short), the hot path is such a function. So encoding a short value must not call
//! anything, not even on paths that are never taken.
//!
//! Words overlap if the length is not a multiple of theirs: 12 bytes are two words of 8, the second from byte 4
//! on. The bytes in both words are written twice, with the same value. So no length needs a loop over single
//! bytes.

#![allow(unsafe_code)]

use core::ptr;

/// The most bytes that are copied without a call.
pub const SHORT_BYTES: usize = 32;

/// Copies `len` bytes.
///
/// # Safety
///
/// `src` is valid for reads, `dst` for writes of `len` bytes, and the two do not overlap.
#[inline(always)]
pub unsafe fn copy(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if len <= SHORT_BYTES {
            copy_short(src, dst, len);
        } else {
            ptr::copy_nonoverlapping(src, dst, len);
        }
    }
}

/// Copies at most [`SHORT_BYTES`], and returns whether one of them is 0. The check is free when the result is
/// unused.
///
/// # Safety
///
/// As for [`copy`].
#[inline(always)]
pub unsafe fn copy_short(src: *const u8, dst: *mut u8, len: usize) -> bool {
    debug_assert!(len <= SHORT_BYTES);
    // SAFETY: each arm reads and writes only between 0 and `len`: its condition says that `len` is at least the
    // size of the word that starts at 0 or ends at `len`.
    unsafe {
        // Longer lengths first: a name or a path of fewer than eight bytes is rare.
        if len > 16 {
            let zeroes = zero_bytes(copy_word::<u64>(src, dst, 0))
                | zero_bytes(copy_word::<u64>(src, dst, 8))
                | zero_bytes(copy_word::<u64>(src, dst, len - 16))
                | zero_bytes(copy_word::<u64>(src, dst, len - 8));
            zeroes != 0
        } else if len >= 8 {
            let first = copy_word::<u64>(src, dst, 0);
            let last = copy_word::<u64>(src, dst, len - 8);
            zero_bytes(first) | zero_bytes(last) != 0
        } else if len >= 4 {
            let first = copy_word::<u32>(src, dst, 0);
            let last = copy_word::<u32>(src, dst, len - 4);
            zero_bytes(u64::from(first) << 32 | u64::from(last)) != 0
        } else if len > 0 {
            // The first byte, the middle one and the last: these are all bytes of a length up to three.
            let mut found = false;
            for at in [0, len / 2, len - 1] {
                found |= copy_word::<u8>(src, dst, at) == 0;
            }
            found
        } else {
            false
        }
    }
}

/// Copies the word at offset `at` and returns it.
///
/// # Safety
///
/// `src + at` is valid for reads, `dst + at` for writes of a `Word`.
#[inline(always)]
pub unsafe fn copy_word<Word: Copy>(src: *const u8, dst: *mut u8, at: usize) -> Word {
    // SAFETY: the caller's promise; `Word` is an integer or an array of bytes, for which any bytes are valid.
    unsafe {
        let word = src.add(at).cast::<Word>().read_unaligned();
        dst.add(at).cast::<Word>().write_unaligned(word);
        word
    }
}

/// Not 0 if and only if one of the word's bytes is 0.
///
/// Subtracting 1 from each byte sets the top bit of bytes that were 0 (they borrow) or above 0x80. `!word` has
/// the top bit set only for bytes below 0x80. A borrow into the next byte can mark that one falsely, but only a
/// zero byte borrows.
#[inline(always)]
const fn zero_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    word.wrapping_sub(ONES) & !word & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied_whole_and_no_further() {
        let src: Vec<u8> = (1..=64).collect();
        for len in 0..src.len() {
            let mut dst = [0xee; 66];
            // SAFETY: both are longer.
            unsafe { copy(src.as_ptr(), dst[1..].as_mut_ptr(), len) };
            assert_eq!(dst[1..=len], src[..len]);
            assert!(dst[0] == 0xee && dst[len + 1..].iter().all(|byte| *byte == 0xee), "{len}");
        }
    }

    #[test]
    fn a_zero_anywhere_is_seen() {
        for len in 0..=SHORT_BYTES {
            for zero_at in 0..=len {
                let mut src = [0x81; SHORT_BYTES + 1];
                src[zero_at] = 0;
                let mut dst = [0; SHORT_BYTES];
                // SAFETY: both are as long.
                let found = unsafe { copy_short(src.as_ptr(), dst.as_mut_ptr(), len) };
                assert_eq!(found, zero_at < len, "{zero_at} of {len}");
            }
        }
    }
}
