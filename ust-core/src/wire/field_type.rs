//! What a reader must know about a field to find its bytes.
//!
//! | type | bytes | in tracepoints |
//! | --- | --- | --- |
//! | `Integer` | 1, 2, 4 or 8, native or network order; shown in base 2, 8, 10 or 16 | `u8` ... `i64`, `usize`, `bool`, `char` |
//! | `Float { bits }` | 4 or 8, IEEE 754 | `f32`, `f64` |
//! | `Enumeration { container, labels }` | the container's; any value is valid, labelled or not | `#[derive(Field)]` |
//! | `String { encoding }` | text, 0 | `&str`, `&CStr` |
//! | `Array { element, length }` | `length` elements; **for length 0 a `u32` 0** | `[T; N]` |
//! | `Sequence { element }` | a `u32` count, then that many elements | `&[T]` |
//! | `Structure { members }` | its members, one after the other | tuples, `#[derive(Field)]` |
//! | `Variant { tag, choices }` | the tag, then the choice whose range contains it | `Option<T>`, `#[derive(Field)]` |
//!
//! Each is one declaration of CTF's metadata language. Types nest, within the bounds of [`bounds`](super::bounds). A
//! description consists of [`Part`]s: constants in the traced program, or owned if it is made at run time.

use super::{Encoding, Integer, Part};

/// The type of a field, which determines its bytes in a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A whole number.
    Integer(Integer),
    /// An IEEE 754 number: 32 or 64 bits.
    Float {
        /// Size in bits.
        bits: u8,
    },
    /// A whole number with names for some of its values.
    Enumeration {
        /// The type of the number.
        container: Integer,
        /// The names. Their ranges may overlap, and need not cover every value.
        labels: Part<[Label]>,
    },
    /// Text ended by a zero byte.
    String {
        /// The encoding of its bytes. (A `&CStr` is described as UTF-8, whatever it holds.)
        encoding: Encoding,
    },
    /// The same number of elements in every record.
    Array {
        /// What each element is.
        element: Part<FieldType>,
        /// The number of elements. An array of length 0 is written and described as an empty sequence, because some
        /// readers refuse a length of 0.
        length: u32,
    },
    /// A `u32` count and that many elements.
    Sequence {
        /// What each element is.
        element: Part<FieldType>,
    },
    /// Several members, one after the other.
    Structure {
        /// Names and types, in the order of their bytes.
        members: Part<[Member]>,
    },
    /// One of several types: a tag, and the type that the tag chooses.
    Variant {
        /// The type of the tag.
        tag: Integer,
        /// The choices. Their ranges do not overlap; a tag in none of them is invalid.
        choices: Part<[Choice]>,
    },
}

/// A name for values of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The name.
    pub name: Part<str>,
    /// The first value.
    pub low: i128,
    /// The last value.
    pub high: i128,
}

/// A field within a structure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its name.
    pub name: Part<str>,
    /// Its type.
    pub ty: Part<FieldType>,
}

/// One of the types that a variant may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Its name, and the tags that choose it.
    pub label: Label,
    /// What follows the tag. A [`FieldType::NOTHING`] if nothing does.
    pub ty: Part<FieldType>,
}

impl FieldType {
    /// `u8`.
    pub const U8: Self = Self::Integer(Integer::unsigned(8));
    /// `u16`.
    pub const U16: Self = Self::Integer(Integer::unsigned(16));
    /// `u32`.
    pub const U32: Self = Self::Integer(Integer::unsigned(32));
    /// `u64`.
    pub const U64: Self = Self::Integer(Integer::unsigned(64));
    /// `i8`.
    pub const I8: Self = Self::Integer(Integer::signed(8));
    /// `i16`.
    pub const I16: Self = Self::Integer(Integer::signed(16));
    /// `i32`.
    pub const I32: Self = Self::Integer(Integer::signed(32));
    /// `i64`.
    pub const I64: Self = Self::Integer(Integer::signed(64));
    /// `f32`.
    pub const F32: Self = Self::Float { bits: 32 };
    /// `f64`.
    pub const F64: Self = Self::Float { bits: 64 };
    /// `bool`: CTF has no type for truth values, and this is the one that all readers name.
    pub const BOOL: Self = Self::Enumeration {
        container: Integer::unsigned(8),
        labels: Part::Static(&[
            Label { name: Part::Static("false"), low: 0, high: 0 },
            Label { name: Part::Static("true"), low: 1, high: 1 },
        ]),
    };
    /// `char`.
    pub const CODE_POINT: Self = Self::Integer(Integer::CODE_POINT);
    /// `&str`.
    pub const TEXT: Self = Self::String { encoding: Encoding::Utf8 };
    /// No bytes: only for a variant's choice.
    pub const NOTHING: Self = Self::Structure { members: Part::Static(&[]) };

    /// The integer type that it is, for constants.
    ///
    /// # Panics
    /// It is not an integer.
    pub const fn number(&self) -> Integer {
        match self {
            Self::Integer(integer) => *integer,
            _ => panic!("no whole number"),
        }
    }

    /// A sequence of `element`.
    pub fn sequence(element: Self) -> Self {
        Self::Sequence { element: element.into() }
    }

    /// An array of `length` of `element`.
    pub fn array(element: Self, length: u32) -> Self {
        Self::Array { element: element.into(), length }
    }

    /// An enumeration with a name for each of these values.
    pub fn enumeration(container: Integer, labels: &[(&str, i128)]) -> Self {
        let labels = labels.iter().map(|(name, value)| Label::of(name, *value));
        Self::Enumeration { container, labels: labels.collect::<Vec<_>>().into() }
    }

    /// A structure of these members.
    pub fn structure(members: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let member = |(name, ty): (_, Self)| Member { name: Part::Static(name), ty: ty.into() };
        let members: Vec<_> = members.into_iter().map(member).collect();
        Self::Structure { members: members.into() }
    }

    /// A variant of these choices, each with its tag.
    pub fn variant(
        tag: Integer,
        choices: impl IntoIterator<Item = (&'static str, i128, Self)>,
    ) -> Self {
        let choice = |(name, value, ty): (_, _, Self)| Choice {
            label: Label::of(name, value),
            ty: ty.into(),
        };
        let choices: Vec<_> = choices.into_iter().map(choice).collect();
        Self::Variant { tag, choices: choices.into() }
    }
}

impl Label {
    /// A name for one value.
    pub fn of(name: &str, value: i128) -> Self {
        Self { name: name.into(), low: value, high: value }
    }
}
