//! Documentation comments, as descriptions of an event and of its fields.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::field::Field;

/// A description is one paragraph, and no longer than this.
const MAX_BYTES: usize = 512;

/// What is documented of an event.
pub(crate) struct Docs {
    event: String,
    /// By the fields' names.
    fields: Vec<(String, String)>,
}

impl Docs {
    /// By the attributes of the function, and its fields.
    pub(crate) fn of<'f>(attrs: &[Attribute], fields: impl IntoIterator<Item = &'f Field>) -> Self {
        let of_field = |field: &Field| (field.name.clone(), field.doc.clone());
        let fields = fields.into_iter().filter(|field| !field.doc.is_empty()).map(of_field);
        Self { event: paragraph(attrs), fields: fields.collect() }
    }

    /// The initialiser of the description's `docs`, for fields of these names.
    pub(crate) fn initialiser(&self, names: &[String]) -> TokenStream {
        let Self { event, fields } = self;
        if event.is_empty() && fields.is_empty() {
            return quote!(&[]);
        }
        let of_field = |name: &String| {
            fields.iter().find(|(field, _)| field == name).map_or("", |(_, doc)| doc)
        };
        let fields = names.iter().map(of_field);
        quote!(&[#event, #(#fields),*])
    }
}

/// The first paragraph of a documentation comment, in one line.
pub(crate) fn paragraph(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs.iter().filter_map(text).collect();
    let lines = lines.iter().flat_map(|text| text.split('\n')).map(str::trim);
    let lines: Vec<&str> =
        lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    let mut text = lines.join(" ");
    while text.len() > MAX_BYTES {
        text.pop();
    }
    text
}

fn text(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => literal(&pair.value),
        _ => None,
    }
}

/// What a macro has handed on stands in a group. `include_str!` and the like are not read.
fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Group(group) => literal(&group.expr),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse::Parser as _;

    #[test]
    fn the_first_paragraph_is_one_line() {
        let attrs = |text: &str| Attribute::parse_outer.parse_str(text).unwrap();
        assert_eq!(
            paragraph(&attrs("///\n/// One line\n///   and another.\n///\n/// More.")),
            "One line and another."
        );
        assert_eq!(
            paragraph(&attrs("#[doc(hidden)] #[doc = \"one\\ntwo\\n\\nthree\"]")),
            "one two"
        );
        assert_eq!(paragraph(&[]), "");
        let long = format!("#[doc = \"{}\"]", "ä".repeat(MAX_BYTES));
        assert_eq!(paragraph(&attrs(&long)).len(), MAX_BYTES);
    }
}
