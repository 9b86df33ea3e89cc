//! Types as field classes.

use std::sync::Arc;

use super::error::Unsayable;
use super::numbers::{chosen_by, fixed, float, integer, mappings, range};
use super::scopes::{Scopes, shown};
use crate::json::location::ORIGINS;
use crate::json::node::Node;
use crate::schema::{
    BitsType, ByteOrder, Encoding, EnumType, IntegerType, Length, Meaning, Names, OptionalType,
    Path, Role, Scope, StructType, TextEncoding, Type, VariantType,
};

/// Classes that are written for one trace. Names of types make it possible to say 2^60 fields in a page of TSDL.
const CLASSES_MAX: usize = 1 << 20;

/// Writes the types of a trace.
pub(super) struct Writer<'t> {
    names: Names,
    scopes: Scopes<'t>,
    scope: Scope,
    /// The names of the fields around the present place.
    place: Vec<String>,
    left: usize,
}

type Said = Result<Node, Unsayable>;

impl<'t> Writer<'t> {
    pub(super) fn new(names: Names) -> Writer<'t> {
        let (scopes, place) = (Scopes::default(), Vec::new());
        Writer { names, scopes, scope: Scope::PacketHeader, place, left: CLASSES_MAX }
    }

    /// The class of a part of packets or records.
    pub(super) fn part(&mut self, scope: Scope, ty: &'t Type) -> Said {
        self.scope = scope;
        self.scopes.back_to(scope);
        let Type::Struct(all) = ty else {
            return Err(self.unsayable("only a structure can be all of a part"));
        };
        let said = self.class(ty, scope == Scope::PacketHeader);
        self.place.clear();
        let shown = shown(&all.fields, self.names);
        self.scopes.end_part(scope, &all.fields, shown);
        said
    }

    /// What follows belongs to this part or to parts behind it.
    pub(super) fn back_to(&mut self, scope: Scope) {
        self.scopes.back_to(scope);
    }

    pub(super) fn unsayable(&self, reason: impl Into<String>) -> Unsayable {
        let part = std::iter::once(self.scope.path().to_owned());
        let place: Vec<_> = part.chain(self.place.iter().cloned()).collect();
        Unsayable { place: place.join("."), reason: reason.into() }
    }

    fn class(&mut self, ty: &'t Type, is_first: bool) -> Said {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return Err(self.unsayable("there are too many fields")),
        };
        match ty {
            Type::Integer(ty) => self.number(ty, None, is_first),
            Type::Enum(ty) => self.number(&ty.container, Some(ty), is_first),
            Type::Float(ty) => Ok(float(ty)),
            Type::String(_) => Ok(Node::object([("type", Node::text("null-terminated-string"))])),
            Type::Struct(ty) => self.structure(ty, is_first),
            Type::Variant(ty) => self.variant(ty),
            Type::Array { elem, len } => self.static_array(elem, *len, None),
            Type::Sequence { elem, len } => self.dynamic_array(elem, len, None),
            Type::Aligned { align, ty } => match &**ty {
                Type::Array { elem, len } => self.static_array(elem, *len, Some(*align)),
                Type::Sequence { elem, len } => self.dynamic_array(elem, len, Some(*align)),
                _ => {
                    Err(self.unsayable("only arrays and structures have an alignment of their own"))
                }
            },
            Type::Bits(ty) => Ok(bits(ty)),
            Type::Varint(ty) => {
                let kind = match ty.container.signed {
                    true => "variable-length-signed-integer",
                    false => "variable-length-unsigned-integer",
                };
                let mut properties = vec![("type", Node::text(kind))];
                self.integer(&mut properties, &ty.container, Some(ty), is_first)?;
                Ok(Node::object(properties))
            }
            Type::Text(ty) => {
                let encoding = ("encoding", Node::text(encoding(ty.encoding)));
                self.with_length("string", ty.length.as_ref(), [encoding])
            }
            Type::Blob(ty) => {
                let mut more = vec![("media-type", Node::text(&*ty.media_type))];
                if ty.roles.has(Role::MetadataUuid) && self.scope == Scope::PacketHeader {
                    more.push(("roles", Node::array([Node::text(UUID_ROLE)])));
                }
                self.with_length("blob", Some(&ty.length), more)
            }
            Type::Optional(ty) => self.optional(ty),
        }
    }

    fn number(&self, ty: &IntegerType, labels: Option<&EnumType>, is_first: bool) -> Said {
        let kind = match ty.signed {
            true => "fixed-length-signed-integer",
            false => "fixed-length-unsigned-integer",
        };
        let mut properties = fixed(kind, ty);
        self.integer(&mut properties, ty, labels, is_first)?;
        Ok(Node::object(properties))
    }

    fn integer(
        &self,
        properties: &mut Vec<(&'static str, Node)>,
        ty: &IntegerType,
        labels: Option<&EnumType>,
        is_first: bool,
    ) -> Result<(), Unsayable> {
        let labels = labels.map(|ty| &ty.labels);
        integer(properties, ty, labels, self.scope, is_first).map_err(|why| self.unsayable(why))
    }

    fn structure(&mut self, ty: &'t StructType, is_first: bool) -> Said {
        let StructType { align, fields } = ty;
        let shown = shown(fields, self.names);
        self.scopes.begin_struct(fields, Arc::clone(&shown));
        let mut members = Vec::with_capacity(fields.len());
        for (at, ((_, ty), name)) in fields.iter().zip(&*shown).enumerate() {
            self.scopes.at_field(at);
            self.place.push(name.clone());
            let class = self.class(ty, is_first && at == 0)?;
            self.place.pop();
            members.push(Node::object([("name", Node::text(name)), ("field-class", class)]));
        }
        self.scopes.end_struct();
        let mut properties =
            vec![("type", Node::text("structure")), ("member-classes", Node::Array(members))];
        if *align > 1 {
            properties.push(("minimum-alignment", Node::integer(*align)));
        }
        Ok(Node::object(properties))
    }

    fn static_array(&mut self, elem: &'t Type, len: u64, align: Option<u32>) -> Said {
        let is_uuid = matches!(elem, Type::Integer(elem)
            if elem.roles.has(Role::MetadataUuid) && is_byte(elem) && elem.encoding == Encoding::None);
        if is_uuid && len == 16 && self.scope == Scope::PacketHeader {
            let more = [("roles", Node::array([Node::text(UUID_ROLE)]))];
            return self.with_length("blob", Some(&Length::Fixed(len)), more);
        }
        if self.is_text(elem)? {
            return self.with_length("string", Some(&Length::Fixed(len)), []);
        }
        self.array("static-length-array", elem, ("length", Node::integer(len)), align)
    }

    fn dynamic_array(&mut self, elem: &'t Type, len: &Path, align: Option<u32>) -> Said {
        if self.is_text(elem)? {
            return self.with_length("string", Some(&Length::Field(len.clone())), []);
        }
        let length = ("length-field-location", self.length(len)?);
        self.array("dynamic-length-array", elem, length, align)
    }

    /// Whether arrays of a type are text.
    fn is_text(&self, elem: &Type) -> Result<bool, Unsayable> {
        match elem {
            Type::Integer(ty) if ty.bits == 8 && ty.encoding != Encoding::None => {
                if is_byte(ty) {
                    return Ok(true);
                }
                Err(self.unsayable("a text has another alignment than that of bytes"))
            }
            _ => Ok(false),
        }
    }

    fn array(
        &mut self,
        kind: &str,
        elem: &'t Type,
        length: (&'static str, Node),
        align: Option<u32>,
    ) -> Said {
        let elem = self.class(elem, false)?;
        let mut properties =
            vec![("type", Node::text(kind)), length, ("element-field-class", elem)];
        properties.extend(align.map(|align| ("minimum-alignment", Node::integer(align))));
        Ok(Node::object(properties))
    }

    /// A string or a BLOB.
    fn with_length(
        &self,
        kind: &str,
        length: Option<&Length>,
        more: impl IntoIterator<Item = (&'static str, Node)>,
    ) -> Said {
        let (how, length) = match length {
            None => ("null-terminated", None),
            Some(Length::Fixed(len)) => ("static-length", Some(("length", Node::integer(*len)))),
            Some(Length::Field(path)) => {
                ("dynamic-length", Some(("length-field-location", self.length(path)?)))
            }
        };
        let properties = std::iter::once(("type", Node::text(format!("{how}-{kind}"))));
        Ok(Node::object(properties.chain(length).chain(more)))
    }

    fn variant(&mut self, ty: &'t VariantType) -> Said {
        let (tag, found) = self.location(&ty.tag)?;
        let ranges = match (ty.options.numbers(), found) {
            (Some(numbers), _) => {
                let mut ranges = vec![Vec::new(); ty.options.all().len()];
                for (low, high, option) in numbers.all() {
                    if let Some(ranges) = ranges.get_mut(*option) {
                        ranges.push(range(*low, *high));
                    }
                }
                ranges
            }
            (None, Some(Type::Enum(tag))) => chosen_by(tag, &ty.options),
            (None, _) => return Err(self.unsayable("its tag is no enumeration")),
        };
        let mut options = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for ((name, ty), ranges) in ty.options.all().iter().zip(ranges) {
            // It is never chosen.
            if ranges.is_empty() {
                continue;
            }
            let class = self.class(ty, false)?;
            let mut option =
                vec![("field-class", class), ("selector-field-ranges", Node::Array(ranges))];
            let name = self.names.shown(name);
            if !name.is_empty() && taken.insert(name) {
                option.insert(0, ("name", Node::text(name)));
            }
            options.push(Node::object(option));
        }
        if options.is_empty() {
            return Err(self.unsayable("no tag chooses one of its options"));
        }
        Ok(Node::object([
            ("type", Node::text("variant")),
            ("selector-field-location", tag),
            ("options", Node::Array(options)),
        ]))
    }

    fn optional(&mut self, ty: &'t OptionalType) -> Said {
        let (selector, _) = self.location(&ty.selector)?;
        let mut properties =
            vec![("type", Node::text("optional")), ("selector-field-location", selector)];
        if let Some(ranges) = &ty.ranges {
            let ranges = ranges.all().iter().map(|(low, high, _)| range(*low, *high));
            properties.push(("selector-field-ranges", Node::array(ranges)));
        }
        properties.push(("field-class", self.class(&ty.ty, false)?));
        Ok(Node::object(properties))
    }

    /// The location of a length: a number without sign.
    fn length(&self, path: &Path) -> Said {
        let (location, ty) = self.location(path)?;
        let number = ty.and_then(|ty| match ty {
            Type::Varint(ty) => Some(ty.container),
            ty => IntegerType::of(ty),
        });
        match number {
            Some(number) if number.signed => {
                Err(self.unsayable(format!("its length {path} is a number with a sign")))
            }
            _ => Ok(location),
        }
    }

    /// Where the number is that a path means, and its type if that is known. Plain names are those of CTF 2, whose paths
    /// mean the same here as there.
    fn location(&self, path: &Path) -> Result<(Node, Option<&'t Type>), Unsayable> {
        if self.names == Names::Plain {
            let names = path.names.iter().map(|name| Node::text(&**name));
            let up = std::iter::repeat_n(Node::Null, path.up.unwrap_or(0) as usize);
            let origin = path.scope.and_then(|scope| ORIGINS.iter().find(|(_, it)| *it == scope));
            let origin = origin.map(|(name, _)| ("origin", Node::text(*name)));
            let path = ("path", Node::array(up.chain(names)));
            return Ok((Node::object(origin.into_iter().chain([path])), None));
        }
        let found = self.scopes.find(path, self.scope);
        let (location, ty) =
            found.ok_or_else(|| self.unsayable(format!("there is no number {path} before it")))?;
        Ok((location, Some(ty)))
    }
}

const UUID_ROLE: &str = "metadata-stream-uuid";

/// Whether arrays of a type are whole bytes.
fn is_byte(ty: &IntegerType) -> bool {
    ty.bits == 8 && ty.align == 8 && !ty.is_reversed
}

fn bits(ty: &BitsType) -> Node {
    let number = &ty.number;
    Node::object(match &ty.meaning {
        Meaning::Bits => fixed("fixed-length-bit-array", number),
        Meaning::Truth => fixed("fixed-length-boolean", number),
        Meaning::Flags(flags) => {
            let mut properties = fixed("fixed-length-bit-map", number);
            properties.push(("flags", Node::object(mappings(flags.all(), (0, 63)))));
            properties
        }
    })
}

fn encoding(encoding: TextEncoding) -> &'static str {
    match encoding {
        TextEncoding::Utf8 => "utf-8",
        TextEncoding::Utf16(ByteOrder::Little) => "utf-16le",
        TextEncoding::Utf16(ByteOrder::Big) => "utf-16be",
        TextEncoding::Utf32(ByteOrder::Little) => "utf-32le",
        TextEncoding::Utf32(ByteOrder::Big) => "utf-32be",
    }
}
