//! Whole numbers in another form: the same bytes, described in another way.
//!
//! ```text
//!   bits of a form    0, 1   base: 0 decimal, 1 binary, 2 octal, 3 hexadecimal
//!                     2      the bytes are in network order already, as in `s_addr`: nothing is turned
//! ```
//!
//! A form is a constant argument, so arrays, slices and options of numbers can hand it on to their numbers.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::{Base, Choice, Field, FieldType, Integer, Label, Part};

const NETWORK: u8 = 1 << 2;

/// A field that can be described in a form: numbers, and arrays, slices and options of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no whole number",
    label = "has no base and no byte order",
    note = "`hex`, `octal`, `binary` and `network` are for integers, and for arrays, slices and `Option`s of integers"
)]
pub trait Shown<const FORM: u8>: Field {
    /// What the metadata says of the field.
    const SHOWN: &'static FieldType;
}

const fn shown(form: u8, integer: Integer) -> Integer {
    let base = match form & (NETWORK - 1) {
        1 => Base::Binary,
        2 => Base::Octal,
        3 => Base::Hexadecimal,
        _ => Base::Decimal,
    };
    let integer = integer.shown_in(base);
    if form & NETWORK == 0 { integer } else { integer.in_network_order() }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl<const FORM: u8> Shown<FORM> for $number {
            const SHOWN: &'static FieldType =
                &FieldType::Integer(shown(FORM, <$number as Field>::TYPE.number()));
        }
    )*};
}

numbers! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<const FORM: u8, T: Shown<FORM> + ?Sized> Shown<FORM> for $pointer {
            const SHOWN: &'static FieldType = T::SHOWN;
        }
    )*};
}

pointers! { &T Box<T> Rc<T> Arc<T> }

impl<const FORM: u8, T: Shown<FORM> + Clone> Shown<FORM> for Cow<'_, T> {
    const SHOWN: &'static FieldType = T::SHOWN;
}

impl<const FORM: u8, T: Shown<FORM> + Clone> Shown<FORM> for Cow<'_, [T]> {
    const SHOWN: &'static FieldType = <[T]>::SHOWN;
}

impl<const FORM: u8, T: Shown<FORM>> Shown<FORM> for [T] {
    const SHOWN: &'static FieldType = &FieldType::Sequence { element: Part::Static(T::SHOWN) };
}

impl<const FORM: u8, T: Shown<FORM>> Shown<FORM> for Vec<T> {
    const SHOWN: &'static FieldType = <[T]>::SHOWN;
}

impl<const FORM: u8, T: Shown<FORM>, const N: usize> Shown<FORM> for [T; N] {
    const SHOWN: &'static FieldType = if N == 0 {
        <[T]>::SHOWN
    } else {
        &FieldType::Array { element: Part::Static(T::SHOWN), length: N as u32 }
    };
}

impl<const FORM: u8, T: Shown<FORM>> Shown<FORM> for Option<T> {
    const SHOWN: &'static FieldType = &FieldType::Variant {
        tag: Integer::unsigned(8),
        choices: Part::Static(
            const {
                &[
                    Choice { label: label("none", 0), ty: Part::Static(&FieldType::NOTHING) },
                    Choice { label: label("some", 1), ty: Part::Static(T::SHOWN) },
                ]
            },
        ),
    };
}

const fn label(name: &'static str, tag: i128) -> Label {
    Label { name: Part::Static(name), low: tag, high: tag }
}
