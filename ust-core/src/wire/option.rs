//! One of two: a tag, and the value that it announces.
//!
//! ```text
//!   None       0: u8              Ok(x)    0: u8 | x
//!   Some(x)    1: u8 | x          Err(x)   1: u8 | x
//! ```

#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{Choice, Field, FieldType, Integer, Label, Part};

/// The size of the tag.
const TAG_BYTES: usize = 1;

/// Holds the constants of each type.
struct Of<T>(PhantomData<T>);

impl<T: Field> Of<T> {
    const CHOICES: &'static [Choice] =
        &[choice("none", 0, &FieldType::NOTHING), choice("some", 1, T::TYPE)];
}

const fn choice(name: &'static str, tag: i128, ty: &'static FieldType) -> Choice {
    let label = Label { name: Part::Static(name), low: tag, high: tag };
    Choice { label, ty: Part::Static(ty) }
}

// SAFETY: the tag, and what the value measures and writes, if there is one. Saturating sums do not panic.
unsafe impl<T: Field> Field for Option<T> {
    const TYPE: &'static FieldType =
        &FieldType::Variant { tag: Integer::unsigned(8), choices: Part::Static(Of::<T>::CHOICES) };
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::size_bytes).saturating_add(TAG_BYTES)
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.as_ref().is_none_or(T::is_short)
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller provides the byte of the tag and, after it, the bytes of the value.
        unsafe {
            dst.write(self.is_some().into());
            let behind_tag = dst.add(TAG_BYTES);
            match self {
                Some(value) => value.encode(behind_tag),
                None => behind_tag,
            }
        }
    }

    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        // SAFETY: the same contract.
        unsafe { encode_cut(self.is_some().into(), self.as_ref(), dst, room) }
    }
}

/// Writes the tag, and behind it what fits of the value.
///
/// # Safety
///
/// As for [`Field::encode_cut`].
unsafe fn encode_cut<T: Field>(
    tag: u8,
    value: Option<&T>,
    dst: *mut u8,
    room: usize,
) -> Option<*mut u8> {
    let room_for_value = room.checked_sub(TAG_BYTES)?;
    // SAFETY: the tag is the first of the `room` bytes, and the value gets the others.
    unsafe {
        dst.write(tag);
        let behind_tag = dst.add(TAG_BYTES);
        match value {
            Some(value) => value.encode_cut(behind_tag, room_for_value),
            None => Some(behind_tag),
        }
    }
}

/// Holds the constants of each pair of types.
struct OfBoth<T, E>(PhantomData<(T, E)>);

impl<T: Field, E: Field> OfBoth<T, E> {
    const CHOICES: &'static [Choice] = &[choice("ok", 0, T::TYPE), choice("err", 1, E::TYPE)];
}

// SAFETY: the tag, and what the one value measures and writes. Saturating sums do not panic.
unsafe impl<T: Field, E: Field> Field for Result<T, E> {
    const TYPE: &'static FieldType = &FieldType::Variant {
        tag: Integer::unsigned(8),
        choices: Part::Static(OfBoth::<T, E>::CHOICES),
    };
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        let size_bytes = match self {
            Ok(value) => value.size_bytes(),
            Err(error) => error.size_bytes(),
        };
        size_bytes.saturating_add(TAG_BYTES)
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        match self {
            Ok(value) => value.is_short(),
            Err(error) => error.is_short(),
        }
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller provides the byte of the tag and, after it, the bytes of the value.
        unsafe {
            dst.write(self.is_err().into());
            let behind_tag = dst.add(TAG_BYTES);
            match self {
                Ok(value) => value.encode(behind_tag),
                Err(error) => error.encode(behind_tag),
            }
        }
    }

    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        // SAFETY: the same contract.
        unsafe {
            match self {
                Ok(value) => encode_cut(0, Some(value), dst, room),
                Err(error) => encode_cut(1, Some(error), dst, room),
            }
        }
    }
}
