//! Event classes as their writer described them, from the types that metadata was read as.
//!
//! Two processes of one program have the same classes under different numbers; their descriptions compare equal.
//!
//! A record's payload is copied as it lies, so a class is described only if the description gives each field the place
//! that the metadata gives it. Metadata is untrusted: it may pad what this library packs.

use std::sync::Arc;

use crate::schema::{
    ByteOrder, EnumType, EventType, Fields, FloatType, IntegerType, Path, StructType, Type,
    VariantType,
};
use crate::write::metadata::{
    Base, Choice, Encoding, EventClass, Field, FieldType, Float, Integer, Label, VALUE, Width,
};

/// The most types and labels of a class. Names of types make it possible to say 2^60 fields in a page.
const PARTS_MAX: usize = 1 << 16;

/// The class's description, with number 0; `None` if this library would not have described it like this.
pub(super) fn described(class: &EventType) -> Option<EventClass> {
    let fields = match &class.fields {
        Some(ty @ Type::Struct(fields)) if class.context.is_none() => {
            take_parts(ty, &mut { PARTS_MAX })?;
            structure(fields)?
        }
        _ => return None,
    };
    Some(EventClass {
        id: 0,
        stream_id: 0,
        name: class.name.clone(),
        // No level is written for levels that readers do not know.
        loglevel: class.loglevel.and_then(|level| i32::try_from(level).ok()).unwrap_or(-1),
        source: class.source.clone().unwrap_or_default(),
        fields,
    })
}

/// Takes as many parts as the type has when it is written out. `None` if there are not so many.
fn take_parts(ty: &Type, left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    let mut all = |types: &Fields| types.iter().try_for_each(|(_, ty)| take_parts(ty, left));
    match ty {
        Type::Integer(_) | Type::Float(_) | Type::String(_) => Some(()),
        Type::Struct(ty) => all(&ty.fields),
        Type::Variant(ty) => all(ty.options.all()),
        Type::Array { elem, .. } | Type::Sequence { elem, .. } => take_parts(elem, left),
        Type::Enum(ty) => {
            *left = left.checked_sub(ty.labels.all().len())?;
            Some(())
        }
    }
}

/// The fields of a structure that begins at any byte.
fn structure(ty: &StructType) -> Option<Vec<Field>> {
    if ty.align > 8 {
        return None;
    }
    fields(&ty.fields)
}

/// A scope's fields, without the lengths and tags in front of them.
fn fields(fields: &Fields) -> Option<Vec<Field>> {
    let mut described = Vec::new();
    let mut in_front: Option<&Type> = None;
    for (index, (name, ty)) in fields.iter().enumerate() {
        if let Some((_, behind)) = fields.get(index + 1)
            && is_companion(name, ty, behind)
        {
            in_front = Some(ty);
            continue;
        }
        let ty = match (ty, in_front.take()) {
            (Type::Sequence { elem, .. }, Some(_)) => FieldType::sequence(within(elem)?),
            (Type::Variant(ty), Some(Type::Enum(tag))) => variant(tag, ty)?,
            (ty, _) => field_type(ty)?,
        };
        // When it is written again, the name gets its underscore back.
        described.push(Field { name: name.strip_prefix('_')?.to_owned(), ty });
    }
    Some(described)
}

/// Whether a field is the length of the sequence, or the tag of the variant, behind it.
fn is_companion(name: &Arc<str>, ty: &Type, behind: &Type) -> bool {
    let is_named = |path: &Path| path.scope.is_none() && path.names == [Arc::clone(name)];
    match (ty, behind) {
        (Type::Integer(ty), Type::Sequence { len, .. }) => {
            is_named(len) && integer(ty) == Some(Integer::U32)
        }
        (Type::Enum(_), Type::Variant(ty)) => is_named(&ty.tag),
        _ => false,
    }
}

/// A type that needs no length or tag in front.
fn field_type(ty: &Type) -> Option<FieldType> {
    Some(match ty {
        Type::Integer(ty) => FieldType::Integer(integer(ty)?),
        Type::Float(ty) => FieldType::Float(float(ty)?),
        Type::String(encoding) => FieldType::String(*encoding),
        Type::Enum(ty) => {
            let label = |(name, low, high): &crate::schema::Label| label(name, *low, *high);
            let labels = ty.labels.all().iter().map(label).collect();
            FieldType::Enumeration { container: integer(&ty.container)?, labels }
        }
        // Without elements it would be described as a sequence, whose length takes four bytes.
        Type::Array { len: 0, .. } => return None,
        Type::Array { elem, len } => FieldType::array(within(elem)?, u32::try_from(*len).ok()?),
        Type::Struct(ty) => FieldType::Struct(structure(ty)?),
        Type::Sequence { .. } | Type::Variant(_) => return None,
    })
}

/// The type of an element or a choice, taken out of the structure that may wrap it.
fn within(ty: &Type) -> Option<FieldType> {
    let mut ty = field_type(ty)?;
    if let FieldType::Struct(members) = &mut ty
        && let [Field { name, ty: value }] = &mut members[..]
        && name == VALUE
        && let FieldType::Array { .. } | FieldType::Sequence { .. } | FieldType::Variant { .. } =
            value
    {
        let value = std::mem::replace(value, FieldType::TEXT);
        return Some(value);
    }
    Some(ty)
}

fn variant(tag: &EnumType, ty: &VariantType) -> Option<FieldType> {
    let (labels, options) = (tag.labels.all(), ty.options.all());
    if labels.len() != options.len() {
        return None;
    }
    let mut choices = Vec::new();
    for ((name, low, high), (option, ty)) in labels.iter().zip(options) {
        // What was escaped is escaped again.
        let plain = name.strip_prefix('_').unwrap_or(name);
        let choice = Choice { label: label(plain, *low, *high), ty: within(ty)? };
        choices.push(Some(choice).filter(|_| name == option)?);
    }
    Some(FieldType::Variant { tag: integer(&tag.container)?, choices })
}

