//! What a reader has to know of a field in order to find its bytes.
//!
//! ```text
//!  Scalar      Integer { bits, signed, hex }     bits / 8 bytes
//!              Float { bits }                    bits / 8 bytes
//!
//!  FieldType   Scalar(s)                         s
//!              String                            bytes, 0
//!              Array { element, length }         element * length
//!              Sequence { element }              count: u32, element * count
//! ```
//!
//! Each variant is one declaration of CTF's metadata language. Elements are scalars only, so a
//! description is two levels deep at most and needs no heap: it is a constant in the traced program, and
//! is small when it is sent.

use serde::{Deserialize, Serialize};

/// A value of fixed size that is read as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scalar {
    /// A two's complement or unsigned integer: 8, 16, 32 or 64 bits.
    Integer {
        /// Size in bits.
        bits: u8,
        /// Whether it is two's complement.
        signed: bool,
        /// Whether viewers should show it in base 16.
        hex: bool,
    },
    /// An IEEE 754 number: 32 or 64 bits.
    Float {
        /// Size in bits.
        bits: u8,
    },
}

impl Scalar {
    /// The bytes that each such value takes.
    pub const fn size_bytes(self) -> usize {
        match self {
            Scalar::Integer { bits, .. } | Scalar::Float { bits } => bits as usize / 8,
        }
    }
}

/// How a field lies in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FieldType {
    /// One integer or floating-point number.
    Scalar(Scalar),
    /// UTF-8 (a `&CStr`: whatever it holds), ended by a zero byte.
    String,
    /// As many elements in every record.
    Array {
        /// What each element is.
        element: Scalar,
        /// How many there are: never 0, which not every reader accepts.
        length: u32,
    },
    /// A `u32` count and that many elements.
    Sequence {
        /// What each element is.
        element: Scalar,
    },
}
