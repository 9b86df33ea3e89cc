//! How a function ended: one field.
//!
//! ```text
//!   0: u8 | value     returned: with its value, if that is a field
//!   1: u8 | error     err: a `Result` that is an error, with its text
//!   2: u8             unwound: by a panic
//!   3: u8             dropped: a future that was not polled to its end
//! ```
#![allow(unsafe_code)]

use ust_core::wire::{Choice, Field, FieldType, Integer, Label, Part};

/// No value: no bytes.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

// SAFETY: measures nothing and writes nothing.
unsafe impl Field for Nothing {
    const TYPE: &'static FieldType = &FieldType::NOTHING;
    const FIXED_SIZE_BYTES: Option<usize> = Some(0);

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        0
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        dst
    }
}

/// How a function ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<V = Nothing, E = Nothing> {
    /// It returned.
    Returned(V),
    /// It returned an error.
    Err(E),
    /// It panicked.
    Unwound,
    /// The future was dropped before its end.
    Dropped,
}

/// The size of the tag.
const TAG_BYTES: usize = 1;

// The tags.
pub(super) const RETURNED: u8 = 0;
pub(super) const ERR: u8 = 1;
pub(super) const UNWOUND: u8 = 2;
pub(super) const DROPPED: u8 = 3;

/// The names of the choices, at their tags.
const NAMES: [&str; 4] = ["returned", "err", "unwound", "dropped"];

/// The type if there are neither values nor errors: a number with names.
static LABELLED: FieldType = FieldType::Enumeration {
    container: Integer::unsigned(8),
    labels: Part::Static(const { &[label(0), label(1), label(2), label(3)] }),
};

const fn label(tag: usize) -> Label {
    Label { name: Part::Static(NAMES[tag]), low: tag as i128, high: tag as i128 }
}

const fn choice(tag: usize, ty: &'static FieldType) -> Choice {
    Choice { label: label(tag), ty: Part::Static(ty) }
}

/// The choices, if values and errors have these types.
pub const fn choices(value: &'static FieldType, error: &'static FieldType) -> [Choice; 4] {
    let nothing = &FieldType::NOTHING;
    [choice(0, value), choice(1, error), choice(2, nothing), choice(3, nothing)]
}

/// The field's type, if values and errors have these types, and these are the choices.
pub const fn type_of(
    value: &'static FieldType,
    error: &'static FieldType,
    variant: &'static FieldType,
) -> &'static FieldType {
    if is_nothing(value) && is_nothing(error) { &LABELLED } else { variant }
}

const fn is_nothing(ty: &FieldType) -> bool {
    matches!(ty, FieldType::Structure { members: Part::Static([]) })
}

// SAFETY: the tag, and what the value measures and writes, if there is one.
unsafe impl<V: Field, E: Field> Field for Outcome<V, E> {
    const TYPE: &'static FieldType = type_of(
        V::TYPE,
        E::TYPE,
        &FieldType::Variant {
            tag: Integer::unsigned(8),
            choices: Part::Static(const { &choices(V::TYPE, E::TYPE) }),
        },
    );
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline]
    fn size_bytes(&self) -> usize {
        let size_bytes = match self {
            Self::Returned(value) => value.size_bytes(),
            Self::Err(error) => error.size_bytes(),
            Self::Unwound | Self::Dropped => 0,
        };
        size_bytes.saturating_add(TAG_BYTES)
    }

    #[inline]
    fn is_short(&self) -> bool {
        match self {
            Self::Returned(value) => value.is_short(),
            Self::Err(error) => error.is_short(),
            Self::Unwound | Self::Dropped => true,
        }
    }

    #[inline]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        let tag: u8 = match self {
            Self::Returned(_) => RETURNED,
            Self::Err(_) => ERR,
            Self::Unwound => UNWOUND,
            Self::Dropped => DROPPED,
        };
        // SAFETY: the caller lends the byte of the tag and, behind it, those of the value.
        unsafe {
            let behind_tag = tag.encode(dst);
            match self {
                Self::Returned(value) => value.encode(behind_tag),
                Self::Err(error) => error.encode(behind_tag),
                Self::Unwound | Self::Dropped => behind_tag,
            }
        }
    }
}
