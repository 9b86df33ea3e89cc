//! Turns field classes into types.
//!
//! A class that is named instead of written out must have been named before, so no class can be in itself, and its type
//! is shared. The depth of each type is known and bounded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::location::location;
use super::node::Node;
use super::numbers::{BITS, alignment, fixed, integer, labels, ranges, role, variable};
use super::place::{Object, Place, Wrong};
use crate::schema::{
    BitsType, BlobType, ByteOrder, Encoding, EnumType, Fields, FloatType, IntegerType, Labels,
    Length, Meaning, OptionalType, Options, Ranges, Role, Roles, StructType, TextEncoding,
    TextType, Type, VariantType,
};

/// The deepest nesting of types that is read.
const DEPTH_MAX: u32 = 64;

/// Properties that every class may have.
const ALL: &[&str] = &["type", "attributes", "extensions"];
const INTEGER: &[&str] = &["preferred-display-base", "mappings"];
const ROLES: &[&str] = &["roles"];
const ENCODING: &[&str] = &["encoding"];
const LENGTH: &[&str] = &["length"];
const LENGTH_FIELD: &[&str] = &["length-field-location"];
const MEDIA_TYPE: &[&str] = &["media-type"];
const ARRAY: &[&str] = &["element-field-class", "minimum-alignment"];
const SELECTED: &[&str] = &["selector-field-location", "selector-field-ranges", "field-class"];

/// A type, and how deep its types nest.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) ty: Type,
    depth: u32,
}

/// The classes that have names.
#[derive(Debug, Default)]
pub(super) struct Aliases(HashMap<String, Class>);

impl Aliases {
    /// Gives a class a name that no other has.
    pub(super) fn name(&mut self, name: &Place<'_>, class: Class) -> Result<(), Wrong> {
        match self.0.insert(name.text()?.to_owned(), class) {
            None => Ok(()),
            Some(_) => Err(name.wrong("another class has this name")),
        }
    }

    /// The class of a part of packets or records: a structure.
    pub(super) fn root(&self, place: &Place<'_>) -> Result<Type, Wrong> {
        match self.class(place)?.ty {
            ty @ Type::Struct(_) => Ok(ty),
            _ => Err(place.wrong("expected a structure")),
        }
    }

    /// A class that is written out, or named.
    pub(super) fn class(&self, place: &Place<'_>) -> Result<Class, Wrong> {
        if let Node::Text(name) = place.node {
            let known = self.0.get(name).cloned();
            return known
                .ok_or_else(|| place.wrong(format!("no class before has the name `{name}`")));
        }
        let Some(Node::Text(kind)) = place.peek("type") else {
            return Err(place.wrong("expected a field class, or the name of one"));
        };
        let object = |known: &[&[&str]]| {
            let known: Vec<_> = [ALL].iter().chain(known).copied().collect();
            let object = place.object(&known)?;
            no_extensions(&object)?;
            Ok(object)
        };
        let class = match kind.as_str() {
            "fixed-length-bit-array" => leaf(bits(&object(&[BITS])?, Meaning::Bits)?),
            "fixed-length-boolean" => leaf(bits(&object(&[BITS])?, Meaning::Truth)?),
            "fixed-length-bit-map" => {
                let object = object(&[BITS, &["flags"]])?;
                leaf(bits(&object, flags(&object)?)?)
            }
            "fixed-length-unsigned-integer" => {
                let object = object(&[BITS, INTEGER, ROLES])?;
                leaf(number(&object, integer(&object, fixed(&object)?, false)?)?)
            }
            "fixed-length-signed-integer" => {
                let object = object(&[BITS, INTEGER])?;
                leaf(number(&object, integer(&object, fixed(&object)?, true)?)?)
            }
            "fixed-length-floating-point-number" => leaf(float(&object(&[BITS])?)?),
            "variable-length-unsigned-integer" => {
                let object = object(&[INTEGER, ROLES])?;
                leaf(varint(&object, integer(&object, variable(), false)?)?)
            }
            "variable-length-signed-integer" => {
                let object = object(&[INTEGER])?;
                leaf(varint(&object, integer(&object, variable(), true)?)?)
            }
            "null-terminated-string" => leaf(text(&object(&[ENCODING])?, None)?),
            "static-length-string" => {
                let object = object(&[ENCODING, LENGTH])?;
                leaf(text(&object, Some(fixed_length(&object)?))?)
            }
            "dynamic-length-string" => {
                let object = object(&[ENCODING, LENGTH_FIELD])?;
                leaf(text(&object, Some(length_field(&object)?))?)
            }
            "static-length-blob" => {
                let object = object(&[MEDIA_TYPE, LENGTH, ROLES])?;
                leaf(blob(&object, fixed_length(&object)?)?)
            }
            "dynamic-length-blob" => {
                let object = object(&[MEDIA_TYPE, LENGTH_FIELD])?;
                leaf(blob(&object, length_field(&object)?)?)
            }
            "structure" => self.structure(&object(&[&["member-classes", "minimum-alignment"]])?)?,
            "static-length-array" => {
                let object = object(&[ARRAY, LENGTH])?;
                let len = object.required("length")?.unsigned()?;
                self.array(&object, |elem| Type::Array { elem, len })?
            }
            "dynamic-length-array" => {
                let object = object(&[ARRAY, LENGTH_FIELD])?;
                let len = location(&object.required("length-field-location")?)?;
                self.array(&object, |elem| Type::Sequence { elem, len })?
            }
            "optional" => self.optional(&object(&[SELECTED])?)?,
            "variant" => self.variant(&object(&[&["options", "selector-field-location"]])?)?,
            _ => return Err(place.wrong(format!("there is no field class `{kind}`"))),
        };
        if class.depth > DEPTH_MAX {
            return Err(place.wrong("too many classes within classes"));
        }
        Ok(class)
    }

