//! How numbers lie in bytes, and what bytes mean as text.

use super::roles::Roles;

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
