//! The text of values: what stands before each is put together once for each class.
//!
//! ```text
//!   { path = "a.txt", bytes = 1204 }
//!   '------'          a node's text   '--------'   the next one's
//! ```

use std::io::Write;
use std::sync::Arc;

use super::numbers::{float, float_of_six_digits, signed, unsigned};
use super::style::Style;
use crate::printable::{printable, quoted};
use crate::read::{Format, Place, Visitor};
use crate::schema::{EnumType, Fields, Type};

/// Packet context fields that describe the packet, not what was traced.
const FRAMING: [&str; 6] = [
    "timestamp_begin",
    "timestamp_end",
    "content_size",
    "packet_size",
    "packet_seq_num",
    "events_discarded",
];
/// Another one, which only this library's packets have.
const OWN_FRAMING: &str = "end_position";

/// Labels of one value that are printed. Hostile metadata may give a value as many as it has bytes.
const LABELS_PRINTED_MAX: usize = 64;

/// A value's text but for the value itself.
#[derive(Debug)]
pub(super) struct Node {
    before: Box<[u8]>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// Nothing of it is shown.
    Hidden,
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
    RawText,
    Labels(Arc<EnumType>),
    /// An enumeration that names nothing but `false` and `true`, as languages have them.
    Truth(Arc<EnumType>),
    /// A group begins or ends with these.
    Group(&'static [u8]),
}

/// Makes the nodes of a class.
#[derive(Debug)]
pub(super) struct Nodes {
    style: Style,
    /// What stands before the first part.
    separator: &'static str,
}

impl Nodes {
    pub(super) fn new(style: Style) -> Nodes {
        Nodes { style, separator: "" }
    }

    fn is_shown(&self, fields: &Fields, at: usize) -> bool {
        self.style.is_babeltrace2() || !is_length(fields, at)
    }

    fn before(&mut self, place: Place<'_>) -> Box<[u8]> {
        let text = match place {
            Place::Option(_) | Place::Element => String::new(),
            Place::Part(_) => std::mem::replace(&mut self.separator, ", ").to_owned(),
            Place::Field { fields, at } => {
                let is_first = !(0..at).any(|before| self.is_shown(fields, before));
                let separator = if is_first { " " } else { ", " };
                let name = &*fields[at].0;
                let name = name.strip_prefix('_').unwrap_or(name);
                if self.style.is_raw() {
                    format!("{separator}{name} = ")
                } else {
                    format!("{separator}{} = ", printable(name))
                }
            }
        };
        text.into_bytes().into()
    }
}

impl Format for Nodes {
    type Node = Node;

    fn node(&mut self, place: Place<'_>, ty: &Type) -> Node {
        if let Place::Field { fields, at } = place
            && !self.is_shown(fields, at)
        {
            return Node { before: Box::default(), how: How::Hidden };
        }
        let is_babeltrace2 = self.style.is_babeltrace2();
        let how = match ty {
            Type::Integer(ty) if ty.is_code_point() && !is_babeltrace2 => How::Character,
            Type::Integer(ty) => How::Number { bits: ty.bits as u8, base: ty.base as u8 },
            Type::Enum(ty) if is_truth(ty) && !is_babeltrace2 => How::Truth(Arc::clone(ty)),
            Type::Enum(ty) => How::Labels(Arc::clone(ty)),
            Type::Float(_) if is_babeltrace2 => How::FloatOfSixDigits,
            Type::Float(ty) => How::Float { bits: ty.bits as u8 },
            Type::String(_) if self.style.is_raw() => How::RawText,
            Type::String(_) => How::Text,
            Type::Struct(_) => How::Group(b"{"),
            Type::Variant(_) => How::Group(b"{ "),
            Type::Array { elem, .. } | Type::Sequence { elem, .. } if elem.is_text_unit() => {
                if self.style.is_raw() { How::RawText } else { How::Text }
            }
            Type::Array { .. } | Type::Sequence { .. } => How::Group(b"["),
        };
        Node { before: self.before(place), how }
    }

