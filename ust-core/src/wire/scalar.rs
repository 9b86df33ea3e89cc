//! Numbers, and what is written as one.
//!
//! ```text
//!  u8 .. u64, i8 .. i64   as they are            f32, f64   their bits, NaN payloads too
//!  usize, isize           always 64 bits         bool       u8, 0 or 1
//!                                                char       u32 code point, shown in hex
//! ```
//!
//! A record means the same whichever machine wrote it, byte order aside, hence the 64 bits of `usize`.

#![allow(unsafe_code)]

use super::{Base, Element, Field, FieldType, Integer};

macro_rules! scalar_fields {
    ($($ty:ty as $wire:ty, $field_type:expr, |$value:ident| $to_wire:expr;)*) => {$(
        const _: () = assert!(size_of::<$wire>() == size_bytes(&$field_type));

        // SAFETY: the assertion above checks the size. `$to_wire` is a cast or `to_bits`, which keeps
        // the bits of a value of the same size.
        unsafe impl Element for $ty {
            type Wire = $wire;

            #[inline(always)]
            fn to_wire(self) -> $wire {
                let $value = self;
                $to_wire
            }
        }

        // SAFETY: one write of a `$wire`, whose size is the constant that both size items give.
        unsafe impl Field for $ty {
            const TYPE: &'static FieldType = &$field_type;
            const FIXED_SIZE_BYTES: Option<usize> = Some(size_of::<$wire>());

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                size_of::<$wire>()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                // SAFETY: the caller lends `size_bytes()` bytes at `dst`.
                unsafe {
                    dst.cast::<$wire>().write_unaligned(self.to_wire());
                    dst.add(size_of::<$wire>())
                }
            }
        }
    )*};
}

/// The bytes of a number.
const fn size_bytes(ty: &FieldType) -> usize {
    match ty {
        FieldType::Integer(integer) => integer.size_bytes(),
        FieldType::Float { bits } => *bits as usize / 8,
        _ => panic!("no number"),
    }
}

const CODE_POINT: FieldType = FieldType::Integer(Integer::unsigned(32).shown_in(Base::Hexadecimal));

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
    bool as u8, FieldType::U8, |value| value as u8;
    char as u32, CODE_POINT, |value| value as u32;
    f32 as u32, FieldType::F32, |value| value.to_bits();
    f64 as u64, FieldType::F64, |value| value.to_bits();
}
