//! The types that a writer declares for fields.

use crate::schema::Encoding;

/// A field of an event's payload, or a member of a structure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// The user's name for it.
    pub name: String,
    /// How its bytes are read.
    pub ty: FieldType,
}

/// How a field's bytes are read. Types nest; a function on a type recurses as deep as the type
/// does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A whole number.
    Integer(Integer),
    /// An IEEE 754 number.
    Float(Float),
    /// A whole number with names for some of its values.
    Enumeration {
        /// The number.
        container: Integer,
        /// The names.
        labels: Vec<Label>,
    },
    /// Text ended by a NUL.
    String(Encoding),
    /// A fixed number of elements.
    Array {
        /// The type of each.
        elem: Box<FieldType>,
        /// How many there are.
        len: u32,
    },
    /// A number of elements that each record states.
    Sequence {
        /// The type of each.
        elem: Box<FieldType>,
    },
    /// Fields, one behind the other.
    Struct(Vec<Field>),
    /// One of several types; a number in front says which.
    Variant {
        /// The number.
        tag: Integer,
        /// The types to choose from: at least one.
        choices: Vec<Choice>,
    },
}

/// A name for values of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The name.
    pub name: String,
    /// The first value, within the number's range.
    pub low: i128,
    /// The last value, also within it.
    pub high: i128,
}

/// One of the types that a variant may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Its name, and the tags that choose it, which choose no other.
    pub label: Label,
    /// The type behind the tag.
    pub ty: FieldType,
}

/// A whole number of 1, 2, 4 or 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer {
    /// Its size.
    pub width: Width,
    /// Two's complement, or without sign.
    pub signed: bool,
    /// How readers show it.
    pub base: Base,
    /// The order of its bytes.
    pub byte_order: ByteOrder,
    /// Of one byte: whether arrays and sequences of it are text. UTF-8, of four bytes without sign: whether it is a
    /// character, by its number in Unicode. None, of all others.
    pub encoding: Encoding,
}

/// Size of an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// One byte.
    W8 = 8,
    /// Two bytes.
    W16 = 16,
    /// Four bytes.
    W32 = 32,
    /// Eight bytes.
    W64 = 64,
}

/// How readers show an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// `0b10010110100`.
    Binary = 2,
    /// `02264`.
    Octal = 8,
    /// `1204`.
    Decimal = 10,
    /// `0x4B4`.
    Hexadecimal = 16,
}

/// The order of an [`Integer`]'s bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The machine's own order, which is the trace's too.
    Native,
    /// The most significant byte first.
    Network,
}

/// Size of an IEEE 754 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Float {
    /// `f32`.
    F32 = 32,
    /// `f64`.
    F64 = 64,
}

impl FieldType {
    /// UTF-8 text ended by a NUL.
    pub const TEXT: FieldType = FieldType::String(Encoding::Utf8);

    /// An array of `len` such elements.
    pub fn array(elem: FieldType, len: u32) -> FieldType {
        FieldType::Array { elem: elem.into(), len }
    }

    /// A sequence of such elements.
    pub fn sequence(elem: FieldType) -> FieldType {
        FieldType::Sequence { elem: elem.into() }
    }
}

impl Integer {
    /// `u8`.
    pub const U8: Integer = Integer::new(Width::W8, false);
    /// `u16`.
    pub const U16: Integer = Integer::new(Width::W16, false);
    /// `u32`.
    pub const U32: Integer = Integer::new(Width::W32, false);
    /// `u64`.
    pub const U64: Integer = Integer::new(Width::W64, false);
    /// `i8`.
    pub const I8: Integer = Integer::new(Width::W8, true);
    /// `i16`.
    pub const I16: Integer = Integer::new(Width::W16, true);
    /// `i32`.
    pub const I32: Integer = Integer::new(Width::W32, true);
    /// `i64`.
    pub const I64: Integer = Integer::new(Width::W64, true);

    /// A decimal integer.
    pub const fn new(width: Width, signed: bool) -> Integer {
        let (base, byte_order) = (Base::Decimal, ByteOrder::Native);
        Integer { width, signed, base, byte_order, encoding: Encoding::None }
    }

    /// The same, shown in that base.
    pub const fn shown_in(self, base: Base) -> Integer {
        Integer { base, ..self }
    }

    /// The same, the most significant byte first.
    pub const fn in_network_order(self) -> Integer {
        Integer { byte_order: ByteOrder::Network, ..self }
    }

    /// Its bytes.
    pub const fn size_bytes(self) -> usize {
        self.width as usize / 8
    }

    /// The number that these bytes hold; `None` if there are too few.
    pub(crate) fn read(self, bytes: &[u8]) -> Option<i128> {
        let bytes = bytes.get(..self.size_bytes())?;
        let is_little = self.byte_order == ByteOrder::Native && cfg!(target_endian = "little");
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number =
            if is_little { bytes.iter().rev().fold(0, push) } else { bytes.iter().fold(0, push) };
        // Shifted up to the top and down again, which extends the sign.
        let unused = 64 - self.width as u32;
        let signed = (number << unused) as i64 >> unused;
        Some(if self.signed { signed.into() } else { number.into() })
    }
}

impl Encoding {
    /// Its name in metadata.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Encoding::None => "none",
            Encoding::Utf8 => "UTF8",
            Encoding::Ascii => "ASCII",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_order() {
        let bytes = [0xFE, 0xFF, 0x01, 0x80, 0xAA];
        assert_eq!(Integer::I16.in_network_order().read(&bytes), Some(-257));
        assert_eq!(Integer::U16.in_network_order().read(&bytes), Some(0xFEFF));
        let native = i32::from_ne_bytes([0xFE, 0xFF, 0x01, 0x80]);
        assert_eq!(Integer::I32.read(&bytes), Some(native.into()));
        assert_eq!(Integer::U64.read(&bytes), None);
        assert_eq!(Integer::U64.read(&[0xFF; 8]), Some(u64::MAX.into()));
    }
}
