//! A process's description of an event class, as traces have it.

use ust_core::protocol::ClassBody;
use ust_core::wire::{FieldType, Scalar};

/// The class of number `id` as traces describe it, in their first stream class.
pub fn to_ctf(body: &ClassBody<'_>, id: u32) -> ctf::metadata::EventClass {
    let field = |(name, ty): &(&str, FieldType)| ctf::metadata::Field {
        name: (*name).into(),
        ty: field_type(*ty),
    };
    ctf::metadata::EventClass {
        id,
        stream_id: 0,
        name: format!("{}:{}", body.provider, body.name),
        loglevel: body.level.into(),
        fields: body.fields.iter().map(field).collect(),
    }
}

fn field_type(ty: FieldType) -> ctf::metadata::FieldType {
    use ctf::metadata::FieldType as Ctf;
    match ty {
        FieldType::Scalar(element) => match scalar(element) {
            ctf::metadata::Scalar::Integer(integer) => Ctf::Integer(integer),
            ctf::metadata::Scalar::Float(float) => Ctf::Float(float),
        },
        FieldType::String => Ctf::String,
        FieldType::Array { element, length } => Ctf::Array { elem: scalar(element), len: length },
        FieldType::Sequence { element } => Ctf::Sequence { elem: scalar(element) },
    }
}

fn scalar(scalar: Scalar) -> ctf::metadata::Scalar {
    use ctf::metadata::{Float, Integer, Width};
    match scalar {
        Scalar::Float { bits: 32 } => ctf::metadata::Scalar::Float(Float::F32),
        Scalar::Float { .. } => ctf::metadata::Scalar::Float(Float::F64),
        Scalar::Integer { bits, signed, hex } => {
            let width = match bits {
                8 => Width::W8,
                16 => Width::W16,
                32 => Width::W32,
                _ => Width::W64,
            };
            let integer = Integer::new(width, signed);
            ctf::metadata::Scalar::Integer(if hex { integer.hex() } else { integer })
        }
    }
}
