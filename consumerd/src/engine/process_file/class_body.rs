//! Translates a process's description of an event class to the form of traces.

use ctf::write::metadata;
use ust_core::protocol::ClassBody;
use ust_core::wire::{Base, ByteOrder, Encoding, FieldType, Integer, Label};

/// Class number `id` as traces describe it, in their first stream class.
pub fn to_ctf(body: &ClassBody<'_>, id: u32) -> metadata::EventClass {
    metadata::EventClass {
        id,
        stream_id: 0,
        name: format!("{}:{}", body.provider, body.name),
        loglevel: body.level.into(),
        source: body.source(),
        fields: body.fields.iter().map(|(name, ty)| field(name, ty)).collect(),
    }
}

fn field(name: &str, ty: &FieldType) -> metadata::Field {
    metadata::Field { name: name.into(), ty: field_type(ty) }
}

/// The type is within the bounds of a class, so the recursion is too.
fn field_type(ty: &FieldType) -> metadata::FieldType {
    use metadata::FieldType as Ctf;
    match ty {
        FieldType::Integer(ty) => Ctf::Integer(integer(*ty)),
        FieldType::Float { bits: 32 } => Ctf::Float(metadata::Float::F32),
        FieldType::Float { .. } => Ctf::Float(metadata::Float::F64),
        FieldType::Enumeration { container, labels } => {
            let labels = labels.iter().map(label).collect();
            Ctf::Enumeration { container: integer(*container), labels }
        }
        FieldType::String { encoding: ty } => Ctf::String(encoding(*ty)),
        FieldType::Array { element, length } => Ctf::array(field_type(element), *length),
        FieldType::Sequence { element } => Ctf::sequence(field_type(element)),
        FieldType::Structure { members } => {
            Ctf::Struct(members.iter().map(|member| field(&member.name, &member.ty)).collect())
        }
        FieldType::Variant { tag, choices } => {
            let choices = choices.iter().map(|choice| metadata::Choice {
                label: label(&choice.label),
                ty: field_type(&choice.ty),
            });
            Ctf::Variant { tag: integer(*tag), choices: choices.collect() }
        }
    }
}

fn label(Label { name, low, high }: &Label) -> metadata::Label {
    metadata::Label { name: (**name).into(), low: *low, high: *high }
}

fn integer(ty: Integer) -> metadata::Integer {
    metadata::Integer {
        width: match ty.bits {
            8 => metadata::Width::W8,
            16 => metadata::Width::W16,
            32 => metadata::Width::W32,
            _ => metadata::Width::W64,
        },
        signed: ty.signed,
        base: match ty.base {
            Base::Binary => metadata::Base::Binary,
            Base::Octal => metadata::Base::Octal,
            Base::Decimal => metadata::Base::Decimal,
            Base::Hexadecimal => metadata::Base::Hexadecimal,
        },
        byte_order: match ty.byte_order {
            ByteOrder::Native => metadata::ByteOrder::Native,
            ByteOrder::Network => metadata::ByteOrder::Network,
        },
        encoding: encoding(ty.encoding),
    }
}

fn encoding(encoding: Encoding) -> metadata::Encoding {
    match encoding {
        Encoding::None => metadata::Encoding::None,
        Encoding::Utf8 => metadata::Encoding::Utf8,
        Encoding::Ascii => metadata::Encoding::Ascii,
    }
}
