//! Slices and arrays of numbers.
//!
//! ```text
//!  &[T]              count: u32 | element 0 | element 1 | ...
//!  [T; N]                         element 0 | ... | element N-1
//!  [T; 0]            0: u32       (CTF has no arrays of length 0: some readers refuse the whole trace)
//! ```
//!
//! Where an element's bytes in memory are its bytes in the record, which is everywhere but for `usize`
//! on a 32-bit machine, the elements are copied as they are.

#![allow(unsafe_code)]

use super::copy::{SHORT_BYTES, copy};
use super::{Element, Field, FieldType, Part};

/// The size of the count before a sequence's elements.
const COUNT_BYTES: usize = size_of::<u32>();

/// The bytes of `count` elements.
const fn elements_size_bytes<T: Element>(count: usize) -> usize {
    count.saturating_mul(size_of::<T::Wire>())
}

/// Writes the elements and returns the address behind them.
///
/// # Safety
///
/// `dst` is valid for writes of `elements_size_bytes::<T>(elements.len())` bytes and does not overlap
/// with `elements`.
#[inline(always)]
unsafe fn encode_elements<T: Element>(elements: &[T], dst: *mut u8) -> *mut u8 {
    let size_bytes = elements_size_bytes::<T>(elements.len());
    if const { size_of::<T>() == size_of::<T::Wire>() } {
        // SAFETY: `Element` promises that elements of this size lie in memory as they do in the record,
        // without padding: they are `size_bytes` initialised bytes. The caller lends as many at `dst`.
        unsafe { copy(elements.as_ptr().cast::<u8>(), dst, size_bytes) };
    } else {
        for (index, element) in elements.iter().enumerate() {
            // SAFETY: `index` is below the element count, so this write of a `Wire` ends inside the caller's bytes.
            unsafe { dst.cast::<T::Wire>().add(index).write_unaligned(element.to_wire()) };
        }
    }
    // SAFETY: the end of what the caller lent.
    unsafe { dst.add(size_bytes) }
}

/// Writes a sequence's count and returns the address behind it.
///
/// # Safety
///
/// `dst` is valid for writes of `COUNT_BYTES` bytes.
#[inline(always)]
unsafe fn encode_count(count: usize, dst: *mut u8) -> *mut u8 {
    // A record is far smaller than 4 GiB: whoever reserves has refused a slice that this cast would cut.
    // SAFETY: the caller lends `COUNT_BYTES` bytes.
    unsafe {
        dst.cast::<u32>().write_unaligned(count as u32);
        dst.add(COUNT_BYTES)
    }
}

// SAFETY: the count and the elements are what `size_bytes` adds up; a slice's length cannot change while
// it is borrowed.
unsafe impl<T: Element> Field for &[T] {
    const TYPE: &'static FieldType = &FieldType::Sequence { element: Part::Static(T::TYPE) };
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        elements_size_bytes::<T>(self.len()).saturating_add(COUNT_BYTES)
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        elements_size_bytes::<T>(self.len()) <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of the count and, behind them, those of the elements.
        unsafe { encode_elements(self, encode_count(self.len(), dst)) }
    }
}

// SAFETY: `N` elements, or a count if there are none, are what both size items say.
unsafe impl<T: Element, const N: usize> Field for [T; N] {
    const TYPE: &'static FieldType = if N == 0 {
        <&[T]>::TYPE
    } else {
        assert!(N <= u32::MAX as usize, "an array field has at most u32::MAX elements");
        &FieldType::Array { element: Part::Static(T::TYPE), length: N as u32 }
    };
    const FIXED_SIZE_BYTES: Option<usize> =
        Some(if N == 0 { COUNT_BYTES } else { elements_size_bytes::<T>(N) });

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        if N == 0 { COUNT_BYTES } else { elements_size_bytes::<T>(N) }
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        elements_size_bytes::<T>(N) <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        if N == 0 {
            // SAFETY: the caller lends `size_bytes()`, here `COUNT_BYTES`, bytes.
            unsafe { encode_count(0, dst) }
        } else {
            // SAFETY: the caller lends `size_bytes()` bytes, the size of the elements.
            unsafe { encode_elements(self, dst) }
        }
    }
}
