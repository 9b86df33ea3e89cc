//! What a tracepoint of C declares, as the registry takes it.

use super::header::{
    ARRAY, BASE, BINARY, Callsite, FLOAT, Field, HEXADECIMAL, KIND, NETWORK, OCTAL, SEQUENCE,
    SIGNED, TEXT,
};
use core::ffi::{CStr, c_char};
use ust::Level;
use ust::dynamic::{self, Base, ByteOrder, Description, FieldType, Integer};

/// The description of a callsite.
///
/// # Safety
/// The header made the callsite.
pub unsafe fn described(callsite: &Callsite) -> Description {
    // SAFETY: the caller's promise.
    unsafe {
        let fields = callsite.fields().iter();
        Description {
            provider: text(callsite.provider),
            name: text(callsite.name),
            level: level(callsite.level),
            file: text(callsite.file),
            line: callsite.line,
            fields: fields.map(|field| (text(field.name), field_type(field))).collect(),
        }
    }
}

/// A level that this version does not know is less urgent than all others.
fn level(number: u32) -> Level {
    Level::ALL.get(number as usize).copied().unwrap_or(Level::Debug)
}

unsafe fn field_type(field: &Field) -> FieldType {
    // SAFETY: the caller's promise.
    let one = unsafe { type_of_each(field) };
    match field.kind & (ARRAY | SEQUENCE) {
        ARRAY => FieldType::array(one, field.length),
        SEQUENCE => FieldType::sequence(one),
        _ => one,
    }
}

unsafe fn type_of_each(field: &Field) -> FieldType {
    let bits = (field.bytes * 8) as u8;
    let number = match field.kind & KIND {
        TEXT => return FieldType::TEXT,
        FLOAT => return FieldType::Float { bits },
        SIGNED => Integer::signed(bits),
        _ => Integer::unsigned(bits),
    };
    let base = match field.kind & BASE {
        HEXADECIMAL => Base::Hexadecimal,
        OCTAL => Base::Octal,
        BINARY => Base::Binary,
        _ => Base::Decimal,
    };
    let byte_order = if field.kind & NETWORK != 0 { ByteOrder::Network } else { ByteOrder::Native };
    let number = Integer { base, byte_order, ..number };
    // SAFETY: the caller's promise.
    let labels = unsafe { field.labels() };
    if labels.is_empty() {
        return FieldType::Integer(number);
    }
    let labels = labels.iter().map(|label| dynamic::Label {
        // SAFETY: as above.
        name: unsafe { text(label.name) }.as_str().into(),
        low: value(label.low, number),
        high: value(label.high, number),
    });
    // A label that no value can have would make the class invalid.
    let (lowest, highest) = number.range();
    let can_be = |it: &dynamic::Label| lowest <= it.low && it.low <= it.high && it.high <= highest;
    let labels: Vec<_> = labels.filter(can_be).collect();
    FieldType::Enumeration { container: number, labels: labels.into() }
}

/// The header has no wider type than this for both kinds of numbers.
fn value(value: i64, number: Integer) -> i128 {
    if number.signed { value.into() } else { (value as u64).into() }
}

/// Text of a literal. What is no UTF-8 is replaced: metadata is UTF-8.
unsafe fn text(text: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
