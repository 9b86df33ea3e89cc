//! All fields of one event, as the tuple that the tracepoint gets.
//!
//! ```text
//!  (path, bytes, ok)     path ... 0 | bytes: u64 | ok: u8
//! ```
//!
//! The fields lie in the tuple's order, each where the one before it ends. A tuple that is a [field](super::structure) of
//! another lies there in the same way.

#![allow(unsafe_code)]

use super::{Field, FieldType, sum_of_sizes};

/// The fields of one event: a tuple of up to 16 [`Field`]s, or [`Both`] of two such payloads.
///
/// # Safety
///
/// - [`encode`](Payload::encode) writes exactly [`size_bytes`](Payload::size_bytes) bytes, all of them.
/// - `size_bytes` returns the same number each time while the payload is borrowed, and that number is
///   `FIXED_SIZE_BYTES` if there is one.
/// - Neither of them panics: no reservation may be left uncommitted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the payload of an event",
    note = "a payload is a tuple of up to 16 fields"
)]
pub unsafe trait Payload {
    /// The payload's size in bytes, if every field's size is fixed.
    const FIXED_SIZE_BYTES: Option<usize>;

    /// The size of this payload in bytes; `usize::MAX` if the number does not fit.
    fn size_bytes(&self) -> usize;

    /// Whether all fields are short (see [`Field::is_short`]).
    fn is_short(&self) -> bool;

    /// Writes the fields at `dst`, which need not be aligned, and returns the address behind the last.
    ///
    /// # Safety
    ///
    /// `dst` is valid for writes of [`size_bytes`](Payload::size_bytes) bytes and does not overlap with
    /// anything that `self` borrows.
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8;
}

// SAFETY: everything is delegated to the payload itself.
unsafe impl<P: Payload> Payload for &P {
    const FIXED_SIZE_BYTES: Option<usize> = P::FIXED_SIZE_BYTES;

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

/// A payload that consists of fields.
pub trait Described: Payload {
    /// What the metadata says of the fields, in their order.
    const TYPES: &'static [&'static FieldType];
    /// Their sizes, where they are fixed.
    const SIZES_BYTES: &'static [Option<usize>];

    /// Shows each field, in their order.
    fn show(&self, to: &mut impl Visitor);
}

/// Takes the fields of a payload.
pub trait Visitor {
    /// Takes one.
    fn take<F: Field>(&mut self, field: &F);
}

/// The fields of an event that has more than a tuple may have: these, and those.
#[derive(Debug, Clone, Copy)]
pub struct Both<A, B>(pub A, pub B);

// SAFETY: each half writes what it measured, the second where the first ended.
unsafe impl<A: Payload, B: Payload> Payload for Both<A, B> {
    const FIXED_SIZE_BYTES: Option<usize> =
        sum_of_sizes(&[A::FIXED_SIZE_BYTES, B::FIXED_SIZE_BYTES]);

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.0.size_bytes().saturating_add(self.1.size_bytes())
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.0.is_short() && self.1.is_short()
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of both.
        unsafe { self.1.encode(self.0.encode(dst)) }
    }
}

macro_rules! payload {
    ($($field:ident)*) => {
        impl<$($field: Field),*> Described for ($($field,)*) {
            const TYPES: &'static [&'static FieldType] = &[$($field::TYPE),*];
            const SIZES_BYTES: &'static [Option<usize>] = &[$($field::FIXED_SIZE_BYTES),*];

            #[inline(always)]
            #[allow(non_snake_case, unused_variables)]
            fn show(&self, to: &mut impl Visitor) {
                let ($($field,)*) = self;
                $(to.take($field);)*
            }
        }


        // SAFETY: each field writes what it measured, starting where the field before it ended, and the
        // sizes are the sums of the fields' sizes. Neither the fields nor saturating sums panic.
        unsafe impl<$($field: Field),*> Payload for ($($field,)*) {
            const FIXED_SIZE_BYTES: Option<usize> = sum_of_sizes(&[$($field::FIXED_SIZE_BYTES),*]);

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                // Saturating, because on a 32-bit machine several fields can borrow the same gigabytes.
                // With fixed sizes all of this is a constant.
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                let size_bytes = 0usize;
                $(let size_bytes = size_bytes.saturating_add($field.size_bytes());)*
                size_bytes
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                true $(&& $field.is_short())*
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                $(
                    // SAFETY: the fields before this one have used their own sizes of what the caller
                    // lent, which is the sum of all.
                    let dst = unsafe { $field.encode(dst) };
                )*
                dst
            }
        }
    };
}

/// A payload of all the names, one of all names but the first, and so on down to none.
macro_rules! payloads {
    () => { payload!(); };
    ($first:ident $($rest:ident)*) => {
        payload!($first $($rest)*);
        payloads!($($rest)*);
    };
}

payloads!(A B C D E F G H I J K L M N O P);
