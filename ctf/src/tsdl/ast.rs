//! The grammar's output: blocks, entries and type expressions. Names are not looked up yet.
//!
//! ```text
//!   trace { major = 1; packet.header := struct { ... }; };
//!   Block   Entry::Value  Entry::Type     TypeExpr
//! ```
//!
//! `at` is a byte offset into the text, for errors that are found only when names are looked up.

/// The place in the text, and what is wrong there.
pub(super) type Wrong = (usize, String);

/// A statement of the outermost level.
#[derive(Debug)]
pub(super) enum Item<'t> {
    Block { kind: &'t str, entries: Vec<Entry<'t>>, at: usize },
    Declaration(Declaration<'t>),
}

/// A statement within a block.
#[derive(Debug)]
pub(super) enum Entry<'t> {
    Value { path: String, value: Value<'t>, at: usize },
    Type { path: String, ty: TypeExpr<'t>, at: usize },
    Declaration(Declaration<'t>),
}

/// The right-hand side of `=`.
#[derive(Debug)]
pub(super) enum Value<'t> {
    Int(i128),
    /// In double or in single quotes.
    Text(String),
    Word(&'t str),
    /// `clock.monotonic.value`
    Path(String),
}

/// Gives a type a name: `typealias`, `typedef`, or just `struct name { ... };`.
#[derive(Debug)]
pub(super) enum Declaration<'t> {
    Alias {
        name: String,
        ty: TypeExpr<'t>,
        at: usize,
    },
    /// `typedef` may name several.
    Typedef {
        ty: TypeExpr<'t>,
        declarators: Vec<Declarator<'t>>,
    },
    Named(TypeExpr<'t>),
}

/// A name that is given a type, or arrays of it: `name[len][2]`.
#[derive(Debug)]
pub(super) struct Declarator<'t> {
    pub(super) name: &'t str,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct TypeExpr<'t> {
    pub(super) at: usize,
    pub(super) kind: TypeKind<'t>,
}

#[derive(Debug)]
pub(super) enum TypeKind<'t> {
    Integer(Vec<Attribute<'t>>),
    Float(Vec<Attribute<'t>>),
    String(Vec<Attribute<'t>>),
    Struct {
        name: Option<&'t str>,
        members: Option<Vec<Member<'t>>>,
        align: Option<i128>,
    },
    Enum {
        name: Option<&'t str>,
        container: Option<Box<TypeExpr<'t>>>,
        labels: Option<Vec<Label>>,
    },
    Variant {
        name: Option<&'t str>,
        tag: Option<FieldPath>,
        members: Option<Vec<Member<'t>>>,
    },
    /// An alias: `uint8_t`, `unsigned long`.
    Named(String),
}

impl<'t> TypeExpr<'t> {
    /// The kind and the name of a type that gets its name here.
    pub(super) fn declared(&self) -> Option<(&'static str, &'t str)> {
        match self.kind {
            TypeKind::Struct { name: Some(name), members: Some(_), .. } => Some(("struct", name)),
            TypeKind::Enum { name: Some(name), labels: Some(_), .. } => Some(("enum", name)),
            TypeKind::Variant { name: Some(name), members: Some(_), .. } => Some(("variant", name)),
            _ => None,
        }
    }
}

/// `size = 8;` within `integer { ... }`.
#[derive(Debug)]
pub(super) struct Attribute<'t> {
    pub(super) name: &'t str,
    pub(super) value: Value<'t>,
    pub(super) at: usize,
}

impl Value<'_> {
    /// A word; readers take it in quotes as well.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Value::Word(word) => Some(word),
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Member<'t> {
    Fields { ty: TypeExpr<'t>, declarators: Vec<Declarator<'t>> },
    Declaration(Declaration<'t>),
}

/// The part between brackets behind a field's name.
#[derive(Debug)]
pub(super) enum Dimension {
    Length(i128),
    Field(FieldPath),
}

/// Where a length or a tag is.
#[derive(Debug)]
pub(super) struct FieldPath {
    pub(super) text: String,
    pub(super) at: usize,
}

/// `"label" = low ... high`; without a value it follows the label before.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) range: Option<(i128, i128)>,
}
