//! Types that only CTF 2 has: bits with a meaning, texts in other encodings, and bytes as they are.

use std::sync::Arc;

use super::labels::Labels;
use super::numbers::{ByteOrder, IntegerType};
use super::path::Path;
use super::roles::Roles;

/// Bits that are no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitsType {
    /// How they lie: as an unsigned number does, whose lowest bit is the first.
    pub number: IntegerType,
    /// What they mean.
    pub meaning: Meaning,
}

/// What bits mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing that the metadata says.
    Bits,
    /// A name is in force if a bit is set whose index is in its ranges.
    Flags(Labels),
    /// False if no bit is set, true otherwise.
    Truth,
}

/// Text whose end a NUL or a length says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextType {
    /// What its bytes mean.
    pub encoding: TextEncoding,
    /// Its bytes, of which those behind a NUL are padding. `None` if it ends with a NUL.
    pub length: Option<Length>,
}

/// Which bytes are which character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-16 in either byte order.
    Utf16(ByteOrder),
    /// UTF-32 in either byte order.
    Utf32(ByteOrder),
}

/// Bytes as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobType {
    /// How many there are.
    pub length: Length,
    /// What they are: an IANA media type.
    pub media_type: Arc<str>,
    /// What they say of the packet.
    pub roles: Roles,
}

/// A number of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// Always the same.
    Fixed(u64),
    /// An integer that is read before.
    Field(Path),
}

impl TextEncoding {
    /// Bytes of its units: of the NUL that ends a text, for example.
    pub const fn unit_bytes(self) -> usize {
        match self {
            TextEncoding::Utf8 => 1,
            TextEncoding::Utf16(_) => 2,
            TextEncoding::Utf32(_) => 4,
        }
    }
}
