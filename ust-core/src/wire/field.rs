//! Which values can be fields.
//!
//! ```text
//!   Element   u8 ... i64  usize isize  bool  f32 f64  char      one scalar   (scalar.rs)
//!     |
//!     +-- Field   every Element                                              (scalar.rs)
//!                 &[Element]  [Element; N]  &[Element; N]                    (sequence.rs)
//!                 &str  &CStr                                                (text.rs)
//!                   |
//!                   +-- Payload   tuples of up to 16 Fields                  (payload.rs)
//! ```
//!
//! Both traits are unsafe to implement for the same reason: what is measured before the reservation
//! must be what is written after it.

#![allow(unsafe_code)]

use super::{FieldType, Scalar};

/// A value that can be a field of an event.
///
/// # Safety
///
/// - [`encode`](Field::encode) writes exactly [`size_bytes`](Field::size_bytes) bytes, all of them, and
///   returns the address behind the last.
/// - `size_bytes` gives the same answer however often it is asked while the value is borrowed, and that
///   answer is `FIXED_SIZE_BYTES` if there is one.
/// - Neither of them panics: a reservation must not be left behind.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an event",
    label = "not a field type",
    note = "fields are integers up to 64 bits, `f32`, `f64`, `bool`, `char`, `&str`, `&CStr`, and slices `&[T]` and arrays `[T; N]` of the numeric types",
    note = "instead of `String` write `&str`, of `Vec<T>` `&[T]`, of `u128` two `u64`, of `Option<T>` a `bool` and a `T`; of anything else a number or a `&str` that tells it apart"
)]
pub unsafe trait Field {
    /// What the metadata says of the field.
    const TYPE: FieldType;
    /// The field's size in bytes, if it is the same for every value.
    const FIXED_SIZE_BYTES: Option<usize>;

    /// How many bytes this value takes; `usize::MAX` if the number does not fit.
    fn size_bytes(&self) -> usize;

    /// Whether [`encode`](Field::encode) calls no function for this value: of a field whose size is its length's,
    /// that it has few bytes. No promise, but what the fast path is for.
    #[inline(always)]
    fn is_short(&self) -> bool {
        true
    }

    /// Writes the value at `dst`, which need not be aligned, and returns the address behind it.
    ///
    /// # Safety
    ///
    /// `dst` is valid for writes of [`size_bytes`](Field::size_bytes) bytes and does not overlap with
    /// anything that `self` borrows.
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8;
}

/// A number, or what is written as one: the element of a slice or array field.
///
/// # Safety
///
/// [`Wire`](Element::Wire) is an unsigned integer of [`SCALAR`](Element::SCALAR)'s size. If `Self` has
/// that size too, then a value's bytes in memory are those of `to_wire`'s result, so that a slice can be
/// copied as it lies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a field",
    label = "not an element type",
    note = "the elements of a slice `&[T]` or array `[T; N]` are integers up to 64 bits, `f32`, `f64`, `bool` or `char`"
)]
pub unsafe trait Element: Copy {
    /// What the metadata says of each element.
    const SCALAR: Scalar;
    /// The integer that is written.
    type Wire: Copy;
    /// The bits to write.
    fn to_wire(self) -> Self::Wire;
}
