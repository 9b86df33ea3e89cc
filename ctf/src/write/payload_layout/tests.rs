//! Payloads that fit their class, and payloads that do not.

use super::*;
use crate::write::metadata::{Encoding, Field, Float, Label};

const U8: FieldType = FieldType::Integer(Integer::U8);
const U32: FieldType = FieldType::Integer(Integer::U32);
const U64: FieldType = FieldType::Integer(Integer::U64);

fn layout(types: &[FieldType]) -> PayloadLayout {
    let field = |ty: &FieldType| Field { name: "x".to_owned(), ty: ty.clone() };
    PayloadLayout::of(&EventClass {
        id: 0,
        stream_id: 0,
        name: "a:b".to_owned(),
        loglevel: 6,
        source: String::new(),
        fields: types.iter().map(field).collect(),
    })
}

#[test]
fn fields_of_fixed_size_are_one_number() {
    let bytes = FieldType::array(U8, 4);
    let fixed = [U32, FieldType::Float(Float::F64), bytes];
    let layout = layout(&fixed);
    assert_eq!(layout.fixed_bytes(), Some(16));
    assert_eq!(layout.check(&[0; 16]), Ok(()));
    assert_eq!(layout.check(&[0; 15]), Err(PayloadError::Short));
    assert_eq!(layout.check(&[0; 19]), Err(PayloadError::Long(3)));
}

#[test]
fn a_class_without_fields_has_no_payload() {
    let layout = layout(&[]);
    assert_eq!(layout.fixed_bytes(), Some(0));
    assert_eq!(layout.check(&[]), Ok(()));
    assert_eq!(layout.check(&[0]), Err(PayloadError::Long(1)));
}

#[test]
fn texts_and_sequences_are_walked() {
    let layout = layout(&[
        FieldType::Integer(Integer::U16),
        FieldType::TEXT,
        FieldType::sequence(FieldType::Integer(Integer::I16)),
        FieldType::Float(Float::F32),
    ]);
    assert_eq!(layout.fixed_bytes(), None);
    let payload = |text: &[u8], count: u32, elements: usize, rest: usize| {
        let mut bytes = vec![1, 2];
        bytes.extend(text);
        bytes.extend(count.to_ne_bytes());
        bytes.resize(bytes.len() + 2 * elements + rest, 0xFF);
        bytes
    };
    assert_eq!(layout.check(&payload(b"text\0", 3, 3, 4)), Ok(()));
    assert_eq!(layout.check(&payload(b"\0", 0, 0, 4)), Ok(()));
    assert_eq!(layout.check(&payload(b"\xFF\xFE\0", 0, 0, 4)), Ok(()));
    assert_eq!(layout.check(&payload(b"\0", 3, 3, 3)), Err(PayloadError::Short));
    assert_eq!(layout.check(&payload(b"\0", 3, 4, 4)), Err(PayloadError::Long(2)));
    assert_eq!(layout.check(&payload(b"\0", 6, 3, 4)), Err(PayloadError::Elements(6)));
    let most = u32::MAX;
    assert_eq!(layout.check(&payload(b"\0", most, 3, 4)), Err(PayloadError::Elements(most)));
    assert_eq!(layout.check(&[1, 2, b'a', b'b']), Err(PayloadError::EndlessText));
    assert_eq!(layout.check(&[1]), Err(PayloadError::Short));
    assert_eq!(layout.check(&[1, 2, 0, 1, 0, 0]), Err(PayloadError::Short));
}

/// The metadata describe it as a sequence.
#[test]
fn an_array_of_nothing_is_a_count() {
    let layout = layout(&[FieldType::array(FieldType::Float(Float::F64), 0)]);
    assert_eq!(layout.check(&[0; 4]), Ok(()));
    assert_eq!(layout.check(&[]), Err(PayloadError::Short));
    assert_eq!(layout.check(&[1, 0, 0, 0]), Err(PayloadError::Elements(1)));
}

#[test]
fn sizes_that_no_record_has_do_not_wrap() {
    let long = |len| FieldType::array(U64, len);
    let layout = layout(&[long(u32::MAX), long(u32::MAX), long(1 << 29)]);
    assert_eq!(layout.fixed_bytes(), Some(u32::MAX as usize));
    assert_eq!(layout.check(&[0; 100]), Err(PayloadError::Short));
}

fn structure(types: &[FieldType]) -> FieldType {
    let field = |ty: &FieldType| Field { name: "x".to_owned(), ty: ty.clone() };
    FieldType::Struct(types.iter().map(field).collect())
}

fn choice(low: i128, high: i128, ty: FieldType) -> Choice {
    Choice { label: Label { name: "x".to_owned(), low, high }, ty }
}

#[test]
fn structures_of_fixed_size_are_one_number_with_what_is_beside_them() {
    let point = structure(&[U32, structure(&[U8, U8])]);
    let layout = layout(&[U8, FieldType::array(point, 3), U8]);
    assert_eq!(layout.fixed_bytes(), Some(20));
}

#[test]
fn elements_that_vary_are_walked_one_by_one() {
    let named = structure(&[U8, FieldType::String(Encoding::None)]);
    let counted = layout(&[FieldType::sequence(named.clone()), U8]);
    let repeated = layout(&[FieldType::array(named, 2), U8]);
    let elements = [1, b'a', 0, 2, 0];
    assert_eq!(repeated.check(&[&elements[..], &[9]].concat()), Ok(()));
    assert_eq!(repeated.check(&elements), Err(PayloadError::Short));
    let with_count = |count: u32| [&count.to_ne_bytes()[..], &elements, &[9]].concat();
    assert_eq!(counted.check(&with_count(2)), Ok(()));
    assert_eq!(counted.check(&with_count(1)), Err(PayloadError::Long(2)));
    assert_eq!(counted.check(&with_count(3)), Err(PayloadError::EndlessText));
    assert_eq!(counted.check(&with_count(7)), Err(PayloadError::Elements(7)));
}

#[test]
fn a_tag_says_what_lies_behind_it() {
    let tag = Integer::I16.in_network_order();
    let choices = vec![
        choice(5, 300, U32),
        choice(-2, -1, structure(&[])),
        choice(0, 0, FieldType::sequence(U8)),
    ];
    let layout = layout(&[FieldType::Variant { tag, choices }, U8]);
    assert_eq!(layout.fixed_bytes(), None);
    let payload = |tag: i16, rest: &[u8]| [&tag.to_be_bytes()[..], rest].concat();
    for (tag, rest, expected) in [
        (-2, &[9][..], Ok(())),
        (-1, &[9], Ok(())),
        (5, &[0, 0, 0, 0, 9], Ok(())),
        (300, &[0, 0, 0, 0, 9], Ok(())),
        (300, &[0, 0, 0, 9], Err(PayloadError::Short)),
        (-3, &[9], Err(PayloadError::Tag(-3))),
        (1, &[9], Err(PayloadError::Tag(1))),
        (301, &[9], Err(PayloadError::Tag(301))),
    ] {
        assert_eq!(layout.check(&payload(tag, rest)), expected, "{tag}");
    }
    let one = [&1_u32.to_ne_bytes()[..], &[7, 9]].concat();
    assert_eq!(layout.check(&payload(0, &one)), Ok(()));
    assert_eq!(layout.check(&[0]), Err(PayloadError::Short));
}
