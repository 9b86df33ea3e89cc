//! Values that were read: numbers, text, and values made of them.

use std::sync::Arc;

use crate::schema::{BitsType, EnumType, IntegerType};

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number without sign.
    Unsigned {
        /// The number.
        value: u64,
        /// Its size.
        bits: u8,
        /// 2, 8, 10 or 16: how users want to see it.
        base: u8,
    },
    /// A number with sign.
    Signed {
        /// The number.
        value: i64,
        /// Its size: in any base but 10 it is shown as two's complement.
        bits: u8,
        /// 2, 8, 10 or 16: how users want to see it.
        base: u8,
    },
    /// A character of Unicode, by its number: a 32-bit number whose `encoding` is UTF8. It may be no
    /// number that Unicode has.
    Character(u32),
    /// A floating point number.
    Float {
        /// The number; a number of 32 bits is exact as well.
        value: f64,
        /// Its size, 32 or 64.
        bits: u8,
    },
    /// Bits that are no number; the lowest is the first.
    Bits {
        /// What they mean.
        ty: Arc<BitsType>,
        /// The bits.
        value: u64,
    },
    /// A truth value.
    Truth(bool),
    /// Text, without NUL: as it was written, UTF-8 or not, or brought from another encoding into UTF-8.
    Text(Vec<u8>),
    /// A number with names.
    Enum {
        /// The names.
        ty: Arc<EnumType>,
        /// The number.
        value: i128,
    },
    /// Bytes as they are.
    Blob(Vec<u8>),
    /// A field that may not be there.
    Optional(Option<Box<Value>>),
    /// The option that was chosen.
    Variant {
        /// Its name.
        option: Arc<str>,
        /// Its place among all options, of which several may have one name.
        place: usize,
        /// Its value.
        value: Box<Value>,
    },
    /// Fields.
    Struct(Vec<(Arc<str>, Value)>),
    /// Elements.
    Array(Vec<Value>),
}

impl Value {
    /// A number of this type whose bits are `raw`.
    pub(super) fn integer(ty: &IntegerType, raw: u64) -> Value {
        let (bits, base) = (ty.bits as u8, ty.base as u8);
        if ty.is_code_point() {
            return Value::Character(raw as u32);
        }
        if ty.signed {
            // Shifted up to the top and down again, which extends the sign.
            let unused = 64 - ty.bits;
            Value::Signed { value: (raw << unused) as i64 >> unused, bits, base }
        } else {
            Value::Unsigned { value: raw, bits, base }
        }
    }

    /// The number, if it is a whole one.
    pub fn as_integer(&self) -> Option<i128> {
        match self {
            Value::Unsigned { value, .. } => Some(i128::from(*value)),
            Value::Signed { value, .. } => Some(i128::from(*value)),
            Value::Character(number) => Some(i128::from(*number)),
            Value::Enum { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is a whole one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_integer()?).ok()
    }

    /// The text; what is not UTF-8 is replaced.
    pub fn as_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Value::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    /// The fields, if it is a structure, or a variant or an optional field whose value is one.
    pub fn fields(&self) -> &[(Arc<str>, Value)] {
        match self {
            Value::Struct(fields) => fields,
            Value::Variant { value, .. } | Value::Optional(Some(value)) => value.fields(),
            _ => &[],
        }
    }

    /// The field with this name, as it is in the metadata.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields().iter().find(|(field, _)| &**field == name).map(|(_, value)| value)
    }
}
