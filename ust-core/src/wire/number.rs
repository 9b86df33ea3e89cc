//! Numbers in wrappers of the standard library.
//!
//! ```text
//!   NonZero<T>  Wrapping<T>  Saturating<T>     T
//!   AtomicU8 ... AtomicBool                    the value at the moment of the record (relaxed)
//!   ThreadId                                   u64: the number that `{:?}` shows; not the system's thread id
//! ```

// Atomics of the program, which are values here.
#![allow(clippy::disallowed_types)]

use core::fmt::{self, Write};
use core::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroUsize, Saturating, Wrapping,
};
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use std::thread::ThreadId;

use super::Field;

/// Makes a type a field by a number that it has.
macro_rules! numbers {
    ($([$($generics:tt)*] $wrapper:ty => $number:ty, |$value:ident| $number_of:expr;)*) => {$(
        // SAFETY: one number's size, which does not depend on its value, and one write of that number.
        #[allow(unsafe_code)]
        unsafe impl<$($generics)*> $crate::wire::Field for $wrapper {
            const TYPE: &'static $crate::wire::FieldType = <$number as $crate::wire::Field>::TYPE;
            const FIXED_SIZE_BYTES: Option<usize> =
                <$number as $crate::wire::Field>::FIXED_SIZE_BYTES;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                const { <$number as $crate::wire::Field>::FIXED_SIZE_BYTES.unwrap() }
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = self;
                let number: $number = $number_of;
                // SAFETY: the same contract.
                unsafe { number.encode(dst) }
            }
        }
    )*};
}

pub(super) use numbers;

macro_rules! non_zero {
    ($($wrapper:ty => $number:ty;)*) => {
        numbers! { $([] $wrapper => $number, |value| value.get();)* }
    };
}

macro_rules! atomics {
    ($($wrapper:ty => $number:ty;)*) => {
        numbers! { $([] $wrapper => $number, |value| value.load(Ordering::Relaxed);)* }
    };
}

non_zero! {
    NonZeroU8 => u8;
    NonZeroU16 => u16;
    NonZeroU32 => u32;
    NonZeroU64 => u64;
    NonZeroUsize => usize;
    NonZeroI8 => i8;
    NonZeroI16 => i16;
    NonZeroI32 => i32;
    NonZeroI64 => i64;
    NonZeroIsize => isize;
}

numbers! {
    [T: Field + Copy] Wrapping<T> => T, |value| value.0;
    [T: Field + Copy] Saturating<T> => T, |value| value.0;
    [] ThreadId => u64, |value| number_in(value);
}

atomics! {
    AtomicBool => bool;
    AtomicU8 => u8;
    AtomicU16 => u16;
    AtomicU32 => u32;
    AtomicU64 => u64;
    AtomicUsize => usize;
    AtomicI8 => i8;
    AtomicI16 => i16;
    AtomicI32 => i32;
    AtomicI64 => i64;
    AtomicIsize => isize;
}

/// The digits of `ThreadId(7)`: the standard library gives the number in no other way. 0 if there are none.
fn number_in(id: &ThreadId) -> u64 {
    struct Digits(u64);

    impl Write for Digits {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for digit in text.bytes().filter(u8::is_ascii_digit) {
                self.0 = self.0.wrapping_mul(10).wrapping_add((digit - b'0').into());
            }
            Ok(())
        }
    }

    let mut digits = Digits(0);
    let _ = write!(digits, "{id:?}");
    digits.0
}
