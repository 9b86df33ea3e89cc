//! The grammar: text to [`ast`](super::ast).
//!
//! ```text
//!   file        = { item }
//!   item        = ( trace | env | clock | stream | event | callsite ) block ";" | declaration ";"
//!   block       = "{" { entry } "}"
//!   entry       = ( path "=" value | path ":=" type | declaration ) ";"
//!   declaration = "typealias" type ":=" alias | "typedef" type declarators | type
//!   declarators = name { dimension } { "," name { dimension } }
//!   type        = integer { ... } | floating_point { ... } | string [ { ... } ]
//!               | struct [ name ] [ { member } ] [ align ( n ) ] | enum [ name ] [ : type ] [ { labels } ]
//!               | variant [ name ] [ < path > ] [ { member } ] | alias
//! ```
//!
//! Nothing is tried twice: the first word of each part says what it is. Types within types are counted, so that no text
//! can exhaust the stack.

use winnow::combinator::{alt, cut_err, delimited, opt, peek, preceded, repeat, separated};
use winnow::prelude::*;
use winnow::stream::Location;

use super::ast::{
    Attribute, Declaration, Declarator, Dimension, Entry, FieldPath, Item, Label, Member, TypeExpr,
    TypeKind, Value,
};
use super::scan::{
    Input, expected, fail, integer, keyword, literal, name, path, symbol, trivia, word,
};

/// The deepest nesting of types that is read.
const DEPTH_MAX: usize = 32;

/// Words of C's type names; several may follow one another.
const C_WORDS: [&str; 11] = [
    "void", "char", "short", "int", "float", "double", "signed", "unsigned", "long", "_Bool",
    "const",
];

/// The whole text.
pub(super) fn file<'t>(i: &mut Input<'t>) -> ModalResult<Vec<Item<'t>>> {
    trivia(i)?;
    let mut items = Vec::new();
    while !i.input.is_empty() {
        items.push(cut_err(item).parse_next(i)?);
    }
    Ok(items)
}

fn item<'t>(i: &mut Input<'t>) -> ModalResult<Item<'t>> {
    let at = i.current_token_start();
    let first = peek(word).context(expected("a block or a type declaration")).parse_next(i)?;
    let item = match first {
        "trace" | "env" | "clock" | "stream" | "event" | "callsite" => {
            word(i)?;
            let entries =
                cut_err(delimited(symbol("{"), repeat(0.., entry), symbol("}"))).parse_next(i)?;
            Item::Block { kind: first, entries, at }
        }
        _ => Item::Declaration(declaration(first, i)?),
    };
    cut_err(symbol(";")).parse_next(i)?;
    Ok(item)
}

fn entry<'t>(i: &mut Input<'t>) -> ModalResult<Entry<'t>> {
    let first = peek(word).parse_next(i)?;
    let entry = if is_declaration(first) {
        Entry::Declaration(cut_err(|i: &mut Input<'t>| declaration(first, i)).parse_next(i)?)
    } else {
        let at = i.current_token_start();
        let path = path(i)?;
        if opt(symbol(":=")).parse_next(i)?.is_some() {
            Entry::Type { path, ty: cut_err(type_expr).parse_next(i)?, at }
        } else {
            cut_err(symbol("=").context(expected("`=` or `:=`"))).parse_next(i)?;
            Entry::Value { path, value: cut_err(value).parse_next(i)?, at }
        }
    };
    cut_err(symbol(";")).parse_next(i)?;
    Ok(entry)
}

fn value<'t>(i: &mut Input<'t>) -> ModalResult<Value<'t>> {
    let name = (word.context(expected("a value")), opt(preceded(symbol("."), cut_err(path))));
    let name = name.map(|(first, rest)| match rest {
        Some(rest) => Value::Path(format!("{first}.{rest}")),
        None => Value::Word(first),
    });
    alt((integer.map(Value::Int), literal.map(Value::Text), name)).parse_next(i)
}

fn is_declaration(first: &str) -> bool {
    matches!(first, "typealias" | "typedef" | "struct" | "enum" | "variant")
}

/// A declaration that begins with the word `first`, which is not consumed yet.
fn declaration<'t>(first: &str, i: &mut Input<'t>) -> ModalResult<Declaration<'t>> {
    match first {
        "typealias" => {
            word(i)?;
            let ty = cut_err(type_expr).parse_next(i)?;
            cut_err(symbol(":=")).parse_next(i)?;
            let at = i.current_token_start();
            let name = cut_err(alias).parse_next(i)?;
            Ok(Declaration::Alias { name, ty, at })
        }
        "typedef" => {
            word(i)?;
            let ty = cut_err(type_expr).parse_next(i)?;
            let declarators = declarators("a type's name", i)?;
            Ok(Declaration::Typedef { ty, declarators })
        }
        _ => Ok(Declaration::Named(type_expr(i)?)),
    }
}

/// The name of a type: one word, or several of C's.
fn alias(i: &mut Input<'_>) -> ModalResult<String> {
    let first = alt((word.verify(|word: &str| C_WORDS.contains(&word)), name)).parse_next(i)?;
    let mut name = first.to_owned();
    let is_c = C_WORDS.contains(&first);
    let mut more = alt((
        word.verify(move |word: &str| is_c && C_WORDS.contains(&word)),
        symbol("*").value("*"),
    ));
    while let Some(word) = opt(more.by_ref()).parse_next(i)? {
        name.push(' ');
        name.push_str(word);
    }
    Ok(name)
}

