//! Declares fields.
//!
//! ```text
//!   x: sequence of T     integer { ... } __x_length;  T _x[ __x_length ];
//!   x: variant           enum : integer { ... } { "a" = 0, "b" = 1 } __x_tag;  variant <__x_tag> { A a; B b; } _x;
//!   x: array of arrays   struct { T _value[4]; } _x[3];
//! ```
//!
//! A length or a tag is a field of its own in front of the field. An element or a choice has no place for that, so one
//! that needs it, or is an array itself, becomes a structure with one member.

use super::field_types::{Choice, Field, FieldType, Float, Integer, Label};
use super::integer::integer;
use super::names::{Names, choice, letters, literal, user_field};
use crate::schema::Encoding;

/// The name of that one member.
pub(crate) const VALUE: &str = "value";

const INDENT: &str = "    ";

/// Lines of declarations, and how deep in structures they are.
pub(super) struct Declarations {
    out: String,
    depth: usize,
}

impl Declarations {
    /// Lines at that depth.
    pub(super) fn at(depth: usize) -> Self {
        Self { out: String::new(), depth }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n(INDENT, self.depth));
    }

    fn line(&mut self, line: &str) {
        self.indent();
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// The declarations of one scope.
    pub(super) fn fields<'f>(
        &mut self,
        fields: impl IntoIterator<Item = (&'f str, &'f FieldType)>,
    ) {
        let mut names = Names::default();
        for (name, ty) in fields {
            let name = names.claim(&user_field(name), |name| companion(name, ty));
            self.field(&name, ty);
        }
    }

    /// Declares a field of that name, behind its length or its tag.
    pub(super) fn field(&mut self, name: &str, ty: &FieldType) {
        let companion = companion(name, ty).unwrap_or_default();
        match ty {
            FieldType::Array { elem, len } if *len > 0 => {
                self.declare(elem, &format!("{name}[{len}]"));
            }
            FieldType::Array { elem, .. } | FieldType::Sequence { elem } => {
                self.line(&format!("{} {companion};", integer(Integer::U32)));
                self.declare(elem, &format!("{name}[{companion}]"));
            }
            FieldType::Variant { tag, choices } => self.variant(name, &companion, *tag, choices),
            ty => self.declare(ty, name),
        }
    }

    /// Declares a type that needs nothing in front, or has it in a structure of its own.
    fn declare(&mut self, ty: &FieldType, declarator: &str) {
        self.indent();
        match ty {
            FieldType::Integer(ty) => self.out.push_str(&integer(*ty)),
            FieldType::Float(ty) => self.out.push_str(&float(*ty)),
            FieldType::String(encoding) => self.out.push_str(&string(*encoding)),
            FieldType::Enumeration { container, labels } => {
                let labels = labels.iter().map(|label| (literal(&label.name), label));
                self.out.push_str(&enumeration(*container, labels));
            }
            FieldType::Struct(members) => {
                self.structure(members.iter().map(|Field { name, ty }| (&**name, ty)));
            }
            FieldType::Array { .. } | FieldType::Sequence { .. } | FieldType::Variant { .. } => {
                self.structure([(VALUE, ty)]);
            }
        }
        self.out.push(' ');
        self.out.push_str(declarator);
        self.out.push_str(";\n");
    }

    fn structure<'f>(&mut self, members: impl IntoIterator<Item = (&'f str, &'f FieldType)>) {
        self.out.push_str("struct {\n");
        self.depth += 1;
        self.fields(members);
        self.depth -= 1;
        self.indent();
        self.out.push('}');
    }

    fn variant(&mut self, name: &str, tag_name: &str, tag: Integer, choices: &[Choice]) {
        let mut names = Names::default();
        // Names are claimed before they are escaped, so that no other choice has the escaped name.
        let mut name_of = |it: &Choice| choice(&names.claim(&letters(&it.label.name), |_| None));
        let names: Vec<_> = choices.iter().map(&mut name_of).collect();
        let labels = names.iter().zip(choices);
        let labels = labels.map(|(name, choice)| (literal(name), &choice.label));
        self.line(&format!("{} {tag_name};", enumeration(tag, labels)));
        self.line(&format!("variant <{tag_name}> {{"));
        self.depth += 1;
        for (name, choice) in names.iter().zip(choices) {
            self.declare(&choice.ty, name);
        }
        self.depth -= 1;
        self.line(&format!("}} {name};"));
    }
}

/// The name of the length or tag that a field of this name and type has in front.
fn companion(name: &str, ty: &FieldType) -> Option<String> {
    match ty {
        FieldType::Sequence { .. } | FieldType::Array { len: 0, .. } => {
            Some(format!("_{name}_length"))
        }
        FieldType::Variant { .. } => Some(format!("_{name}_tag")),
        _ => None,
    }
}

fn enumeration<'l>(
    container: Integer,
    labels: impl Iterator<Item = (String, &'l Label)>,
) -> String {
    let labels: Vec<_> = labels
        .map(|(name, Label { low, high, .. })| match low == high {
            true => format!("{name} = {low}"),
            false => format!("{name} = {low} ... {high}"),
        })
        .collect();
    let container = integer(container);
    // The grammar has no enumeration without labels.
    match labels.is_empty() {
        true => container,
        false => format!("enum : {container} {{ {} }}", labels.join(", ")),
    }
}

fn float(ty: Float) -> String {
    let (exponent, mantissa) = match ty {
        Float::F32 => (8, 24),
        Float::F64 => (11, 53),
    };
    format!("floating_point {{ exp_dig = {exponent}; mant_dig = {mantissa}; align = 8; }}")
}

fn string(encoding: Encoding) -> String {
    format!("string {{ encoding = {}; }}", encoding.name())
}