fn label(name: &str, low: i128, high: i128) -> Label {
    Label { name: name.to_owned(), low, high }
}

fn float(ty: &FloatType) -> Option<Float> {
    let float = match ty.bits {
        32 => Float::F32,
        64 => Float::F64,
        _ => return None,
    };
    (ty.align == 8 && is_native(ty.byte_order)).then_some(float)
}

fn integer(ty: &IntegerType) -> Option<Integer> {
    use crate::write::metadata::ByteOrder::{Native, Network};
    let width = match ty.bits {
        8 => Width::W8,
        16 => Width::W16,
        32 => Width::W32,
        64 => Width::W64,
        _ => return None,
    };
    let base = match ty.base {
        2 => Base::Binary,
        8 => Base::Octal,
        10 => Base::Decimal,
        16 => Base::Hexadecimal,
        _ => return None,
    };
    let byte_order = match ty.byte_order {
        order if is_native(order) => Native,
        ByteOrder::Big => Network,
        ByteOrder::Little => return None,
    };
    let is_text = ty.encoding != Encoding::None;
    let is_plain =
        ty.align == 8 && !ty.is_clock && !(is_text && ty.bits != 8 && !ty.is_code_point());
    is_plain.then_some(Integer {
        width,
        signed: ty.signed,
        base,
        byte_order,
        encoding: ty.encoding,
    })
}

fn is_native(byte_order: ByteOrder) -> bool {
    byte_order == if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::any_class::any_class;
    use crate::write::metadata::event;
    use proptest::prelude::*;

    fn reread(class: &EventClass) -> EventClass {
        let described = described_of(&event(class));
        EventClass { id: 3, ..described.unwrap_or_else(|| panic!("{}", event(class))) }
    }

    /// The description of event 3, of metadata without a preamble.
    fn described_of(metadata: &str) -> Option<EventClass> {
        let trace = "trace { major = 1; minor = 8; byte_order = ";
        let order = if cfg!(target_endian = "little") { "le; };" } else { "be; };" };
        let text = format!("{trace}{order}{metadata}");
        let parsed = crate::tsdl::parse(text.as_bytes());
        let parsed = parsed.unwrap_or_else(|error| panic!("{error}: {metadata}"));
        described(&parsed.streams[&0].events[&3])
    }

    /// The description of an event with these fields, where `u4` is a number of 32 bits.
    fn described_with(fields: &str) -> Option<EventClass> {
        let number = "typealias integer { size = 32; align = 8; } := u4;";
        described_of(&format!("{number} event {{ id = 3; name = \"e\"; fields := {fields}; }};"))
    }

    #[test]
    fn fields_that_the_description_would_move_are_not_described() {
        assert!(described_with("struct { u4 _a; u4 _b[2]; struct { u4 _c; } _d; }").is_some());
        assert_eq!(described_with("struct { u4 _a; } align(64)"), None);
        assert_eq!(described_with("struct { u4 _a; struct { u4 _c; } align(64) _d; }"), None);
        assert_eq!(described_with("struct { struct { u4 _c; } align(32) _d[2]; }"), None);
        assert_eq!(described_with("struct { integer { size = 32; align = 32; } _a; }"), None);
        assert_eq!(described_with("struct { u4 _a; u4 _b[0]; }"), None);
        let none = "struct { enum : u4 { A } __v_tag; variant <__v_tag> { u4 A[0]; } _v; }";
        assert_eq!(described_with(none), None);
    }

    /// A page of text may name a type of 2^60 fields.
    #[test]
    fn a_class_has_a_bound() {
        let nested = |depth: usize| {
            let types = (1..depth).map(|at| {
                let within = at - 1;
                format!("typealias struct {{ t{within} _a; t{within} _b; }} := t{at};")
            });
            let types: String = types.collect();
            let last = depth - 1;
            described_of(&format!(
                "typealias integer {{ size = 8; align = 8; }} := t0; {types}
                event {{ id = 3; name = \"e\"; fields := struct {{ t{last} _a; }}; }};"
            ))
        };
        assert!(nested(12).is_some());
        assert_eq!(nested(60), None);
    }

    /// Gives fields names that writing does not change.
    fn rename(fields: &mut [Field]) {
        fields.iter_mut().enumerate().for_each(|(place, field)| {
            field.name = format!("f{place}");
            rename_within(&mut field.ty);
        });
    }

    fn rename_within(ty: &mut FieldType) {
        match ty {
            FieldType::Array { elem, .. } | FieldType::Sequence { elem } => rename_within(elem),
            FieldType::Struct(fields) => rename(fields),
            FieldType::Variant { choices, .. } => {
                for (place, choice) in choices.iter_mut().enumerate() {
                    choice.label.name = format!("c{place}");
                    rename_within(&mut choice.ty);
                }
            }
            _ => {}
        }
        // Such an array is described as an empty sequence.
        if let FieldType::Array { elem, len: 0 } = ty {
            *ty = FieldType::sequence((**elem).clone());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_class_is_read_as_it_was_written(class in any_class()) {
            let mut class = class;
            rename(&mut class.fields);
            prop_assert_eq!(reread(&class), class);
        }

        /// The same, whatever the names are.
        #[test]
        fn a_class_that_was_read_is_written_as_before(class in any_class()) {
            prop_assert_eq!(event(&reread(&class)), event(&class));
        }
    }
}