fn type_expr<'t>(i: &mut Input<'t>) -> ModalResult<TypeExpr<'t>> {
    if i.state >= DEPTH_MAX {
        return fail("fewer types within types");
    }
    i.state += 1;
    let at = i.current_token_start();
    let first = peek(word).context(expected("a type")).parse_next(i)?;
    let kind = match first {
        "integer" => TypeKind::Integer(preceded(word, cut_err(attributes)).parse_next(i)?),
        "floating_point" => TypeKind::Float(preceded(word, cut_err(attributes)).parse_next(i)?),
        "string" => {
            let attributes = preceded(word, opt(attributes)).parse_next(i)?;
            TypeKind::String(attributes.unwrap_or_default())
        }
        "struct" => structure(i)?,
        "enum" => enumeration(i)?,
        "variant" => variant(i)?,
        _ => TypeKind::Named(alias(i)?),
    };
    i.state -= 1;
    Ok(TypeExpr { at, kind })
}

fn attributes<'t>(i: &mut Input<'t>) -> ModalResult<Vec<Attribute<'t>>> {
    let attribute = |i: &mut Input<'t>| {
        let at = i.current_token_start();
        let (name, (), value, ()) =
            (word, cut_err(symbol("=")), cut_err(value), cut_err(symbol(";"))).parse_next(i)?;
        Ok(Attribute { name, value, at })
    };
    delimited(symbol("{"), repeat(0.., attribute), cut_err(symbol("}"))).parse_next(i)
}

fn structure<'t>(i: &mut Input<'t>) -> ModalResult<TypeKind<'t>> {
    let align = preceded(keyword("align"), cut_err(delimited(symbol("("), integer, symbol(")"))));
    let (_, name, members, align) = (word, opt(name), opt(members), opt(align)).parse_next(i)?;
    Ok(TypeKind::Struct { name, members, align })
}

fn variant<'t>(i: &mut Input<'t>) -> ModalResult<TypeKind<'t>> {
    let tag = preceded(symbol("<"), cut_err((field_path, symbol(">")))).map(|(path, ())| path);
    let (_, name, tag, members) = (word, opt(name), opt(tag), opt(members)).parse_next(i)?;
    Ok(TypeKind::Variant { name, tag, members })
}

fn enumeration<'t>(i: &mut Input<'t>) -> ModalResult<TypeKind<'t>> {
    let container = preceded(symbol(":"), cut_err(type_expr)).map(Box::new);
    let (_, name, container) = (word, opt(name), opt(container)).parse_next(i)?;
    let labels = |i: &mut Input<'t>| {
        let labels = separated(1.., label, symbol(",")).parse_next(i)?;
        // A comma may stand behind the last one.
        opt(symbol(",")).parse_next(i)?;
        Ok(labels)
    };
    let labels =
        cut_err((labels.context(expected("a label")), symbol("}"))).map(|(labels, ())| labels);
    let labels = opt(preceded(symbol("{"), labels)).parse_next(i)?;
    Ok(TypeKind::Enum { name, container, labels })
}

fn label(i: &mut Input<'_>) -> ModalResult<Label> {
    let name = alt((literal, word.map(str::to_owned))).parse_next(i)?;
    let high = preceded(symbol("..."), cut_err(integer));
    let range = preceded(symbol("="), cut_err((integer, opt(high))));
    let range = opt(range).parse_next(i)?.map(|(low, high)| (low, high.unwrap_or(low)));
    Ok(Label { name, range })
}

fn members<'t>(i: &mut Input<'t>) -> ModalResult<Vec<Member<'t>>> {
    delimited(symbol("{"), repeat(0.., member), cut_err(symbol("}"))).parse_next(i)
}

fn member<'t>(i: &mut Input<'t>) -> ModalResult<Member<'t>> {
    let first = peek(word).parse_next(i)?;
    let member = if matches!(first, "typealias" | "typedef") {
        Member::Declaration(declaration(first, i)?)
    } else {
        let ty = type_expr(i)?;
        if let Some((kind, name)) = ty.declared() {
            // `struct s { ... } struct s field;` declares both.
            opt((keyword(kind), keyword(name))).parse_next(i)?;
        }
        if is_declaration(first) && peek(opt(symbol(";"))).parse_next(i)?.is_some() {
            Member::Declaration(Declaration::Named(ty))
        } else {
            Member::Fields { ty, declarators: declarators("a field's name", i)? }
        }
    };
    cut_err(symbol(";")).parse_next(i)?;
    Ok(member)
}

fn declarators<'t>(what: &'static str, i: &mut Input<'t>) -> ModalResult<Vec<Declarator<'t>>> {
    let declarator = |i: &mut Input<'t>| {
        let at = i.current_token_start();
        let (name, dimensions) =
            (name.context(expected(what)), repeat(0.., dimension)).parse_next(i)?;
        Ok(Declarator { name, dimensions, at })
    };
    cut_err(separated(1.., declarator, symbol(","))).parse_next(i)
}

fn dimension(i: &mut Input<'_>) -> ModalResult<Dimension> {
    let length = alt((integer.map(Dimension::Length), field_path.map(Dimension::Field)));
    delimited(symbol("["), cut_err(length.context(expected("a length"))), cut_err(symbol("]")))
        .parse_next(i)
}

fn field_path(i: &mut Input<'_>) -> ModalResult<FieldPath> {
    let at = i.current_token_start();
    path.map(|text| FieldPath { text, at }).parse_next(i)
}
