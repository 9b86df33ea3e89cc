//! What is known of a value's text before there is a value: put together once for each class.
//!
//! ```text
//!   { path = "a.txt", bytes = 1204 }          {"path":"a.txt","bytes":1204}
//!   '--------'     '---------'    '-- the rest, behind the last value
//!     a node's text    the next one's
//! ```

use std::collections::HashSet;
use std::sync::Arc;

use super::json;
use super::out::Piece;
use super::style::Style;
use crate::printable::printable;
use crate::read::{Format, Place};
use crate::schema::{BitsType, EnumType, Fields, IntegerType, Length, Meaning, Names, Path, Type};

/// The field of this library's packet context that describes the packet, but has no role.
const END_POSITION: &str = "end_position";

/// A value's text but for the value itself.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) before: Piece,
    pub(super) how: How,
}

/// How a value is shown.
#[derive(Debug)]
pub(super) enum How {
    /// Nothing of it is shown.
    Hidden,
    /// A structure's beginning or end, which is shown with another value.
    Nothing,
    Number {
        bits: u8,
        base: u8,
    },
    Character,
    Float {
        bits: u8,
    },
    FloatOfSixDigits,
    Text,
    /// Text whose quotes go with the values around it.
    TextInQuotes,
    RawText,
    JsonText,
    JsonCharacter,
    JsonFloat,
    JsonLabels(Arc<EnumType>),
    JsonBlob,
    Blob,
    Labels(Arc<EnumType>),
    /// An enumeration that names nothing but `false` and `true`, as languages have them.
    Truth(Arc<EnumType>),
    /// Bits that are no number.
    Bits(Arc<BitsType>),
    /// A group begins or ends with these.
    Group(Piece),
}

/// Makes the nodes of a class. The brackets of structures go with the values behind them.
#[derive(Debug)]
pub(super) struct Nodes {
    style: Style,
    names: Names,
    /// What stands before the next part.
    separator: &'static str,
    /// What stands before the next value, because of what began or ended.
    pending: Vec<u8>,
    /// How many arrays, variants and optional fields are open: their insides may come once, several times or not at all,
    /// so what ends in them must not wait for what is behind them.
    groups: u32,
    /// The structure whose names were compared last, by its address, and whether they are distinct.
    distinct: Option<(usize, bool)>,
}

impl Nodes {
    pub(super) fn new(style: Style, names: Names) -> Nodes {
        Nodes { style, names, separator: "", pending: Vec::new(), groups: 0, distinct: None }
    }

    /// What stands behind the last value.
    pub(super) fn rest(&mut self) -> Piece {
        Piece::new(&std::mem::take(&mut self.pending))
    }

    fn is_shown(&self, fields: &Fields, at: usize) -> bool {
        self.style.is_babeltrace2() || !is_length(fields, at)
    }

    fn before(&mut self, place: Place<'_>) {
        let text = match place {
            _ if self.style == Style::Json => self.before_in_json(place),
            Place::Option(_) | Place::Optional | Place::Element => String::new(),
            Place::Part(_) => std::mem::replace(&mut self.separator, ", ").to_owned(),
            Place::Field { fields, at } => {
                let separator = if self.is_first(fields, at) { " " } else { ", " };
                let name = self.names.shown(&fields[at].0);
                if self.style.is_raw() {
                    format!("{separator}{name} = ")
                } else {
                    format!("{separator}{} = ", printable(name))
                }
            }
        };
        self.pending.extend_from_slice(text.as_bytes());
    }

    fn before_in_json(&mut self, place: Place<'_>) -> String {
        match place {
            Place::Part(scope) => format!(",\"{}\":", json::key_of(scope)),
            Place::Option(name) => format!("{}:", json::string(self.names.shown(name).as_bytes())),
            Place::Optional | Place::Element => String::new(),
            Place::Field { fields, at } => {
                let separator = if self.is_first(fields, at) { "" } else { "," };
                let name = &*fields[at].0;
                let name = if self.are_distinct(fields) { self.names.shown(name) } else { name };
                format!("{separator}{}:", json::string(name.as_bytes()))
            }
        }
    }

    /// Whether the names of a structure are distinct as they are shown: of two properties of one name, a parser of JSON keeps
    /// one.
    fn are_distinct(&mut self, fields: &Fields) -> bool {
        let structure = fields.as_ptr().addr();
        if let Some((known, are_distinct)) = self.distinct
            && known == structure
        {
            return are_distinct;
        }
        let shown: HashSet<&str> = fields.iter().map(|(name, _)| self.names.shown(name)).collect();
        let are_distinct = shown.len() == fields.len();
        self.distinct = Some((structure, are_distinct));
        are_distinct
    }

    fn is_first(&self, fields: &Fields, at: usize) -> bool {
        !(0..at).any(|before| self.is_shown(fields, before))
    }