    fn structure(&self, object: &Object<'_>) -> Result<Class, Wrong> {
        let mut align = object.get("minimum-alignment").map_or(Ok(1), |place| alignment(&place))?;
        let (mut fields, mut depth, mut names): (Fields, _, _) = (Vec::new(), 0, HashSet::new());
        if let Some(members) = object.get("member-classes") {
            for place in members.elements()? {
                let member =
                    place.object(&[&["name", "field-class", "attributes", "extensions"]])?;
                no_extensions(&member)?;
                let name = member.required("name")?;
                let class = self.class(&member.required("field-class")?)?;
                align = align.max(class.ty.align());
                depth = depth.max(class.depth);
                let text: Arc<str> = Arc::from(name.text()?);
                if !names.insert(Arc::clone(&text)) {
                    return Err(name.wrong("another member has this name"));
                }
                fields.push((text, class.ty));
            }
        }
        let ty = Type::Struct(Arc::new(StructType { align, fields }));
        Ok(Class { ty, depth: depth + 1 })
    }

    fn array(
        &self,
        object: &Object<'_>,
        array: impl FnOnce(Arc<Type>) -> Type,
    ) -> Result<Class, Wrong> {
        let class = self.class(&object.required("element-field-class")?)?;
        let align = object.get("minimum-alignment").map_or(Ok(1), |place| alignment(&place))?;
        let ty = array(Arc::new(class.ty));
        let depth = class.depth + 1;
        Ok(match align > ty.align() {
            true => Class { ty: Type::Aligned { align, ty: Arc::new(ty) }, depth: depth + 1 },
            false => Class { ty, depth },
        })
    }

    fn optional(&self, object: &Object<'_>) -> Result<Class, Wrong> {
        let class = self.class(&object.required("field-class")?)?;
        let selector = location(&object.required("selector-field-location")?)?;
        let ranges = match object.get("selector-field-ranges") {
            None => None,
            Some(place) => {
                let ranges = ranges(&place)?.into_iter().map(|(low, high)| (low, high, 0));
                // Ranges of one choice may overlap.
                Ranges::new(ranges).ok()
            }
        };
        let ty = Type::Optional(Arc::new(OptionalType { selector, ranges, ty: class.ty }));
        Ok(Class { ty, depth: class.depth + 1 })
    }

    fn variant(&self, object: &Object<'_>) -> Result<Class, Wrong> {
        let options = object.required("options")?;
        let (mut all, mut numbers, mut depth): (Fields, _, _) = (Vec::new(), Vec::new(), 0);
        let mut names = HashSet::new();
        for (at, place) in options.elements()?.enumerate() {
            const KNOWN: [&str; 5] =
                ["name", "field-class", "selector-field-ranges", "attributes", "extensions"];
            let option = place.object(&[&KNOWN])?;
            no_extensions(&option)?;
            let class = self.class(&option.required("field-class")?)?;
            depth = depth.max(class.depth);
            let ranges = ranges(&option.required("selector-field-ranges")?)?;
            numbers.extend(ranges.into_iter().map(|(low, high)| (low, high, at)));
            let mut text = "";
            if let Some(name) = option.get("name") {
                text = name.text()?;
                if !names.insert(text.to_owned()) {
                    return Err(name.wrong("another option has this name"));
                }
            }
            all.push((Arc::from(text), class.ty));
        }
        if all.is_empty() {
            return Err(options.wrong("expected at least one option"));
        }
        let ranges = Ranges::new(numbers).map_err(|(one, other, number)| {
            options.wrong(format!("{number} chooses option {one} and option {other}"))
        })?;
        let tag = location(&object.required("selector-field-location")?)?;
        let options = Arc::new(Options::by_number(all, ranges));
        let ty = Type::Variant(Arc::new(VariantType { tag, options }));
        Ok(Class { ty, depth: depth + 1 })
    }
}

