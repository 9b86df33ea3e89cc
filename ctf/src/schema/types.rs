//! The type tree: how bytes are read, with every name looked up.
//!
//! ```text
//!   Struct { fields }
//!     |- "id"  Enum { container: Integer }          <---.
//!     |- "v"   Variant { tag: Path "id" } --------------'   found while reading: the nearest "id" before
//!     |          |- "compact"   Struct
//!     |          '- "extended"  Struct
//!     '- "x"   Sequence { length: Path, elem } | Array | Float | String | Optional | Blob | ...
//! ```
//!
//! Types are shared (`Arc`) where the text shares them by name, and never nest deeper than 64, so
//! reading may recurse. The size of an expanded type has no such bound, so types must not be
//! expanded blindly.

use std::collections::HashMap;
use std::sync::Arc;

use super::encoded::{BitsType, BlobType, TextType};
use super::labels::Labels;
use super::numbers::{Encoding, FloatType, IntegerType};
use super::path::Path;
use super::ranges::Ranges;

/// How bytes are read.
#[derive(Debug, Clone)]
pub enum Type {
    /// A whole number.
    Integer(IntegerType),
    /// A whole number with names for its values.
    Enum(Arc<EnumType>),
    /// An IEEE 754 number.
    Float(FloatType),
    /// Bytes up to a NUL.
    String(Encoding),
    /// Fields one behind the other.
    Struct(Arc<StructType>),
    /// One of several types; an enumeration that is read before says which.
    Variant(Arc<VariantType>),
    /// A fixed number of elements.
    Array {
        /// The type of each.
        elem: Arc<Type>,
        /// How many there are.
        len: u64,
    },
    /// A number of elements that an integer, read before, gives.
    Sequence {
        /// The type of each.
        elem: Arc<Type>,
        /// Where the integer is.
        len: Path,
    },
    /// Bits that are no number.
    Bits(Arc<BitsType>),
    /// A whole number in LEB128, of up to 64 bits; its names, if it has some.
    Varint(Arc<EnumType>),
    /// Text with a length, or in another encoding than UTF-8.
    Text(Arc<TextType>),
    /// Bytes as they are.
    Blob(Arc<BlobType>),
    /// A field that may not be there.
    Optional(Arc<OptionalType>),
    /// A type with a stricter alignment than its own.
    Aligned {
        /// Its offset is a multiple of this, in bits.
        align: u32,
        /// The type.
        ty: Arc<Type>,
    },
}

/// A whole number with names for its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumType {
    /// The number itself.
    pub container: IntegerType,
    /// The names.
    pub labels: Labels,
}

/// Fields one behind the other.
#[derive(Debug, Clone)]
pub struct StructType {
    /// Its offset is a multiple of this, in bits: the alignment of its strictest field, or what
    /// the text asks for.
    pub align: u32,
    /// The fields, in order.
    pub fields: Fields,
}

/// Names and their types, in order.
pub type Fields = Vec<(Arc<str>, Type)>;

/// One of several types.
#[derive(Debug, Clone)]
pub struct VariantType {
    /// Where the number is that chooses an option: by its label, which is the option's name, or by itself.
    pub tag: Path,
    /// The options: those of all types that were made of one by giving it a tag.
    pub options: Arc<Options>,
}

/// A field that another one says is there.
#[derive(Debug, Clone)]
pub struct OptionalType {
    /// Where the number or truth value is that says so.
    pub selector: Path,
    /// The numbers for which the field is there. `None` if a truth value says so.
    pub ranges: Option<Ranges>,
    /// The field's type.
    pub ty: Type,
}

/// The options of a variant, found by name or by number.
#[derive(Debug, Clone)]
pub struct Options {
    all: Fields,
    /// The place of the first of each name.
    by_name: HashMap<Arc<str>, usize>,
    /// The numbers that choose each, if names do not.
    by_number: Option<Ranges>,
}

impl IntegerType {
    /// The number that a type is, if it is an integer or an enumeration.
    pub fn of(ty: &Type) -> Option<IntegerType> {
        match ty {
            Type::Integer(integer) => Some(*integer),
            Type::Enum(ty) => Some(ty.container),
            _ => None,
        }
    }
}

impl Options {
    /// These options, in order.
    pub(crate) fn new(all: Fields) -> Options {
        let mut by_name = HashMap::new();
        for (at, (name, _)) in all.iter().enumerate() {
            by_name.entry(Arc::clone(name)).or_insert(at);
        }
        Options { all, by_name, by_number: None }
    }

    /// These options, in order, each chosen by the numbers that choose its place.
    pub fn by_number(all: Fields, ranges: Ranges) -> Options {
        Options { by_number: Some(ranges), ..Options::new(all) }
    }

    /// All of them, in order.
    pub fn all(&self) -> &Fields {
        &self.all
    }

    /// The first of that name.
    pub fn named(&self, name: &str) -> Option<&(Arc<str>, Type)> {
        self.all.get(self.place(name)?)
    }

    /// The place of the first of that name among all.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The numbers that choose each by its place, if names do not.
    pub fn numbers(&self) -> Option<&Ranges> {
        self.by_number.as_ref()
    }
}

impl Type {
    /// Whether an array of it is text.
    pub(crate) fn is_text_unit(&self) -> bool {
        matches!(self, Type::Integer(IntegerType { bits: 8, align: 8, encoding, .. })
            if *encoding != Encoding::None)
    }

    /// The type's offset is a multiple of this, in bits.
    pub fn align(&self) -> u32 {
        match self {
            Type::Integer(ty) => ty.align,
            Type::Enum(ty) => ty.container.align,
            Type::Float(ty) => ty.align,
            Type::String(_) => 8,
            Type::Struct(ty) => ty.align,
            // The option that is chosen has an alignment of its own.
            Type::Variant(_) => 1,
            Type::Array { elem, .. } | Type::Sequence { elem, .. } => elem.align(),
            Type::Bits(ty) => ty.number.align,
            Type::Varint(_) | Type::Text(_) | Type::Blob(_) => 8,
            // As with a variant.
            Type::Optional(_) => 1,
            Type::Aligned { align, ty } => ty.align().max(*align),
        }
    }
}
