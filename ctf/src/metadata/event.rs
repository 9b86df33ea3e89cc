//! An event class's block.

use super::checksum;
use super::integer::integer;
use super::names::{Names, literal, user_field};
use super::types::{EventClass, FieldType, Float, Integer, Scalar};

/// The levels that readers have a name for.
const LOGLEVEL_MIN: i32 = 0;
const LOGLEVEL_MAX: i32 = 14;

/// The metadata of one event class. It must stand behind the [`preamble`](super::preamble()), and
/// be in the file before a packet with such an event is: readers refuse ids that they do not know.
pub fn event(class: &EventClass) -> String {
    let mut names = Names::default();
    let mut fields = String::new();
    for field in &class.fields {
        let counted =
            matches!(field.ty, FieldType::Sequence { .. } | FieldType::Array { len: 0, .. });
        let length = |name: &str| counted.then(|| length_name(name));
        let name = names.claim(&user_field(&field.name), length);
        fields.push_str(&declaration(&name, field.ty));
    }
    // Readers warn of a level that they do not know, and refuse the whole trace for one below zero.
    let loglevel = match class.loglevel {
        level @ LOGLEVEL_MIN..=LOGLEVEL_MAX => format!("    loglevel = {level};\n"),
        _ => String::new(),
    };
    checksum::sealed(format!(
        "event {{
    name = {name};
    id = {id};
    stream_id = {stream_id};
{loglevel}    fields := struct {{
{fields}    }};
}};
",
        name = literal(&class.name),
        id = class.id,
        stream_id = class.stream_id,
    ))
}

fn length_name(name: &str) -> String {
    format!("_{name}_length")
}

/// A field's declaration; that of a sequence begins with its length.
pub(super) fn declaration(name: &str, ty: FieldType) -> String {
    match ty {
        FieldType::Integer(ty) => format!("        {} {name};\n", integer(ty)),
        FieldType::Float(ty) => format!("        {} {name};\n", float(ty)),
        FieldType::String => format!("        string {{ encoding = UTF8; }} {name};\n"),
        FieldType::Array { elem, len } if len > 0 => {
            format!("        {} {name}[{len}];\n", scalar(elem))
        }
        FieldType::Array { elem, .. } | FieldType::Sequence { elem } => {
            let length = length_name(name);
            format!(
                "        {} {length};\n        {} {name}[{length}];\n",
                integer(Integer::U32),
                scalar(elem)
            )
        }
    }
}

fn scalar(ty: Scalar) -> String {
    match ty {
        Scalar::Integer(ty) => integer(ty),
        Scalar::Float(ty) => float(ty),
    }
}

fn float(ty: Float) -> String {
    let (exponent, mantissa) = match ty {
        Float::F32 => (8, 24),
        Float::F64 => (11, 53),
    };
    format!("floating_point {{ exp_dig = {exponent}; mant_dig = {mantissa}; align = 8; }}")
}
