//! The header before each record's payload: the event class, and the time.
//!
//! ```text
//!  compact    4 bytes   | id: 5 bits | clock: low 27 bits |
//!  extended  13 bytes   | 31: 5 bits, 3 unused | id: u32 | clock: u64 |
//! ```
//!
//! This is CTF's usual variant on a 5-bit enumeration: 0 to 30 mean "compact, and this is the id", 31
//! means "extended". Bits are filled from the lowest on little-endian machines and from the highest on
//! big-endian ones, so the tag is always in the first byte.
//!
//! A reader completes the 27 bits from the clock of the record before: it takes the nearest value that is
//! not lower. So a compact header is right only if less than 2^27 clock ticks have passed since then, and
//! if the reader is certain to see that record. [`compact_fits`] tests the first condition; the ring
//! ensures the second.

#![allow(unsafe_code)]

/// The size of a compact header.
pub const COMPACT_BYTES: usize = 4;

/// The size of an extended header.
pub const EXTENDED_BYTES: usize = 13;

/// How many of the clock's low bits a compact header holds.
pub const COMPACT_CLOCK_BITS: u32 = 27;

/// The highest event class id that a compact header can carry.
pub const MAX_COMPACT_ID: u32 = EXTENDED_TAG - 1;

/// Replaces the id in an extended header.
const EXTENDED_TAG: u32 = (1 << ID_BITS) - 1;

const ID_BITS: u32 = u32::BITS - COMPACT_CLOCK_BITS;

/// Whether a compact header can carry `id`, `delta` clock ticks after the record before.
#[inline(always)]
pub const fn compact_fits(id: u32, delta: u64) -> bool {
    id <= MAX_COMPACT_ID && delta < 1 << COMPACT_CLOCK_BITS
}

/// Writes a compact header: `id`, and the low 27 bits of `clock`.
///
/// The caller has checked [`compact_fits`]; otherwise the reader sees another event at another time.
///
/// # Safety
///
/// `dst` is valid for writes of [`COMPACT_BYTES`] bytes. It need not be aligned.
#[inline(always)]
pub unsafe fn write_compact(dst: *mut u8, id: u32, clock: u64) {
    let clock = clock as u32;
    let word = if cfg!(target_endian = "little") {
        id | clock << ID_BITS
    } else {
        id << COMPACT_CLOCK_BITS | clock << ID_BITS >> ID_BITS
    };
    // SAFETY: the caller provides `COMPACT_BYTES`, the size of a `u32`.
    unsafe { dst.cast::<u32>().write_unaligned(word) };
}

/// Writes an extended header, which can carry any id and any clock.
///
/// # Safety
///
/// `dst` is valid for writes of [`EXTENDED_BYTES`] bytes. It need not be aligned.
#[inline(always)]
pub unsafe fn write_extended(dst: *mut u8, id: u32, clock: u64) {
    const TAG: u8 = if cfg!(target_endian = "little") {
        EXTENDED_TAG as u8
    } else {
        (EXTENDED_TAG as u8) << (u8::BITS - ID_BITS)
    };
    const { assert!(EXTENDED_BYTES == size_of::<u8>() + size_of::<u32>() + size_of::<u64>()) };
    // SAFETY: the caller provides `EXTENDED_BYTES`: 1, then 4, then 8.
    unsafe {
        dst.write(TAG);
        dst.add(1).cast::<u32>().write_unaligned(id);
        dst.add(5).cast::<u64>().write_unaligned(clock);
    }
}

const _: () = assert!(COMPACT_BYTES == size_of::<u32>());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The low bits of `bytes` (on big-endian machines the high bits), and the rest: CTF's bit order.
    fn split_bits(bytes: &[u8], low: u32) -> (u64, u64) {
        let total = 8 * bytes.len() as u32;
        let little = cfg!(target_endian = "little");
        let word = |word, byte: &u8| word << 8 | u64::from(*byte);
        if little {
            let word = bytes.iter().rev().fold(0, word);
            (word & ((1 << low) - 1), word >> low)
        } else {
            let word = bytes.iter().fold(0, word);
            (word >> (total - low), word & ((1 << (total - low)) - 1))
        }
    }

    /// How a CTF reader decodes a header, given the clock of the record before.
    fn read(bytes: &[u8], before: u64) -> (u32, u64) {
        let (tag, _) = split_bits(&bytes[..1], 5);
        if tag == 31 {
            let id = u32::from_ne_bytes(bytes[1..5].try_into().expect("4 bytes"));
            return (id, u64::from_ne_bytes(bytes[5..13].try_into().expect("8 bytes")));
        }
        let (id, clock) = split_bits(&bytes[..4], 5);
        let high = before & !((1 << 27) - 1);
        let rolled_over = clock < before & ((1 << 27) - 1);
        (id as u32, high + clock + if rolled_over { 1 << 27 } else { 0 })
    }

    proptest! {
        #[test]
        fn a_compact_header_is_read_as_written(
            id in 0..=MAX_COMPACT_ID, before in 0..u64::MAX / 2, delta in 0..1u64 << 27,
        ) {
            prop_assert!(compact_fits(id, delta));
            let mut bytes = [0; COMPACT_BYTES];
            // SAFETY: of that many bytes.
            unsafe { write_compact(bytes.as_mut_ptr(), id, before + delta) };
            prop_assert_eq!(read(&bytes, before), (id, before + delta));
        }

        #[test]
        fn an_extended_header_is_read_as_written(id: u32, before: u64, clock: u64) {
            let mut bytes = [0; EXTENDED_BYTES];
            // SAFETY: of that many bytes.
            unsafe { write_extended(bytes.as_mut_ptr(), id, clock) };
            prop_assert_eq!(read(&bytes, before), (id, clock));
        }
    }

    #[test]
    fn compact_ends_where_a_reader_could_err() {
        assert!(compact_fits(30, (1 << 27) - 1));
        assert!(!compact_fits(31, 0));
        assert!(!compact_fits(0, 1 << 27));
        assert!(!compact_fits(0, u64::MAX));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_bytes_are_those_that_ctf_readers_were_tried_with() {
        let mut compact = [0; COMPACT_BYTES];
        // SAFETY: of that many bytes.
        unsafe { write_compact(compact.as_mut_ptr(), 3, 0xF_FFFF_FFFF) };
        assert_eq!(compact, [0xE3, 0xFF, 0xFF, 0xFF]);
        let mut extended = [0; EXTENDED_BYTES];
        // SAFETY: of that many bytes.
        unsafe { write_extended(extended.as_mut_ptr(), 0x0403_0201, 0x0C0B_0A09_0807_0605) };
        assert_eq!(extended, [31, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
}
