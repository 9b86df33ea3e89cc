//! Numbers, and values that are written as numbers.
//!
//! ```text
//!  u8 .. u64, i8 .. i64   as they are            f32, f64   their bits, NaN payloads too
//!  usize, isize           always 64 bits         bool       u8, 0 or 1, with names
//!                                                char       u32, its code point
//! ```
//!
//! A record means the same whichever machine wrote it, byte order aside, hence the 64 bits of `usize`.
//!
//! Where a number's bytes in memory are its bytes in the record, which is everywhere but for `usize` on a 32-bit machine, a
//! slice of numbers is copied as it lies.

#![allow(unsafe_code)]

use super::copy::{SHORT_BYTES, copy};
use super::{Field, FieldType};

macro_rules! scalar_fields {
    ($($ty:ty as $wire:ty, $field_type:expr, |$value:ident| $to_wire:expr;)*) => {$(
        const _: () = assert!(size_of::<$wire>() == size_bytes(&$field_type));

        // SAFETY: one write of a `$wire`, whose size is the constant that both size items give, and that the assertion
        // above compares with the type's. `$to_wire` is a cast or `to_bits`, which keeps the bits of a value of the same
        // size: such values can be copied as they lie.
        unsafe impl Field for $ty {
            const TYPE: &'static FieldType = &$field_type;
            const FIXED_SIZE_BYTES: Option<usize> = Some(size_of::<$wire>());

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                size_of::<$wire>()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = *self;
                // SAFETY: the caller lends `size_bytes()` bytes at `dst`.
                unsafe {
                    dst.cast::<$wire>().write_unaligned($to_wire);
                    dst.add(size_of::<$wire>())
                }
            }

            #[inline(always)]
            fn are_short(all: &[Self]) -> bool {
                Self::size_of_all_bytes(all) <= SHORT_BYTES
            }

            #[inline(always)]
            unsafe fn encode_all(all: &[Self], dst: *mut u8) -> *mut u8 {
                if const { size_of::<Self>() != size_of::<$wire>() } {
                    // SAFETY: each ends where the next one begins, and the last where the caller's bytes end.
                    return all.iter().fold(dst, |dst, value| unsafe { value.encode(dst) });
                }
                let size_bytes = Self::size_of_all_bytes(all);
                // SAFETY: numbers of this size are `size_bytes` initialised bytes without padding, and in memory what
                // they are in the record. The caller lends as many at `dst`.
                unsafe {
                    copy(all.as_ptr().cast::<u8>(), dst, size_bytes);
                    dst.add(size_bytes)
                }
            }
        }
    )*};
}

/// The bytes of a number.
#[allow(dead_code, reason = "Rust 1.88 does not see uses in constants without a name")]
const fn size_bytes(ty: &FieldType) -> usize {
    match ty {
        FieldType::Integer(integer) | FieldType::Enumeration { container: integer, .. } => {
            integer.size_bytes()
        }
        FieldType::Float { bits } => *bits as usize / 8,
        _ => panic!("no number"),
    }
}

scalar_fields! {
    u8 as u8, FieldType::U8, |value| value;
    u16 as u16, FieldType::U16, |value| value;
    u32 as u32, FieldType::U32, |value| value;
    u64 as u64, FieldType::U64, |value| value;
    usize as u64, FieldType::U64, |value| value as u64;
    i8 as u8, FieldType::I8, |value| value as u8;
    i16 as u16, FieldType::I16, |value| value as u16;
    i32 as u32, FieldType::I32, |value| value as u32;
    i64 as u64, FieldType::I64, |value| value as u64;
    // Sign extension happens in the first cast of the two.
    isize as u64, FieldType::I64, |value| value as i64 as u64;
    bool as u8, FieldType::BOOL, |value| value as u8;
    char as u32, FieldType::CODE_POINT, |value| value as u32;
    f32 as u32, FieldType::F32, |value| value.to_bits();
    f64 as u64, FieldType::F64, |value| value.to_bits();
}
