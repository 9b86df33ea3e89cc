//! What lists show of an event beside its name: where the program has it, what its author says of it, and its fields with
//! their types.
//!
//! ```text
//!   u16   i32 in base 16   bool   char   f64   text   [u8; 4]   [text]   { x: f32, y: f32 }
//!   idle = 0 | busy = 1..3         an enumeration
//!   none | some: u32               a variant
//! ```

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Write};
use ust_core::protocol::ClassBody;
use ust_core::wire::{Base, ByteOrder, Encoding, FieldType, Integer, Label};

/// The longest name or text of a type that is shown, in bytes. A longer one is cut, and marked.
const MAX_WORD_BYTES: usize = 200;

/// The longest description or place that is shown.
const MAX_LINE_BYTES: usize = 1024;

/// An event in detail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventDetails {
    /// Where the program has it: `src/main.rs:12`. Empty if it comes from no place in a source.
    pub source: String,
    /// What its author says of it; may be empty.
    pub description: String,
    /// Its fields, in order.
    pub fields: Vec<FieldDetails>,
}

/// A field in detail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldDetails {
    /// Its name.
    pub name: String,
    /// Its type, for people.
    #[serde(rename = "type")]
    pub ty: String,
    /// What the event's author says of it; may be empty.
    pub description: String,
}

impl EventDetails {
    /// Of a class that was decoded, so within the bounds of a class.
    pub fn of(class: &ClassBody<'_>) -> Self {
        let doc = |at: usize| cut(class.docs.get(at).unwrap_or(&""), MAX_LINE_BYTES);
        let field = |(at, (name, ty)): (usize, &(&str, FieldType))| FieldDetails {
            name: cut(name, MAX_WORD_BYTES),
            ty: cut(Shown(ty), MAX_WORD_BYTES),
            description: doc(at),
        };
        let fields = (1..).zip(&class.fields).map(field).collect();
        let source = cut(class.source(), MAX_LINE_BYTES);
        Self { source, description: doc(0), fields }
    }
}

impl EventDetails {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let Self { source, description, fields } = self;
        let of_field = |FieldDetails { name, ty, description }: &FieldDetails| {
            size_of::<FieldDetails>() + name.len() + ty.len() + description.len()
        };
        let fields: usize = fields.iter().map(of_field).sum();
        size_of::<Self>() + source.len() + description.len() + fields
    }
}

/// A text of at most so many bytes, and a mark if it was longer.
fn cut(text: impl Display, most_bytes: usize) -> String {
    let mut cut = Cut { text: String::new(), most_bytes };
    if write!(cut, "{text}").is_err() {
        cut.text += "...";
    }
    cut.text
}

struct Cut {
    text: String,
    most_bytes: usize,
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most_bytes - self.text.len();
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let fits = (0..=room.min(text.len())).rev().find(is_boundary).unwrap_or(0);
        self.text += &text[..fits];
        if fits == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

struct Shown<'t>(&'t FieldType);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ty if *ty == FieldType::BOOL => f.write_str("bool"),
            FieldType::Integer(ty) => integer(*ty, f),
            FieldType::Float { bits } => write!(f, "f{bits}"),
            FieldType::String { .. } => f.write_str("text"),
            FieldType::Enumeration { labels, .. } => {
                separated(f, " | ", labels.iter(), |label, f| write!(f, "{}", Values(label)))
            }
            FieldType::Array { element, length } => match bytes_of_text(element) {
                true => write!(f, "text of {length} bytes"),
                false => write!(f, "[{}; {length}]", Shown(element)),
            },
            FieldType::Sequence { element } => match bytes_of_text(element) {
                true => f.write_str("text"),
                false => write!(f, "[{}]", Shown(element)),
            },
            FieldType::Structure { members } => {
                f.write_str("{ ")?;
                separated(f, ", ", members.iter(), |member, f| {
                    write!(f, "{}: {}", &*member.name, Shown(&member.ty))
                })?;
                f.write_str(" }")
            }
            FieldType::Variant { choices, .. } => {
                separated(f, " | ", choices.iter(), |choice, f| match &*choice.ty {
                    FieldType::Structure { members } if members.is_empty() => {
                        f.write_str(&choice.label.name)
                    }
                    ty => write!(f, "{}: {}", &*choice.label.name, Shown(ty)),
                })
            }
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    separator: &str,
    all: impl Iterator<Item = T>,
    show: impl Fn(T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (at, one) in all.enumerate() {
        f.write_str(if at == 0 { "" } else { separator })?;
        show(one, f)?;
    }
    Ok(())
}

/// A label with its values.
struct Values<'l>(&'l Label);

impl Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label { name, low, high } = self.0;
        write!(f, "{} = {low}", &**name)?;
        if low == high { Ok(()) } else { write!(f, "..{high}") }
    }
}

fn integer(ty: Integer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if ty.is_code_point() {
        return f.write_str("char");
    }
    write!(f, "{}{}", if ty.signed { 'i' } else { 'u' }, ty.bits)?;
    match ty.base {
        Base::Decimal => {}
        Base::Binary => f.write_str(" in base 2")?,
        Base::Octal => f.write_str(" in base 8")?,
        Base::Hexadecimal => f.write_str(" in base 16")?,
    }
    match ty.byte_order {
        ByteOrder::Native => Ok(()),
        ByteOrder::Network => f.write_str(" in network order"),
    }
}

fn bytes_of_text(element: &FieldType) -> bool {
    matches!(element, FieldType::Integer(ty) if ty.bits == 8 && ty.encoding != Encoding::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_as_programs_have_them() {
        let state = [("idle", 0), ("busy", 1)];
        let option = FieldType::variant(
            Integer::unsigned(8),
            [("none", 0, FieldType::NOTHING), ("some", 1, FieldType::sequence(FieldType::TEXT))],
        );
        let port = Integer::unsigned(16).in_network_order().shown_in(Base::Hexadecimal);
        let byte = FieldType::Integer(Integer::character(Encoding::Utf8));
        for (ty, text) in [
            (FieldType::I64, "i64"),
            (FieldType::F32, "f32"),
            (FieldType::BOOL, "bool"),
            (FieldType::CODE_POINT, "char"),
            (FieldType::TEXT, "text"),
            (FieldType::Integer(port), "u16 in base 16 in network order"),
            (FieldType::enumeration(Integer::signed(32), &state), "idle = 0 | busy = 1"),
            (option, "none | some: [text]"),
            (
                FieldType::structure([("x", FieldType::U8), ("y", FieldType::F64)]),
                "{ x: u8, y: f64 }",
            ),
            (FieldType::array(FieldType::sequence(FieldType::U8), 3), "[[u8]; 3]"),
            (FieldType::array(byte.clone(), 8), "text of 8 bytes"),
            (FieldType::sequence(byte), "text"),
        ] {
            assert_eq!(cut(Shown(&ty), MAX_WORD_BYTES), text);
        }
    }

    #[test]
    fn a_long_type_is_cut_between_characters() {
        let labels: Vec<_> = (0..4000).map(|value| ("größe", value)).collect();
        let ty = FieldType::enumeration(Integer::unsigned(16), &labels);
        let text = cut(Shown(&ty), MAX_WORD_BYTES);
        assert!(text.starts_with("größe = 0 | größe = 1 | "), "{text}");
        assert!(text.ends_with("...") && text.len() <= MAX_WORD_BYTES + 3, "{text}");
    }
}
