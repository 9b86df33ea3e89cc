//! The declaration: a function without a body, whose parameters are the event's fields.
//!
//! The compiler parses such a function wherever a function may be, so a declaration is plain Rust, which
//! rustfmt and editors know. This file refuses what a function may have but an event may not. It reports
//! all mistakes at once, each at its place.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, FnArg, GenericParam, Generics, Ident, Pat, Result, ReturnType, Safety,
    Signature, Token, Type, Visibility, token,
};

use crate::words::{
    check_hides_no_type, check_is_no_value, check_name, check_not_reserved, check_type,
};

/// The size of the largest tuple that implements `ust_core::wire::Payload`.
const MAX_FIELDS: usize = 16;

/// Types that are often tried, and what to write instead. `ust`'s traits refuse them too, but with one
/// message for all types.
const NO_FIELDS: [(&str, &str); 6] = [
    ("String", "`&str`"),
    ("PathBuf", "`&str`, and pass `&path.to_string_lossy()`"),
    ("OsString", "`&str`, and pass `&text.to_string_lossy()`"),
    ("Vec", "a slice, `&[T]`"),
    ("u128", "`[u64; 2]`"),
    ("i128", "`[u64; 2]`"),
];

/// The function's declaration of the event.
pub(crate) struct Declaration {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// Lifetimes, if any.
    pub(crate) generics: Generics,
    pub(crate) fields: Vec<Field>,
}

/// One parameter.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !starts_a_function(input) {
            let rest: TokenStream = input.parse()?;
            return Err(Error::new_spanned(
                rest,
                "a tracepoint is a function without a body: write `fn file_indexed(path: &str, bytes: u64);`",
            ));
        }
        let signature: Signature = input.parse()?;
        let mut wrong = Wrong::default();
        if input.peek(token::Brace) {
            let body: TokenStream = input.parse()?;
            wrong.at(body, "a tracepoint has no body, it records its arguments: write `;` instead");
        } else {
            input.parse::<Token![;]>()?;
        }
        wrong.modifiers(&signature);
        let mut fields = Vec::new();
        for input in &signature.inputs {
            fields.extend(wrong.field(input));
        }
        if let Some(one_too_many) = signature.inputs.iter().nth(MAX_FIELDS) {
            wrong.at(
                one_too_many,
                format!("an event has at most {MAX_FIELDS} fields: leave some out, or put numbers of one type into an array `[T; N]`"),
            );
        }
        wrong.name("an event's name", &signature.ident);
        wrong.take(check_hides_no_type(&signature.ident));
        wrong.into_result()?;
        Ok(Declaration { attrs, vis, ident: signature.ident, generics: signature.generics, fields })
    }
}

fn starts_a_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.parse::<Signature>().is_ok()
}

/// All mistakes in a declaration.
#[derive(Default)]
struct Wrong(Option<Error>);

impl Wrong {
    fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.also(Error::new_spanned(tokens, message));
    }

    fn also(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }

    /// Checks everything around a function's name and parameters.
    fn modifiers(&mut self, signature: &Signature) {
        if let Some(keyword) = &signature.constness {
            self.at(
                keyword,
                "a tracepoint cannot be `const`: it does something only while it is on",
            );
        }
        if let Some(keyword) = &signature.asyncness {
            self.at(keyword, "a tracepoint cannot be `async`: it never waits");
        }
        if !matches!(signature.safety, Safety::Default) {
            self.at(&signature.safety, "a tracepoint cannot be `unsafe`: every call of it is safe");
        }
        if let Some(abi) = &signature.abi {
            self.at(abi, "a tracepoint cannot be `extern`: it is a Rust function");
        }
        for parameter in &signature.generics.params {
            if !matches!(parameter, GenericParam::Lifetime(_)) {
                self.at(
                    parameter,
                    "an event's fields have one type each: remove this, and declare one tracepoint for each type",
                );
            }
        }
        if let Some(clause) = &signature.generics.where_clause {
            self.at(clause, "a tracepoint has no `where` clause: remove it");
        }
        if let Some(variadic) = &signature.variadic {
            self.at(variadic, "an event has a fixed number of fields: to record many values of one type, take a slice `&[T]`");
        }
        if let ReturnType::Type(..) = &signature.output {
            self.at(&signature.output, "a tracepoint returns nothing: remove this");
        }
    }

    /// Checks one parameter. Returns it if it is a field.
    fn field(&mut self, input: &FnArg) -> Option<Field> {
        let parameter = match input {
            FnArg::Typed(parameter) => parameter,
            FnArg::Receiver(receiver) => {
                self.at(receiver, "a tracepoint is not a method: take the fields that you want of `self` as parameters");
                return None;
            }
        };
        for attribute in &parameter.attrs {
            self.at(attribute, "a field has no attributes: remove this");
        }
        self.field_type(&parameter.ty);
        self.take(check_type(parameter.ty.to_token_stream()));
        let Pat::Ident(pattern) = &*parameter.pat else {
            self.at(&parameter.pat, "a field has a name: write `name: type`, and take patterns apart where you call the tracepoint");
            return None;
        };
        if pattern.by_ref.is_some() || pattern.mutability.is_some() || pattern.subpat.is_some() {
            self.at(pattern, format!("a field is a plain name: write `{}`", pattern.ident));
        }
        self.name("a field's name", &pattern.ident);
        self.take(check_is_no_value(&pattern.ident));
        Some(Field { ident: pattern.ident.clone(), ty: (*parameter.ty).clone() })
    }

    fn field_type(&mut self, ty: &Type) {
        match ty {
            Type::ImplTrait(_) => {
                self.at(ty, "an event's fields have one type each: write the type itself");
            }
            // `&String` is no more a field than `String`.
            Type::Reference(reference) => self.field_type(&reference.elem),
            Type::Tuple(members) => members.elems.iter().for_each(|ty| self.field_type(ty)),
            Type::Path(path) => {
                let last = path.path.segments.last();
                let known =
                    NO_FIELDS.iter().find(|(name, _)| last.is_some_and(|last| last.ident == name));
                if let Some((name, instead)) = known {
                    self.at(ty, format!("`{name}` cannot be a field of an event: write {instead}"));
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, what: &str, ident: &Ident) {
        self.take(check_name(what, &ident.unraw().to_string(), ident.span()));
        self.take(check_not_reserved(ident));
    }

    fn take(&mut self, checked: Result<()>) {
        if let Err(error) = checked {
            self.also(error);
        }
    }
}
