//! Event classes as their writer described them, from the types that metadata was read as.
//!
//! Two processes of one program have the same classes under numbers of their own; described, they compare equal.

use crate::metadata::{Base, EventClass, Field, FieldType, Float, Integer, Scalar, Width};
use crate::tsdl::{ByteOrder, EventType, Fields, IntegerType, Type};

/// The class, with number 0; `None` if this library would not have described it so.
pub(super) fn described(class: &EventType) -> Option<EventClass> {
    let fields = match &class.fields {
        Some(Type::Struct(ty)) if class.context.is_none() => fields(&ty.fields)?,
        _ => return None,
    };
    Some(EventClass {
        id: 0,
        stream_id: 0,
        name: class.name.clone(),
        // None is written for levels that readers do not know.
        loglevel: class.loglevel.and_then(|level| i32::try_from(level).ok()).unwrap_or(-1),
        fields,
    })
}

fn fields(fields: &Fields) -> Option<Vec<Field>> {
    let mut described = Vec::new();
    let mut length: Option<&str> = None;
    for (index, (name, ty)) in fields.iter().enumerate() {
        if let Some((_, Type::Sequence { len, .. })) = fields.get(index + 1)
            && len.scope.is_none()
            && len.name == *name
            && scalar(ty) == Some(Scalar::Integer(Integer::U32))
        {
            length = Some(name);
            continue;
        }
        let ty = match ty {
            Type::Sequence { elem, len } if length.take() == Some(&len.name) => {
                FieldType::Sequence { elem: scalar(elem)? }
            }
            Type::Array { elem, len } => {
                FieldType::Array { elem: scalar(elem)?, len: u32::try_from(*len).ok()? }
            }
            Type::String => FieldType::String,
            ty => match scalar(ty)? {
                Scalar::Integer(ty) => FieldType::Integer(ty),
                Scalar::Float(ty) => FieldType::Float(ty),
            },
        };
        // Written again, the name gets its underscore back.
        described.push(Field { name: name.strip_prefix('_')?.to_owned(), ty });
    }
    Some(described)
}

fn scalar(ty: &Type) -> Option<Scalar> {
    match ty {
        Type::Integer(ty) => integer(ty).map(Scalar::Integer),
        Type::Float(ty) if ty.align == 8 && is_native(ty.byte_order) => match ty.bits {
            32 => Some(Scalar::Float(Float::F32)),
            64 => Some(Scalar::Float(Float::F64)),
            _ => None,
        },
        _ => None,
    }
}

fn integer(ty: &IntegerType) -> Option<Integer> {
    let width = match ty.bits {
        8 => Width::W8,
        16 => Width::W16,
        32 => Width::W32,
        64 => Width::W64,
        _ => return None,
    };
    let base = match ty.base {
        10 => Base::Decimal,
        16 => Base::Hexadecimal,
        _ => return None,
    };
    let is_plain = ty.align == 8 && is_native(ty.byte_order) && !ty.is_text && !ty.is_clock;
    is_plain.then_some(Integer { width, signed: ty.signed, base })
}

fn is_native(byte_order: ByteOrder) -> bool {
    byte_order == if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big }
}
