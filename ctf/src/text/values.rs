//! Writes values.

use std::io::Write;

use super::json;
use super::nodes::{How, Node};
use super::numbers::{decimal, float, float_of_six_digits, signed, signed_decimal, unsigned};
use super::out::Out;
use super::plain::is_plain;
use super::style::Style;
use crate::printable::{printable, quoted};
use crate::read::Visitor;
use crate::schema::{BitsType, EnumType, Label, Meaning};

/// Labels of one value that are printed. Hostile metadata may give a value as many as it has bytes.
const LABELS_PRINTED_MAX: usize = 64;

/// The longest line. A hostile trace may give each of a million values a name of a megabyte.
pub(super) const LINE_BYTES_MAX: usize = 64 << 20;

/// Writes values at the end of a line, up to the longest line.
pub(super) struct Values<'o> {
    out: &'o mut Out,
    /// Where the line's values begin.
    from: usize,
    style: Style,
}

impl<'o> Values<'o> {
    pub(super) fn new(style: Style, out: &'o mut Out) -> Values<'o> {
        Values { from: out.len(), out, style }
    }

    /// Whether the line is too long, so that nothing more of it is written.
    #[inline]
    fn is_full(&self) -> bool {
        self.out.len() - self.from > LINE_BYTES_MAX
    }

    /// Writes what stands before a value, if the value is written.
    #[inline(always)]
    fn before(&mut self, node: &Node) -> bool {
        if self.is_full() {
            return false;
        }
        self.out.piece(&node.before);
        true
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
                _ if self.style == Style::Json => number(64, 10, out),
                _ => labels(ty, value, number, out),
            },
            How::Labels(ty) => labels(ty, value, number, out),
            How::JsonCharacter => json::character(value as u32, out),
            How::JsonLabels(ty) => match ty.labels.of(value).next() {
                Some((name, ..)) => json::write_string(name.as_bytes(), out),
                None => number(64, 10, out),
            },
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
        if !self.before(node) {
            return;
        }
        match node.how {
            How::Number { base: 10, .. } => decimal(value, self.out),
            _ => self.integer(node, value.into(), |bits, base, out| {
                unsigned(value, bits, base, out);
            }),
        }
    }

    #[inline]
    fn signed(&mut self, node: &Node, value: i64) {
        if !self.before(node) {
            return;
        }
        match node.how {
            How::Number { base: 10, .. } => signed_decimal(value, self.out),
            _ => self.integer(node, value.into(), |bits, base, out| signed(value, bits, base, out)),
        }
    }

    fn float(&mut self, node: &Node, value: f64) {
        if !self.before(node) {
            return;
        }
        match node.how {
            How::Float { bits } => float(value, bits, self.out),
            How::JsonFloat => json::float(value, self.out),
            _ => float_of_six_digits(value, self.out),
        }
    }

    #[inline]
    fn text(&mut self, node: &Node, text: &[u8]) {
        if !self.before(node) {
            return;
        }
        match node.how {
            How::TextInQuotes if is_plain(text) => self.out.all(text),
            How::TextInQuotes => {
                self.out.take_back(1);
                let _ = write!(self.out, "{}", quoted(text));
                self.out.take_back(1);
            }
            How::JsonText => json::write_string(text, self.out),
            How::RawText => raw(text, self.out),
            // Writing to memory cannot fail.
            _ => drop(write!(self.out, "{}", quoted(text))),
        }
    }

    fn blob(&mut self, node: &Node, bytes: &[u8]) {
        if !self.before(node) {
            return;
        }
        if let How::JsonBlob = node.how {
            return json::blob(bytes, self.out);
        }
        self.out.byte(b'{');
        for byte in bytes {
            let _ = write!(self.out, " {byte:02x}");
        }
        self.out.array(b" }");
    }

    fn absent(&mut self, node: &Node) {
        if !self.before(node) {
            return;
        }
        self.out.all(if self.style == Style::Json { b"null" } else { b"<none>" });
    }

    #[inline]
    fn open(&mut self, node: &Node) {
        if self.before(node) {
            self.close(node);
        }
    }

    #[inline]
    fn element(&mut self, number: u64) {
        if self.is_full() {
            return;
        }
        if self.style == Style::Json {
            if number > 0 {
                self.out.byte(b',');
            }
            return;
        }
        let separator: &[u8] = if number == 0 { b" [" } else { b", [" };
        self.out.all(separator);
        decimal(number, self.out);
        self.out.all(b"] = ");
    }

    #[inline]
    fn close(&mut self, node: &Node) {
        if let How::Group(text) = &node.how
            && !self.is_full()
        {
            self.out.piece(text);
        }
    }
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
