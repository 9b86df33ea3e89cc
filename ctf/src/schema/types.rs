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
use std::fmt;
use std::sync::Arc;

use super::encoded::{BitsType, BlobType, OptionalType, TextType};
use super::labels::Labels;
use super::ranges::Ranges;
use super::roles::Roles;

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

/// What bytes mean as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// None: a number is just a number, and a text's encoding is not known.
    None,
    /// UTF-8.
    Utf8,
    /// ASCII.
    Ascii,
}

/// The order of a number's bytes (and bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant first.
    Little,
    /// The most significant first.
    Big,
}

/// A whole number of up to 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerType {
    /// Its size, 1 to 64.
    pub bits: u32,
    /// Its offset is a multiple of this, in bits.
    pub align: u32,
    /// Two's complement, or without sign.
    pub signed: bool,
    /// 2, 8, 10 or 16: how users want to see it.
    pub base: u32,
    /// The order of its bytes.
    pub byte_order: ByteOrder,
    /// If there is one, the number is a character: arrays of bytes are text.
    pub encoding: Encoding,
    /// Whether it is a value of its stream class's clock.
    pub is_clock: bool,
    /// Whether its bits lie the other way round than its byte order has them.
    pub is_reversed: bool,
    /// What it says of its packet or record.
    pub roles: Roles,
}

impl IntegerType {
    /// Whether it is a whole character of Unicode, by its number.
    pub(crate) fn is_code_point(&self) -> bool {
        self.bits == 32 && !self.signed && self.encoding == Encoding::Utf8
    }
}

/// An IEEE 754 number of 32 or 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatType {
    /// Its size, 32 or 64.
    pub bits: u32,
    /// Its offset is a multiple of this, in bits.
    pub align: u32,
    /// The order of its bytes.
    pub byte_order: ByteOrder,
    /// Whether its bits lie the other way round than its byte order has them.
    pub is_reversed: bool,
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

/// The options of a variant, found by name or by number.
#[derive(Debug, Clone)]
pub struct Options {
    all: Fields,
    /// The place of the first of each name.
    by_name: HashMap<Arc<str>, usize>,
    /// The numbers that choose each, if names do not.
    by_number: Option<Ranges>,
}

/// Where a length or a tag is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Path {
    /// The part in which it is, such as `stream.event.header`; `None` if it is found from the field that needs it.
    pub scope: Option<Scope>,
    /// Without a scope: how many structures further out than the innermost one. `None` is the nearest field before that
    /// has the path's first name, in whichever structure or part it is.
    pub up: Option<u32>,
    /// The fields through which a reader goes before the last one, from the outermost on.
    pub through: Arc<[Arc<str>]>,
    /// The field's name.
    pub name: Arc<str>,
}

impl Path {
    /// All names, from the outermost on.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.through.iter().chain([&self.name])
    }

    /// The outermost name.
    pub fn first(&self) -> &Arc<str> {
        self.through.first().unwrap_or(&self.name)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope.map(Scope::path);
        let names = scope.into_iter().chain(self.names().map(|name| &**name));
        for (at, name) in names.enumerate() {
            write!(out, "{}{name}", if at == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// The parts of a packet and a record, in the order in which they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `trace.packet.header`
    PacketHeader,
    /// `stream.packet.context`
    PacketContext,
    /// `stream.event.header`
    EventHeader,
    /// `stream.event.context`
    StreamEventContext,
    /// `event.context`
    EventContext,
    /// `event.fields`
    Fields,
}

impl Scope {
    /// All of them, in the order in which they are read.
    pub const ALL: [Scope; 6] = [
        Scope::PacketHeader,
        Scope::PacketContext,
        Scope::EventHeader,
        Scope::StreamEventContext,
        Scope::EventContext,
        Scope::Fields,
    ];

    /// Its name in a path.
    pub fn path(self) -> &'static str {
        match self {
            Scope::PacketHeader => "trace.packet.header",
            Scope::PacketContext => "stream.packet.context",
            Scope::EventHeader => "stream.event.header",
            Scope::StreamEventContext => "stream.event.context",
            Scope::EventContext => "event.context",
            Scope::Fields => "event.fields",
        }
    }
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
