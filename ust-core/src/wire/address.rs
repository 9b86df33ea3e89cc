//! Addresses: 64 bits on every machine, shown in hex.

#![allow(unsafe_code)]

use core::ptr::NonNull;

use super::{Base, Field, FieldType, Integer};

const ADDRESS: FieldType = FieldType::Integer(Integer::unsigned(64).shown_in(Base::Hexadecimal));

macro_rules! addresses {
    ($($pointer:ty, |$value:ident| $address:expr;)*) => {$(
        // SAFETY: one write of 64 bits, as both size items say.
        unsafe impl<T> Field for $pointer {
            const TYPE: &'static FieldType = &ADDRESS;
            const FIXED_SIZE_BYTES: Option<usize> = Some(size_of::<u64>());

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                size_of::<u64>()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = *self;
                let address: usize = $address;
                // SAFETY: the same contract.
                unsafe { (address as u64).encode(dst) }
            }
        }
    )*};
}

addresses! {
    *const T, |pointer| pointer.addr();
    *mut T, |pointer| pointer.addr();
    NonNull<T>, |pointer| pointer.addr().get();
}
