//! The attributes of numbers and texts: size, alignment, sign, base, byte order, encoding.
//!
//! ```text
//!   integer { size = 27; align = 1; map = clock.monotonic.value; }
//!   '-------- attributes, in any order; only size is required
//! ```

use super::ast::{Attribute, Value, Wrong};
use crate::schema::Encoding;
use crate::schema::{ByteOrder, FloatType, IntegerType, Roles};

/// Reads `integer { ... }`; `native` is the trace's byte order.
pub(super) fn integer(
    attributes: &[Attribute<'_>],
    native: ByteOrder,
    at: usize,
) -> Result<IntegerType, Wrong> {
    let mut ty = IntegerType {
        bits: 0,
        align: 0,
        signed: false,
        base: 10,
        byte_order: native,
        encoding: Encoding::None,
        is_clock: false,
        is_reversed: false,
        roles: Roles::NONE,
    };
    for Attribute { name, value, at } in attributes {
        match (*name, value) {
            ("size", Value::Int(bits @ 1..=64)) => ty.bits = *bits as u32,
            ("align", Value::Int(align)) => ty.align = alignment(*align, *at)?,
            ("signed", Value::Int(signed)) => ty.signed = *signed != 0,
            ("signed", Value::Word("true" | "TRUE")) => ty.signed = true,
            ("signed", Value::Word("false" | "FALSE")) => ty.signed = false,
            ("base", value) => {
                ty.base = base(value).ok_or_else(|| (*at, "no such base".to_owned()))?
            }
            ("byte_order", Value::Word(word)) => ty.byte_order = byte_order(word, native, *at)?,
            ("encoding", Value::Word(word)) => ty.encoding = encoding(word),
            ("map", Value::Path(path)) => ty.is_clock = path.starts_with("clock."),
            ("size" | "align" | "signed" | "byte_order" | "encoding", _) => {
                return Err((*at, format!("an integer cannot have this `{name}`")));
            }
            // Attributes of later writers are no reason to refuse their traces.
            _ => {}
        }
    }
    if ty.bits == 0 {
        return Err((at, "an integer needs a `size`".to_owned()));
    }
    if ty.align == 0 {
        ty.align = default_align(ty.bits);
    }
    Ok(ty)
}

/// Reads `floating_point { ... }`; `native` is the trace's byte order.
pub(super) fn float(
    attributes: &[Attribute<'_>],
    native: ByteOrder,
    at: usize,
) -> Result<FloatType, Wrong> {
    let (mut exponent, mut mantissa, mut align, mut order) = (0, 0, 0, native);
    for Attribute { name, value, at } in attributes {
        match (*name, value) {
            ("exp_dig", Value::Int(bits)) => exponent = *bits,
            ("mant_dig", Value::Int(bits)) => mantissa = *bits,
            ("align", Value::Int(bits)) => align = alignment(*bits, *at)?,
            ("byte_order", Value::Word(word)) => order = byte_order(word, native, *at)?,
            _ => {}
        }
    }
    let bits = match (exponent, mantissa) {
        (8, 24) => 32,
        (11, 53) => 64,
        _ => {
            return Err((
                at,
                "only floating point numbers of 8 + 24 or 11 + 53 bits are known".to_owned(),
            ));
        }
    };
    Ok(FloatType {
        bits,
        align: if align == 0 { default_align(bits) } else { align },
        byte_order: order,
        is_reversed: false,
    })
}

/// The byte order that a word names; `native` is the trace's, once that is known.
pub(super) fn byte_order(
    word: &str,
    native: impl Into<Option<ByteOrder>>,
    at: usize,
) -> Result<ByteOrder, Wrong> {
    match (word, native.into()) {
        ("le", _) => Ok(ByteOrder::Little),
        ("be" | "network", _) => Ok(ByteOrder::Big),
        ("native", Some(native)) => Ok(native),
        _ => Err((at, format!("`{word}` is no byte order"))),
    }
}

/// Reads `string { ... }`.
pub(super) fn string(attributes: &[Attribute<'_>]) -> Encoding {
    let word = attributes.iter().find_map(|attribute| match attribute.value {
        Value::Word(word) if attribute.name == "encoding" => Some(word),
        _ => None,
    });
    word.map_or(Encoding::Utf8, encoding)
}

/// The encoding that a word names. An encoding that CTF does not have is text too; bytes that are not UTF-8 are noticed
/// when they are read.
fn encoding(word: &str) -> Encoding {
    match word {
        "none" | "NONE" => Encoding::None,
        "ASCII" | "ascii" => Encoding::Ascii,
        _ => Encoding::Utf8,
    }
}

fn base(value: &Value<'_>) -> Option<u32> {
    match value {
        Value::Int(2) | Value::Word("binary" | "b") => Some(2),
        Value::Int(8) | Value::Word("octal" | "oct" | "o") => Some(8),
        Value::Int(10) | Value::Word("decimal" | "dec" | "d" | "i" | "u") => Some(10),
        Value::Int(16) | Value::Word("hexadecimal" | "hex" | "x" | "X" | "p") => Some(16),
        _ => None,
    }
}

fn default_align(bits: u32) -> u32 {
    if bits.is_multiple_of(8) { 8 } else { 1 }
}

/// An alignment in bits, if the number is one.
pub(super) fn alignment(align: i128, at: usize) -> Result<u32, Wrong> {
    match u32::try_from(align) {
        Ok(align) if align.is_power_of_two() && align <= 1 << 16 => Ok(align),
        _ => Err((at, format!("{align} is no alignment"))),
    }
}
