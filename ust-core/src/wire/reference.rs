//! A reference to a field is a field.

#![allow(unsafe_code)]

use super::{Field, FieldType};

// SAFETY: everything is delegated to the value itself.
unsafe impl<T: Field> Field for &T {
    const TYPE: &'static FieldType = T::TYPE;
    const FIXED_SIZE_BYTES: Option<usize> = T::FIXED_SIZE_BYTES;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        (**self).size_bytes()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        (**self).is_short()
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the same contract.
        unsafe { (**self).encode(dst) }
    }
}