    /// How a value is shown that is no group; `None` if it is one.
    fn how(&self, ty: &Type) -> Option<How> {
        let is_text = match ty {
            Type::String(_) | Type::Text(_) => true,
            Type::Array { elem, .. } | Type::Sequence { elem, .. } => elem.is_text_unit(),
            _ => false,
        };
        let (style, is_babeltrace2) = (self.style, self.style.is_babeltrace2());
        let is_json = style == Style::Json;
        Some(match ty {
            _ if is_text && is_json => How::JsonText,
            _ if is_text && style.is_raw() => How::RawText,
            _ if is_text => How::Text,
            Type::Integer(ty) if ty.is_code_point() && is_json => How::JsonCharacter,
            Type::Integer(ty) if ty.is_code_point() && !is_babeltrace2 => How::Character,
            Type::Integer(ty) => number(ty.bits, ty, is_json),
            Type::Enum(ty) if is_truth(ty) && !is_babeltrace2 => How::Truth(Arc::clone(ty)),
            Type::Varint(ty) if ty.labels.all().is_empty() => number(64, &ty.container, is_json),
            Type::Enum(ty) | Type::Varint(ty) if is_json => How::JsonLabels(Arc::clone(ty)),
            Type::Enum(ty) | Type::Varint(ty) => How::Labels(Arc::clone(ty)),
            Type::Bits(ty) if is_json && ty.meaning != Meaning::Truth => {
                number(64, &ty.number, true)
            }
            Type::Bits(ty) => How::Bits(Arc::clone(ty)),
            Type::Blob(_) if is_json => How::JsonBlob,
            Type::Blob(_) => How::Blob,
            Type::Float(_) if is_json => How::JsonFloat,
            Type::Float(_) if is_babeltrace2 => How::FloatOfSixDigits,
            Type::Float(ty) => How::Float { bits: ty.bits as u8 },
            _ => return None,
        })
    }

    /// With what a group begins and ends.
    fn brackets(&self, ty: &Type) -> [&'static str; 2] {
        match (ty, self.style) {
            (Type::Array { .. } | Type::Sequence { .. }, Style::Json) => ["[", "]"],
            (Type::Optional(_), Style::Json) => ["", ""],
            (_, Style::Json) => ["{", "}"],
            (Type::Array { .. } | Type::Sequence { .. }, _) => ["[", " ]"],
            (Type::Struct(_), _) => ["{", " }"],
            _ => ["{ ", " }"],
        }
    }
}

impl Format for Nodes {
    type Node = Node;

    fn node(&mut self, place: Place<'_>, ty: &Type) -> Node {
        if let Place::Field { fields, at } = place
            && !self.is_shown(fields, at)
        {
            return Node { before: Piece::new(b""), how: How::Hidden };
        }
        self.before(place);
        let how = match self.how(ty) {
            Some(How::Text) if self.groups == 0 => {
                self.pending.push(b'"');
                let before = self.rest();
                self.pending.push(b'"');
                return Node { before, how: How::TextInQuotes };
            }
            Some(how) => how,
            None => {
                let [begin, _] = self.brackets(ty);
                if let Type::Struct(_) = ty {
                    self.pending.extend_from_slice(begin.as_bytes());
                    return Node { before: Piece::new(b""), how: How::Nothing };
                }
                self.groups += 1;
                How::Group(Piece::new(begin.as_bytes()))
            }
        };
        Node { before: self.rest(), how }
    }

    fn end(&mut self, ty: &Type) -> Node {
        let [_, end] = self.brackets(ty);
        self.pending.extend_from_slice(end.as_bytes());
        let can_wait = match ty {
            Type::Struct(_) => self.groups == 0,
            _ => {
                self.groups -= 1;
                false
            }
        };
        let how = if can_wait { How::Nothing } else { How::Group(self.rest()) };
        Node { before: Piece::new(b""), how }
    }

    fn is_empty(&self, node: &Node) -> bool {
        matches!(node.how, How::Nothing)
    }
}

fn number(bits: u32, ty: &IntegerType, is_json: bool) -> How {
    How::Number { bits: bits as u8, base: if is_json { 10 } else { ty.base as u8 } }
}

/// Whether a field is the length of what is behind it, and named so by convention.
fn is_length(fields: &Fields, at: usize) -> bool {
    let ((name, Type::Integer(_)), Some((behind, ty))) = (&fields[at], fields.get(at + 1)) else {
        return false;
    };
    let length = match ty {
        Type::Sequence { len, .. } => Some(len),
        Type::Text(text) => match &text.length {
            Some(Length::Field(path)) => Some(path),
            _ => None,
        },
        _ => None,
    };
    let is_its = length.and_then(Path::nearest).is_some_and(|length| length == name);
    let named = name.strip_prefix('_').and_then(|rest| rest.strip_suffix("_length"));
    is_its && named == Some(&**behind)
}

/// Whether a packet context's field describes the packet, not what was traced.
pub(super) fn is_framing(name: &str, ty: &Type, style: Style) -> bool {
    let number = match ty {
        Type::Varint(ty) => Some(ty.container),
        ty => IntegerType::of(ty),
    };
    number.is_some_and(|ty| !ty.roles.is_none()) || name == END_POSITION && !style.is_babeltrace2()
}

fn is_truth(ty: &EnumType) -> bool {
    let [(no, 0, 0), (yes, 1, 1)] = ty.labels.all() else { return false };
    &**no == "false" && &**yes == "true"
}
