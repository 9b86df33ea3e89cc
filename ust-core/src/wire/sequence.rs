//! Slices and arrays of fields.
//!
//! ```text
//!  [T]               count: u32 | element 0 | element 1 | ...
//!  [T; N]                         element 0 | ... | element N-1
//!  [T; 0]            0: u32       (CTF has no arrays of length 0: some readers refuse the whole trace)
//! ```
//!
//! How elements are written is their own affair ([`Field::encode_all`]): numbers are copied as they lie.

#![allow(unsafe_code)]

use super::{Field, FieldType, Part};

/// The size of the count before a sequence's elements.
const COUNT_BYTES: usize = size_of::<u32>();

/// Writes a sequence's count and returns the address behind it.
///
/// # Safety
///
/// `dst` is valid for writes of `COUNT_BYTES` bytes.
#[inline(always)]
unsafe fn encode_count(count: usize, dst: *mut u8) -> *mut u8 {
    // A record is far smaller than 4 GiB: the reservation has refused any slice that this cast would truncate.
    // SAFETY: the caller provides `COUNT_BYTES` bytes.
    unsafe {
        dst.cast::<u32>().write_unaligned(count as u32);
        dst.add(COUNT_BYTES)
    }
}

// SAFETY: the count and the elements are what `size_bytes` adds up; a slice's length cannot change while
// it is borrowed. What holds for one element holds for all of them.
unsafe impl<T: Field> Field for [T] {
    const TYPE: &'static FieldType = &FieldType::Sequence { element: Part::Static(T::TYPE) };
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        T::size_of_all_bytes(self).saturating_add(COUNT_BYTES)
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        T::are_short(self)
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of the count and, behind them, those of the elements.
        unsafe { T::encode_all(self, encode_count(self.len(), dst)) }
    }

    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        let mut left = room.checked_sub(COUNT_BYTES)?;
        let fits = |element: &&T| {
            let rest = left.checked_sub(element.size_bytes());
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        let count = self.iter().take_while(fits).count();
        // SAFETY: a count and the elements that fit behind it.
        Some(unsafe { self[..count].encode(dst) })
    }
}

// SAFETY: `N` elements, or a count if there are none, are what both size items say. What holds for one element holds for all.
unsafe impl<T: Field, const N: usize> Field for [T; N] {
    const TYPE: &'static FieldType = if N == 0 {
        <[T]>::TYPE
    } else {
        assert!(N <= u32::MAX as usize, "an array field has at most u32::MAX elements");
        &FieldType::Array { element: Part::Static(T::TYPE), length: N as u32 }
    };
    const FIXED_SIZE_BYTES: Option<usize> = match T::FIXED_SIZE_BYTES {
        _ if N == 0 => Some(COUNT_BYTES),
        Some(bytes) => Some(bytes.saturating_mul(N)),
        None => None,
    };

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        if N == 0 { COUNT_BYTES } else { T::size_of_all_bytes(self) }
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        N == 0 || T::are_short(self)
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        if N == 0 {
            // SAFETY: the caller provides `size_bytes()`, here `COUNT_BYTES`, bytes.
            unsafe { encode_count(0, dst) }
        } else {
            // SAFETY: the caller lends `size_bytes()` bytes, the size of the elements.
            unsafe { T::encode_all(self, dst) }
        }
    }
}
