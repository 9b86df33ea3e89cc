//! Random event classes, with every type within every other, and payloads of them.

use crate::write::metadata::{
    Base, ByteOrder, Choice, Encoding, EventClass, Field, FieldType, Float, Integer, Label, Width,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Names that clash, that cannot stand alone, and that readers change.
const NAMES: [&str; 9] = ["x", "_x", "x_length", "_x_length", "x_tag", "value", "int", "größe", ""];

/// Places that readers must find again as they are.
const SOURCES: [&str; 4] = ["", "src/main.rs:12", "a\\b \"c\".rs:1", "größe.rs:4294967295"];

/// Any class.
pub fn any_class() -> impl Strategy<Value = EventClass> {
    let fields = proptest::collection::vec((name(), any_type()), 0..5);
    (select(&SOURCES[..]), fields).prop_map(|(source, fields)| EventClass {
        id: 3,
        stream_id: 0,
        name: "any:class".to_owned(),
        loglevel: 6,
        source: source.to_owned(),
        fields: fields.into_iter().map(|(name, ty)| Field { name, ty }).collect(),
    })
}

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

fn any_type() -> impl Strategy<Value = FieldType> {
    let labels = proptest::collection::vec((name(), 0..100_i128, 0..20_i128), 1..4);
    let leaf = prop_oneof![
        any_integer().prop_map(FieldType::Integer),
        select(vec![Float::F32, Float::F64]).prop_map(FieldType::Float),
        any_encoding().prop_map(FieldType::String),
        (any_integer(), labels).prop_map(|(container, labels)| {
            let label = |(name, low, more)| Label { name, low, high: low + more };
            let labels = labels.into_iter().map(label).collect();
            FieldType::Enumeration { container: plain(container), labels }
        }),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        let members = proptest::collection::vec((name(), inner.clone()), 1..4);
        let choices = proptest::collection::vec((name(), 0..9_i128, inner.clone()), 1..4);
        prop_oneof![
            (inner.clone(), 0..4_u32).prop_map(|(elem, len)| FieldType::array(elem, len)),
            inner.prop_map(FieldType::sequence),
            members.prop_map(|members| {
                let member = |(name, ty)| Field { name, ty };
                FieldType::Struct(members.into_iter().map(member).collect())
            }),
            (any_integer(), choices).prop_map(|(tag, choices)| variant(plain(tag), choices)),
        ]
    })
}

/// Choices whose tags do not overlap; the first is nothing at all.
fn variant(tag: Integer, types: Vec<(String, i128, FieldType)>) -> FieldType {
    let nothing = ("none".to_owned(), 0, FieldType::Struct(vec![]));
    let mut low = 0;
    let choice = |(name, more, ty)| {
        let label = Label { name, low, high: low + more };
        low += more + 2;
        Choice { label, ty }
    };
    FieldType::Variant { tag, choices: std::iter::once(nothing).chain(types).map(choice).collect() }
}

fn any_integer() -> impl Strategy<Value = Integer> {
    let width = select(vec![Width::W8, Width::W16, Width::W32, Width::W64]);
    let base = select(vec![Base::Binary, Base::Octal, Base::Decimal, Base::Hexadecimal]);
    (width, any::<bool>(), base, any::<bool>(), any_encoding()).prop_map(
        |(width, signed, base, is_network, encoding)| Integer {
            width,
            signed,
            base,
            byte_order: if is_network { ByteOrder::Network } else { ByteOrder::Native },
            encoding: match width {
                Width::W8 => encoding,
                Width::W32 if !signed && encoding == Encoding::Utf8 => encoding,
                _ => Encoding::None,
            },
        },
    )
}

/// An integer that is no character.
fn plain(integer: Integer) -> Integer {
    Integer { encoding: Encoding::None, ..integer }
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    select(vec![Encoding::None, Encoding::Utf8, Encoding::Ascii])
}

/// The bytes of random values.
pub fn payload(class: &EventClass, seed: u64) -> Vec<u8> {
    let (mut random, mut bytes) = (Random(seed | 1), Vec::new());
    class.fields.iter().for_each(|field| random.push(&field.ty, &mut bytes));
    bytes
}

struct Random(u64);

impl Random {
    /// Xorshift.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn push(&mut self, ty: &FieldType, bytes: &mut Vec<u8>) {
        match ty {
            FieldType::Integer(ty) | FieldType::Enumeration { container: ty, .. } => {
                let value = self.below(u64::MAX);
                push_integer(*ty, value.into(), bytes);
            }
            FieldType::Float(Float::F32) => bytes.extend(1.5_f32.to_ne_bytes()),
            FieldType::Float(Float::F64) => bytes.extend((-0.25_f64).to_ne_bytes()),
            FieldType::String(_) => {
                let len = self.below(4);
                bytes.extend((0..len).map(|_| b'a' + self.below(20) as u8));
                bytes.push(0);
            }
            FieldType::Array { elem, len } if *len > 0 => {
                (0..*len).for_each(|_| self.push(elem, bytes));
            }
            FieldType::Array { .. } => bytes.extend(0_u32.to_ne_bytes()),
            FieldType::Sequence { elem } => {
                let count = self.below(4) as u32;
                bytes.extend(count.to_ne_bytes());
                (0..count).for_each(|_| self.push(elem, bytes));
            }
            FieldType::Struct(members) => {
                members.iter().for_each(|member| self.push(&member.ty, bytes));
            }
            FieldType::Variant { tag, choices } => {
                let Choice { label, ty } = &choices[self.below(choices.len() as u64) as usize];
                let within = self.below((label.high - label.low + 1) as u64);
                push_integer(*tag, label.low + i128::from(within), bytes);
                self.push(ty, bytes);
            }
        }
    }
}

fn push_integer(ty: Integer, value: i128, bytes: &mut Vec<u8>) {
    let big_endian = value.to_be_bytes();
    let value = big_endian[16 - ty.size_bytes()..].iter().copied();
    let is_big = ty.byte_order == ByteOrder::Network || cfg!(target_endian = "big");
    if is_big { bytes.extend(value) } else { bytes.extend(value.rev()) }
}