/// Extensions change what a class means, and none is declared: those that declare one are refused.
pub(super) fn no_extensions(object: &Object<'_>) -> Result<(), Wrong> {
    let Some(place) = object.get("extensions") else { return Ok(()) };
    for (_, place) in place.entries()? {
        if let Some((_, place)) = place.entries()?.next() {
            return Err(
                place.wrong("an extension that is not known: it may change what this means")
            );
        }
    }
    Ok(())
}

fn leaf(ty: Type) -> Class {
    Class { ty, depth: 1 }
}

fn number(object: &Object<'_>, ty: IntegerType) -> Result<Type, Wrong> {
    let named = enumeration(object, ty)?;
    Ok(if named.labels.all().is_empty() { Type::Integer(ty) } else { Type::Enum(Arc::new(named)) })
}

fn varint(object: &Object<'_>, ty: IntegerType) -> Result<Type, Wrong> {
    Ok(Type::Varint(Arc::new(enumeration(object, ty)?)))
}

fn enumeration(object: &Object<'_>, container: IntegerType) -> Result<EnumType, Wrong> {
    let labels = object.get("mappings").map(|place| labels(&place)).transpose()?;
    Ok(EnumType { container, labels: Labels::new(labels.unwrap_or_default()) })
}

fn bits(object: &Object<'_>, meaning: Meaning) -> Result<Type, Wrong> {
    Ok(Type::Bits(Arc::new(BitsType { number: fixed(object)?, meaning })))
}

fn flags(object: &Object<'_>) -> Result<Meaning, Wrong> {
    let bits = i128::from(fixed(object)?.bits);
    let place = object.required("flags")?;
    let flags = labels(&place)?;
    if flags.is_empty() {
        return Err(place.wrong("expected at least one flag"));
    }
    if let Some((name, ..)) = flags.iter().find(|(_, low, high)| *low < 0 || *high >= bits) {
        return Err(place.wrong(format!("the flag `{name}` is not within the {bits} bits")));
    }
    Ok(Meaning::Flags(Labels::new(flags)))
}

fn float(object: &Object<'_>) -> Result<Type, Wrong> {
    let IntegerType { bits, align, byte_order, is_reversed, .. } = fixed(object)?;
    match bits {
        32 | 64 => Ok(Type::Float(FloatType { bits, align, byte_order, is_reversed })),
        _ => Err(object.required("length")?.expected("32 or 64 bits (others are not read)")),
    }
}

fn text(object: &Object<'_>, length: Option<Length>) -> Result<Type, Wrong> {
    let encoding = match object.get("encoding") {
        None => TextEncoding::Utf8,
        Some(place) => match place.text()? {
            "utf-8" => TextEncoding::Utf8,
            "utf-16le" => TextEncoding::Utf16(ByteOrder::Little),
            "utf-16be" => TextEncoding::Utf16(ByteOrder::Big),
            "utf-32le" => TextEncoding::Utf32(ByteOrder::Little),
            "utf-32be" => TextEncoding::Utf32(ByteOrder::Big),
            _ => return Err(place.expected("`utf-8`, or `utf-16` or `utf-32` with `le` or `be`")),
        },
    };
    Ok(match (encoding, length) {
        (TextEncoding::Utf8, None) => Type::String(Encoding::Utf8),
        (encoding, length) => Type::Text(Arc::new(TextType { encoding, length })),
    })
}

fn blob(object: &Object<'_>, length: Length) -> Result<Type, Wrong> {
    let media_type = match object.get("media-type") {
        None => "application/octet-stream",
        Some(place) => place.text()?,
    };
    let mut roles = Roles::NONE;
    if let Some(place) = object.get("roles") {
        for place in place.elements()? {
            match role(&place)? {
                Role::MetadataUuid if length == Length::Fixed(16) => {
                    roles = roles.with(Role::MetadataUuid);
                }
                Role::MetadataUuid => return Err(place.wrong("a UUID has 16 bytes")),
                _ => return Err(place.wrong("no BLOB has this role")),
            }
        }
    }
    Ok(Type::Blob(Arc::new(BlobType { length, media_type: Arc::from(media_type), roles })))
}

fn fixed_length(object: &Object<'_>) -> Result<Length, Wrong> {
    Ok(Length::Fixed(object.required("length")?.unsigned()?))
}

fn length_field(object: &Object<'_>) -> Result<Length, Wrong> {
    Ok(Length::Field(location(&object.required("length-field-location")?)?))
}
