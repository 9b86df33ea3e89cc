//! The text of values: what stands before each is put together once for each class.
//!
//! ```text
//!   { path = "a.txt", bytes = 1204 }
//!   '------'          a node's text   '--------'   the next one's
//! ```

use std::io::Write;
use std::sync::Arc;

use super::numbers::{decimal, float, float_of_six_digits, signed, signed_decimal, unsigned};
use super::out::{Out, Piece};
use super::style::Style;
use crate::printable::{printable, quoted};
use crate::read::{Format, Place, Visitor};
use crate::schema::{BitsType, EnumType, Fields, IntegerType, Label, Meaning, Names, Type};

/// The field of this library's packet context that describes the packet, but has no role.
const END_POSITION: &str = "end_position";

/// Labels of one value that are printed. Hostile metadata may give a value as many as it has bytes.
const LABELS_PRINTED_MAX: usize = 64;

/// A value's text but for the value itself.
#[derive(Debug)]
pub(super) struct Node {
    before: Piece,
    how: How,
}

#[derive(Debug)]
enum How {
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
}

impl Nodes {
    pub(super) fn new(style: Style, names: Names) -> Nodes {
        Nodes { style, names, separator: "", pending: Vec::new(), groups: 0 }
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
            Place::Option(_) | Place::Optional | Place::Element => String::new(),
            Place::Part(_) => std::mem::replace(&mut self.separator, ", ").to_owned(),
            Place::Field { fields, at } => {
                let is_first = !(0..at).any(|before| self.is_shown(fields, before));
                let separator = if is_first { " " } else { ", " };
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
}

impl Format for Nodes {
    type Node = Node;

    fn node(&mut self, place: Place<'_>, ty: &Type) -> Node {
        if let Place::Field { fields, at } = place
            && !self.is_shown(fields, at)
        {
            return Node { before: Piece::new(b""), how: How::Hidden };
        }
        let is_babeltrace2 = self.style.is_babeltrace2();
        let how = match ty {
            Type::Integer(ty) if ty.is_code_point() && !is_babeltrace2 => How::Character,
            Type::Integer(ty) => How::Number { bits: ty.bits as u8, base: ty.base as u8 },
            Type::Enum(ty) if is_truth(ty) && !is_babeltrace2 => How::Truth(Arc::clone(ty)),
            Type::Enum(ty) => How::Labels(Arc::clone(ty)),
            Type::Varint(ty) if ty.labels.all().is_empty() => {
                How::Number { bits: 64, base: ty.container.base as u8 }
            }
            Type::Varint(ty) => How::Labels(Arc::clone(ty)),
            Type::Bits(ty) => How::Bits(Arc::clone(ty)),
            Type::Blob(_) => How::Blob,
            Type::Float(_) if is_babeltrace2 => How::FloatOfSixDigits,
            Type::Float(ty) => How::Float { bits: ty.bits as u8 },
            Type::String(_) | Type::Text(_) if self.style.is_raw() => How::RawText,
            Type::String(_) | Type::Text(_) => How::Text,
            Type::Struct(_) => {
                self.before(place);
                self.pending.push(b'{');
                return Node { before: Piece::new(b""), how: How::Nothing };
            }
            Type::Variant(_) | Type::Optional(_) => {
                self.groups += 1;
                How::Group(Piece::new(b"{ "))
            }
            Type::Array { elem, .. } | Type::Sequence { elem, .. } if elem.is_text_unit() => {
                if self.style.is_raw() { How::RawText } else { How::Text }
            }
            Type::Array { .. } | Type::Sequence { .. } => {
                self.groups += 1;
                How::Group(Piece::new(b"["))
            }
            Type::Aligned { .. } => How::Hidden,
        };
        self.before(place);
        if !matches!(how, How::Text) || self.groups > 0 {
            return Node { before: self.rest(), how };
        }
        self.pending.push(b'"');
        let before = self.rest();
        self.pending.push(b'"');
        Node { before, how: How::TextInQuotes }
    }

    fn end(&mut self, ty: &Type) -> Node {
        match ty {
            Type::Array { .. } | Type::Sequence { .. } => self.pending.extend_from_slice(b" ]"),
            _ => self.pending.extend_from_slice(b" }"),
        }
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

/// Whether a field is the length of the sequence behind it, by the name that writers give it.
fn is_length(fields: &Fields, at: usize) -> bool {
    let Some((name, Type::Array { .. } | Type::Sequence { .. })) = fields.get(at + 1) else {
        return false;
    };
    let length = fields[at].0.strip_prefix('_').and_then(|rest| rest.strip_suffix("_length"));
    length == Some(&**name)
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

/// Writes values at the end of a line.
pub(super) struct Values<'o> {
    out: &'o mut Out,
    /// Where the line's values begin.
    from: usize,
}

impl<'o> Values<'o> {
    pub(super) fn new(out: &'o mut Out) -> Values<'o> {
        Values { from: out.len(), out }
    }

    fn integer(&mut self, node: &Node, value: i128, number: impl Fn(u8, u8, &mut Out)) {
        let out = &mut *self.out;
        match &node.how {
            How::Hidden => {}
            How::Number { bits, base } => number(*bits, *base, out),
            How::Character => character(value as u32, out),
            How::Truth(ty) => match value {
                0 => out.all(b"false"),
                1 => out.all(b"true"),
                _ => labels(ty, value, number, out),
            },
            How::Labels(ty) => labels(ty, value, number, out),
            How::Bits(ty) => bits(ty, value as u64, out),
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
        self.out.piece(&node.before);
        match node.how {
            How::Number { base: 10, .. } => decimal(value, self.out),
            _ => self.integer(node, value.into(), |bits, base, out| {
                unsigned(value, bits, base, out);
            }),
        }
    }

    #[inline]
    fn signed(&mut self, node: &Node, value: i64) {
        self.out.piece(&node.before);
        match node.how {
            How::Number { base: 10, .. } => signed_decimal(value, self.out),
            _ => self.integer(node, value.into(), |bits, base, out| signed(value, bits, base, out)),
        }
    }

    fn float(&mut self, node: &Node, value: f64) {
        self.out.piece(&node.before);
        match node.how {
            How::Float { bits } => float(value, bits, self.out),
            _ => float_of_six_digits(value, self.out),
        }
    }

    #[inline]
    fn text(&mut self, node: &Node, text: &[u8]) {
        self.out.piece(&node.before);
        match node.how {
            How::TextInQuotes if is_plain(text) => self.out.all(text),
            How::TextInQuotes => {
                self.out.take_back(1);
                let _ = write!(self.out, "{}", quoted(text));
                self.out.take_back(1);
            }
            How::RawText => raw(text, self.out),
            // Writing to memory cannot fail.
            _ => drop(write!(self.out, "{}", quoted(text))),
        }
    }

    fn blob(&mut self, node: &Node, bytes: &[u8]) {
        self.out.piece(&node.before);
        self.out.byte(b'{');
        for byte in bytes {
            let _ = write!(self.out, " {byte:02x}");
        }
        self.out.array(b" }");
    }

    fn absent(&mut self, node: &Node) {
        self.out.piece(&node.before);
        self.out.array(b"<none>");
    }

    #[inline]
    fn open(&mut self, node: &Node) {
        self.out.piece(&node.before);
        self.close(node);
    }

    #[inline]
    fn element(&mut self, number: u64) {
        let separator: &[u8] = if number == 0 { b" [" } else { b", [" };
        self.out.all(separator);
        decimal(number, self.out);
        self.out.all(b"] = ");
    }

    #[inline]
    fn close(&mut self, node: &Node) {
        if let How::Group(text) = &node.how {
            self.out.piece(text);
        }
    }
}

/// Whether text is shown in quotes as it is.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\');
    let (eights, rest) = text.as_chunks::<8>();
    eights.iter().all(are_plain) && rest.iter().all(is_plain)
}

/// The same of eight bytes at once: a byte's highest bit says what is wrong with it.
#[inline]
fn are_plain(eight: &[u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let bytes = u64::from_ne_bytes(*eight);
    // Exact if no byte has its highest bit set, which is wrong anyhow.
    let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let below_space = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    let is = |byte: u8| is_zero(bytes ^ ONES * u64::from(byte));
    (bytes | below_space | is(b'"') | is(b'\\') | is(0x7F)) & (ONES << 7) == 0
}

/// Text in quotes as babeltrace2 writes it: bytes beyond ASCII as they are.
fn raw(text: &[u8], out: &mut Out) {
    out.byte(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.all(&[b'\\', *byte]),
            0x07 => out.all(b"\\a"),
            0x08 => out.all(b"\\b"),
            b'\t' => out.all(b"\\t"),
            b'\n' => out.all(b"\\n"),
            0x0B => out.all(b"\\v"),
            0x0C => out.all(b"\\f"),
            b'\r' => out.all(b"\\r"),
            0..0x20 | 0x7F => {
                let _ = write!(out, "\\x{byte:02x}");
            }
            byte => out.byte(*byte),
        }
    }
    out.byte(b'"');
}

/// The bits as a number, and the flags that are in force; or a truth value.
fn bits(ty: &BitsType, value: u64, out: &mut Out) {
    let flags = match &ty.meaning {
        Meaning::Truth => return out.all(if value == 0 { b"false" } else { b"true" }),
        Meaning::Bits => None,
        Meaning::Flags(flags) => Some(flags),
    };
    // Writing to memory cannot fail.
    let _ = write!(out, "{value:#X}");
    let is_set =
        |(_, low, high): &&Label| (*low.max(&0)..=*high.min(&63)).any(|bit| value >> bit & 1 != 0);
    let (mut separator, mut last) = (" {", None);
    for (name, ..) in flags.into_iter().flat_map(|flags| flags.all()).filter(is_set) {
        // The ranges of a flag follow one another.
        if last != Some(name) {
            let _ = write!(out, "{separator} {}", quoted(&**name));
            (separator, last) = (",", Some(name));
        }
    }
    if last.is_some() {
        out.array(b" }");
    }
}

/// `'x'`; the number if Unicode has no such character.
fn character(number: u32, out: &mut Out) {
    match char::from_u32(number) {
        Some(c) => {
            let _ = write!(out, "'{}'", printable(c.encode_utf8(&mut [0; 4])));
        }
        None => unsigned(number.into(), 32, 16, out),
    }
}

fn labels(ty: &EnumType, value: i128, number: impl Fn(u8, u8, &mut Out), out: &mut Out) {
    let mut separator = "( ";
    let mut names = ty.labels.of(value).map(|(name, ..)| name);
    for name in names.by_ref().take(LABELS_PRINTED_MAX) {
        let _ = write!(out, "{separator}{}", quoted(&**name));
        separator = ", ";
    }
    if names.next().is_some() {
        out.all(b", ...");
    }
    if separator == "( " {
        out.all(b"( <unknown>");
    }
    out.all(b" : container = ");
    number(ty.container.bits as u8, ty.container.base as u8, out);
    out.all(b" )");
}
