//! One parameter of a declaration or of an instrumented function.

use syn::ext::IdentExt as _;
use syn::{Ident, Pat, PatType, Type};

use crate::docs::paragraph;
use crate::field_attribute::{FieldAttribute, How};
use crate::words::{check_is_no_value, check_name, check_not_reserved};
use crate::wrong::Wrong;

pub(crate) struct Parameter {
    /// None if it is a pattern.
    pub(crate) ident: Option<Ident>,
    /// The field's name in the trace.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) how: How,
    /// What the user says of it, or nothing.
    pub(crate) doc: String,
}

/// Takes a parameter apart, and our attribute off it. Other attributes are left, but for documentation, which the compiler
/// refuses there.
pub(crate) fn take(wrong: &mut Wrong, parameter: &mut PatType) -> Option<Parameter> {
    let attribute = wrong.take(FieldAttribute::take(&mut parameter.attrs));
    let doc = paragraph(&parameter.attrs);
    parameter.attrs.retain(|attr| !attr.path().is_ident("doc"));
    for attr in parameter.attrs.iter().filter(|attr| !is_lint(attr)) {
        wrong.at(attr, "a field has no attribute but `#[field(..)]`: remove this");
    }
    let attribute = attribute?;
    let ident = match &*parameter.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Some(pattern.ident.clone())
        }
        _ => None,
    };
    let mut name = String::new();
    if let Some(ident) = &ident {
        let own = ident.unraw().to_string();
        if attribute.name.is_none() {
            wrong.take(check_name("a field's name", &own, ident.span()));
        }
        wrong.take(check_not_reserved(ident));
        wrong.take(check_is_no_value(ident));
        name = own;
    }
    Some(Parameter {
        ident,
        name: attribute.name.unwrap_or(name),
        ty: (*parameter.ty).clone(),
        how: attribute.how,
        doc,
    })
}

/// Lints' attributes may stand before any parameter.
fn is_lint(attr: &syn::Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| attr.path().is_ident(name))
}
