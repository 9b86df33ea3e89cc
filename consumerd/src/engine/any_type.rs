//! Random field types within the bounds of a class, and values of them.
#![cfg(test)]

use ust_core::wire::{Base, ByteOrder, Choice, Encoding, FieldType, Integer, Label, Member};

/// Names that mean something in TSDL, in C strings or at a terminal, or nothing at all.
pub const NAMES: [&str; 20] = [
    "",
    "x",
    "x",
    "_x",
    "__x_length",
    "_x_length",
    "event",
    "stream",
    "struct",
    "id",
    "timestamp",
    "int",
    "größe in m²",
    "\"",
    "\\",
    "\\\"};\n};",
    "*/",
    "/* CTF 1.8 */",
    "\u{1b}[31m\0\n",
    "v",
];

/// A type that nests at most `depth` types deep.
pub fn any_type(depth: usize, random: &mut fastrand::Rng) -> FieldType {
    let within = |random: &mut fastrand::Rng| any_type(depth - 1, random);
    let name = |random: &mut fastrand::Rng| (*random.choice(&NAMES).unwrap()).into();
    match random.u8(..if depth > 1 { 10 } else { 5 }) {
        0 | 1 => FieldType::Integer(any_integer(random)),
        2 => FieldType::Float { bits: *random.choice(&[32, 64]).unwrap() },
        3 => FieldType::String { encoding: any_encoding(random) },
        4 => {
            let label = |_| Label { name: name(random), low: 3, high: 3 + random.i128(..20) };
            let labels: Vec<_> = (0..4).map(label).collect();
            FieldType::Enumeration { container: number_of(random), labels: labels.into() }
        }
        5 if random.u8(..30) == 0 => FieldType::array(within(random), u32::MAX),
        5 => FieldType::array(within(random), random.u32(..4)),
        6 | 7 => FieldType::sequence(within(random)),
        8 => {
            let mut member = |_| Member { name: name(random), ty: within(random).into() };
            let members: Vec<_> = (0..3).map(&mut member).collect();
            FieldType::Structure { members: members.into() }
        }
        _ => {
            let mut choice = |tag: i128| Choice {
                label: Label {
                    name: name(random),
                    low: 10 * tag,
                    high: 10 * tag + random.i128(..9),
                },
                ty: if tag == 0 { FieldType::NOTHING.into() } else { within(random).into() },
            };
            let choices: Vec<_> = (0..3).map(&mut choice).collect();
            FieldType::Variant { tag: number_of(random), choices: choices.into() }
        }
    }
}

fn any_integer(random: &mut fastrand::Rng) -> Integer {
    let number = number_of(random);
    match number.bits {
        8 => Integer { encoding: any_encoding(random), ..number },
        _ => number,
    }
}

/// An integer that is no character.
fn number_of(random: &mut fastrand::Rng) -> Integer {
    let bases = [Base::Binary, Base::Octal, Base::Decimal, Base::Hexadecimal];
    Integer {
        bits: *random.choice(&[8, 16, 32, 64]).unwrap(),
        signed: random.bool(),
        base: *random.choice(&bases).unwrap(),
        byte_order: if random.bool() { ByteOrder::Native } else { ByteOrder::Network },
        encoding: Encoding::None,
    }
}

fn any_encoding(random: &mut fastrand::Rng) -> Encoding {
    *random.choice(&[Encoding::None, Encoding::Utf8, Encoding::Ascii]).unwrap()
}

/// A payload of these types, as its writer should write it.
pub fn payload(types: &[FieldType], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    types.iter().for_each(|ty| push(ty, random, &mut bytes));
    bytes
}

fn push(ty: &FieldType, random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    match ty {
        FieldType::Integer(Integer { bits, .. })
        | FieldType::Enumeration { container: Integer { bits, .. }, .. }
        | FieldType::Float { bits } => bytes.extend((0..bits / 8).map(|_| random.u8(..))),
        FieldType::String { .. } => {
            bytes.extend((0..random.usize(..20)).map(|_| random.u8(1..)));
            bytes.push(0);
        }
        // An array of length 0 is a sequence; one that is too long cannot be written.
        FieldType::Array { length: 0 | u32::MAX, .. } => bytes.extend([0; 4]),
        FieldType::Array { element, length } => {
            (0..*length).for_each(|_| push(element, random, bytes));
        }
        FieldType::Sequence { element } => {
            let count = random.u32(..4);
            bytes.extend(count.to_ne_bytes());
            (0..count).for_each(|_| push(element, random, bytes));
        }
        FieldType::Structure { members } => {
            members.iter().for_each(|member| push(&member.ty, random, bytes));
        }
        FieldType::Variant { tag, choices } => {
            let choice = random.choice(choices.iter()).unwrap();
            let (place, is_big) = (bytes.len(), tag.byte_order == ByteOrder::Network);
            bytes.resize(place + tag.size_bytes(), 0);
            // Tags are small.
            let last = if is_big || cfg!(target_endian = "big") { bytes.len() - 1 } else { place };
            bytes[last] = choice.label.high as u8;
            push(&choice.ty, random, bytes);
        }
    }
}
