//! The declaration: a function without a body, whose parameters are the event's fields.
//!
//! The compiler parses such a function wherever a function may be, so a declaration is plain Rust, which
//! rustfmt and editors know. This file refuses what a function may have but an event may not. It reports
//! all mistakes at once, each at its place.

use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, GenericParam, Generics, Ident, Pat, Result, ReturnType, Safety, Signature,
    Token, Type, Visibility,
};

use crate::field::{Field, as_ref_target};
use crate::field_attribute::How;
use crate::parameter::{self, Parameter};
use crate::words::{check_hides_no_type, check_name, check_not_reserved, check_type};
use crate::wrong::Wrong;

/// The function's declaration of the event.
pub(crate) struct Declaration {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// Lifetimes, if any.
    pub(crate) generics: Generics,
    pub(crate) fields: Vec<Field>,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let mut signature: Signature = input.parse()?;
        input.parse::<Token![;]>()?;
        let mut wrong = Wrong::default();
        modifiers(&mut wrong, &signature);
        let mut fields = Vec::new();
        for input in &mut signature.inputs {
            fields.extend(field(&mut wrong, input));
        }
        let name = signature.ident.unraw().to_string();
        wrong.take(check_name("an event's name", &name, signature.ident.span()));
        wrong.take(check_not_reserved(&signature.ident));
        wrong.take(check_hides_no_type(&signature.ident));
        wrong.into_result()?;
        Ok(Declaration { attrs, vis, ident: signature.ident, generics: signature.generics, fields })
    }
}

/// Checks everything around a function's name and parameters.
fn modifiers(wrong: &mut Wrong, signature: &Signature) {
    if let Some(keyword) = &signature.constness {
        wrong.at(keyword, "a tracepoint cannot be `const`: it does something only while it is on");
    }
    if let Some(keyword) = &signature.asyncness {
        wrong.at(keyword, "a tracepoint cannot be `async`: it never waits");
    }
    if !matches!(signature.safety, Safety::Default) {
        wrong.at(&signature.safety, "a tracepoint cannot be `unsafe`: every call of it is safe");
    }
    if let Some(abi) = &signature.abi {
        wrong.at(abi, "a tracepoint cannot be `extern`: it is a Rust function");
    }
    for parameter in &signature.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            wrong.at(
                parameter,
                "an event's fields have one type each: write `#[field(debug)] NAME: impl Debug`, or declare one tracepoint for each type",
            );
        }
    }
    if let Some(clause) = &signature.generics.where_clause {
        wrong.at(clause, "a tracepoint has no `where` clause: remove it");
    }
    if let Some(variadic) = &signature.variadic {
        wrong.at(variadic, "an event has a fixed number of fields: to record many values of one type, take a slice `&[T]`");
    }
    if let ReturnType::Type(..) = &signature.output {
        wrong.at(&signature.output, "a tracepoint returns nothing: remove this");
    }
}

/// Checks one parameter. Returns it if it is a field.
fn field(wrong: &mut Wrong, input: &mut FnArg) -> Option<Field> {
    let parameter = match input {
        FnArg::Typed(parameter) => parameter,
        FnArg::Receiver(receiver) => {
            wrong.at(receiver, "a tracepoint is not a method: take the fields that you want of `self` as parameters");
            return None;
        }
    };
    let Parameter { ident, name, ty, how, doc } = parameter::take(wrong, parameter)?;
    let Some(ident) = ident else {
        wrong.at(&parameter.pat, "a field has a name: write `name: type`, and take patterns apart where you call the tracepoint");
        return None;
    };
    if let Pat::Ident(pattern) = &*parameter.pat
        && pattern.mutability.is_some()
    {
        wrong.at(pattern, format!("a field is a plain name: write `{ident}`"));
    }
    wrong.take(check_type(ty.to_token_stream()));
    field_type(wrong, &ty, &how);
    Some(Field::new(ident, name, ty, how).documented(doc))
}

/// Types of which the traits could only say that they are no fields.
fn field_type(wrong: &mut Wrong, ty: &Type, how: &How) {
    match ty {
        Type::ImplTrait(bounds) => {
            let is_dynamic = matches!(how, How::Debug | How::Display | How::Skip);
            if !is_dynamic && as_ref_target(bounds).is_none() {
                wrong.at(ty, "an event's fields have one type each: write the type itself, `impl AsRef<str>`, or `#[field(debug)]` or `#[field(display)]` before the parameter");
            }
        }
        Type::Reference(reference) => field_type(wrong, &reference.elem, how),
        Type::Tuple(members) => members.elems.iter().for_each(|ty| field_type(wrong, ty, how)),
        Type::Path(path) if matches!(how, How::Plain | How::Shown(_)) => {
            let last = path.path.segments.last();
            if last.is_some_and(|last| last.ident == "u128" || last.ident == "i128") {
                wrong.at(ty, "a field has at most 64 bits: write `[u64; 2]`, or `#[field(display)]` before the parameter");
            }
        }
        _ => {}
    }
}
