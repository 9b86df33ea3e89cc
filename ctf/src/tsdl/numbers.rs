//! The attributes of numbers and texts: size, alignment, sign, base, byte order, encoding.
//!
//! ```text
//!   integer { size = 27; align = 1; map = clock.monotonic.value; }
//!   '-------- attributes, in any order; only size is required
//! ```

use std::collections::HashSet;

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
    once(attributes)?;
    for Attribute { name, value, at } in attributes {
        let cannot = || (*at, format!("an integer cannot have this `{name}`"));
        match (*name, value, value.word()) {
            ("size", Value::Int(bits @ 1..=64), _) => ty.bits = *bits as u32,
            ("align", Value::Int(align), _) => ty.align = alignment(*align, *at)?,
            ("signed", value, _) => ty.signed = truth(value).ok_or_else(cannot)?,
            ("base", value, _) => {
                ty.base = base(value).ok_or_else(|| (*at, "no such base".to_owned()))?
            }
            ("byte_order", _, Some(word)) => ty.byte_order = byte_order(word, native, *at)?,
            ("encoding", _, Some(word)) => ty.encoding = encoding(word, *at)?,
            // Which one is looked up where the integer is used.
            ("map", Value::Word(_) | Value::Path(_), _) => ty.is_clock = true,
            ("size" | "align" | "byte_order" | "encoding" | "map", ..) => return Err(cannot()),
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
    once(attributes)?;
    for Attribute { name, value, at } in attributes {
        match (*name, value, value.word()) {
            ("exp_dig", Value::Int(bits), _) => exponent = *bits,
            ("mant_dig", Value::Int(bits), _) => mantissa = *bits,
            ("align", Value::Int(bits), _) => align = alignment(*bits, *at)?,
            ("byte_order", _, Some(word)) => order = byte_order(word, native, *at)?,
            ("exp_dig" | "mant_dig" | "align" | "byte_order", ..) => {
                return Err((*at, format!("a floating point number cannot have this `{name}`")));
            }
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
        _ => Err((
            at,
            "expected one of the byte orders `le`, `be`, `network` and `native`".to_owned(),
        )),
    }
}

/// Reads `string { ... }`.
pub(super) fn string(attributes: &[Attribute<'_>]) -> Result<Encoding, Wrong> {
    once(attributes)?;
    let Some(Attribute { value, at, .. }) =
        attributes.iter().find(|attribute| attribute.name == "encoding")
    else {
        return Ok(Encoding::Utf8);
    };
    let word = value.word();
    word.map_or_else(
        || Err((*at, "a string cannot have this `encoding`".to_owned())),
        |word| encoding(word, *at),
    )
}

fn encoding(word: &str, at: usize) -> Result<Encoding, Wrong> {
    match word {
        "none" | "NONE" => Ok(Encoding::None),
        "ASCII" | "ascii" => Ok(Encoding::Ascii),
        "UTF8" | "utf8" | "UTF-8" | "utf-8" => Ok(Encoding::Utf8),
        _ => Err((at, "expected one of the encodings `none`, `ASCII` and `UTF8`".to_owned())),
    }
}

/// Refuses an attribute that stands twice.
fn once(attributes: &[Attribute<'_>]) -> Result<(), Wrong> {
    let mut seen = HashSet::with_capacity(attributes.len());
    for Attribute { name, at, .. } in attributes {
        if !seen.insert(*name) {
            return Err((*at, format!("`{name}` for the second time")));
        }
    }
    Ok(())
}

/// Yes or no.
pub(super) fn truth(value: &Value<'_>) -> Option<bool> {
    match (value, value.word()) {
        (Value::Int(number), _) => Some(*number != 0),
        (_, Some("true" | "TRUE")) => Some(true),
        (_, Some("false" | "FALSE")) => Some(false),
        _ => None,
    }
}

fn base(value: &Value<'_>) -> Option<u32> {
    match (value, value.word()) {
        (Value::Int(2), _) | (_, Some("binary" | "b")) => Some(2),
        (Value::Int(8), _) | (_, Some("octal" | "oct" | "o")) => Some(8),
        (Value::Int(10), _) | (_, Some("decimal" | "dec" | "d" | "i" | "u")) => Some(10),
        (Value::Int(16), _) | (_, Some("hexadecimal" | "hex" | "x" | "X" | "p")) => Some(16),
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