    fn end(&mut self, ty: &Type) -> Node {
        let end: &[u8] = match ty {
            Type::Array { .. } | Type::Sequence { .. } => b" ]",
            _ => b" }",
        };
        Node { before: Box::default(), how: How::Group(end) }
    }
}

/// Whether a field is the length of the sequence behind it, by the name that writers give it.
fn is_length(fields: &Fields, at: usize) -> bool {
    let Some((name, Type::Array { .. } | Type::Sequence { .. })) = fields.get(at + 1) else {
        return false;
    };
    let length = fields[at].0.strip_prefix('_').and_then(|rest| rest.strip_suffix("_length"));
    length == Some(&**name)
}

/// Whether a packet context's field of this name describes the packet.
pub(super) fn is_framing(name: &str, style: Style) -> bool {
    FRAMING.contains(&name) || name == OWN_FRAMING && !style.is_babeltrace2()
}

fn is_truth(ty: &EnumType) -> bool {
    let [(no, 0, 0), (yes, 1, 1)] = ty.labels.all() else { return false };
    &**no == "false" && &**yes == "true"
}

/// Writes values at the end of a line.
pub(super) struct Values<'o> {
    out: &'o mut Vec<u8>,
    /// Where the line's values begin.
    from: usize,
}

impl<'o> Values<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Values<'o> {
        Values { from: out.len(), out }
    }

    fn integer(&mut self, node: &Node, value: i128, number: impl Fn(u8, u8, &mut Vec<u8>)) {
        let out = &mut *self.out;
        match &node.how {
            How::Hidden => {}
            How::Number { bits, base } => number(*bits, *base, out),
            How::Character => character(value as u32, out),
            How::Truth(ty) => match value {
                0 => out.extend_from_slice(b"false"),
                1 => out.extend_from_slice(b"true"),
                _ => labels(ty, value, number, out),
            },
            How::Labels(ty) => labels(ty, value, number, out),
            _ => number(64, 10, out),
        }
    }
}

impl Visitor<Node> for Values<'_> {
    fn begin(&mut self) {
        self.out.truncate(self.from);
    }

    #[inline]
    fn unsigned(&mut self, node: &Node, value: u64) {
        self.out.extend_from_slice(&node.before);
        match node.how {
            How::Number { base: 10, .. } => {
                self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            _ => self.integer(node, value.into(), |bits, base, out| {
                unsigned(value, bits, base, out);
            }),
        }
    }

    #[inline]
    fn signed(&mut self, node: &Node, value: i64) {
        self.out.extend_from_slice(&node.before);
        match node.how {
            How::Number { base: 10, .. } => {
                self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            _ => self.integer(node, value.into(), |bits, base, out| signed(value, bits, base, out)),
        }
    }

    fn float(&mut self, node: &Node, value: f64) {
        self.out.extend_from_slice(&node.before);
        match node.how {
            How::Float { bits } => float(value, bits, self.out),
            _ => float_of_six_digits(value, self.out),
        }
    }

    #[inline]
    fn text(&mut self, node: &Node, text: &[u8]) {
        self.out.extend_from_slice(&node.before);
        if let How::RawText = node.how {
            raw(text, self.out);
        } else if text
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
        {
            self.out.push(b'"');
            self.out.extend_from_slice(text);
            self.out.push(b'"');
        } else {
            let _ = write!(self.out, "{}", quoted(text));
        }
    }

    #[inline]
    fn open(&mut self, node: &Node) {
        self.out.extend_from_slice(&node.before);
        self.close(node);
    }

    #[inline]
    fn element(&mut self, number: u64) {
        let separator: &[u8] = if number == 0 { b" [" } else { b", [" };
        self.out.extend_from_slice(separator);
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.out.extend_from_slice(b"] = ");
    }

    #[inline]
    fn close(&mut self, node: &Node) {
        if let How::Group(text) = node.how {
            self.out.extend_from_slice(text);
        }
    }
}

/// Text in quotes as babeltrace2 writes it: bytes beyond ASCII as they are.
fn raw(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0B => out.extend_from_slice(b"\\v"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..0x20 | 0x7F => {
                let _ = write!(out, "\\x{byte:02x}");
            }
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// `'x'`; the number if Unicode has no such character.
fn character(number: u32, out: &mut Vec<u8>) {
    match char::from_u32(number) {
        Some(c) => {
            let _ = write!(out, "'{}'", printable(c.encode_utf8(&mut [0; 4])));
        }
        None => unsigned(number.into(), 32, 16, out),
    }
}

fn labels(ty: &EnumType, value: i128, number: impl Fn(u8, u8, &mut Vec<u8>), out: &mut Vec<u8>) {
    let mut separator = "( ";
    let mut names = ty.labels.of(value).map(|(name, ..)| name);
    for name in names.by_ref().take(LABELS_PRINTED_MAX) {
        let _ = write!(out, "{separator}{}", quoted(&**name));
        separator = ", ";
    }
    if names.next().is_some() {
        out.extend_from_slice(b", ...");
    }
    if separator == "( " {
        out.extend_from_slice(b"( <unknown>");
    }
    out.extend_from_slice(b" : container = ");
    number(ty.container.bits as u8, ty.container.base as u8, out);
    out.extend_from_slice(b" )");
}
