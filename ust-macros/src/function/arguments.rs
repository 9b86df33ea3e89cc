//! The arguments of an instrumented function, as fields of its entry.
//!
//! ```text
//!   argument               the entry takes           it is given
//!   n: u64, s: &str        the same                  n, s
//!   list: &mut Vec<u8>     &Vec<u8>                  &*list
//!   name: String           &String                   &name
//!   #[field(debug)] t: T   impl Debug                &t
//! ```
//!
//! So the body finds its arguments as they were.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::visit::{self, Visit};
use syn::{FnArg, Ident, Signature, Type};

use crate::args::Args;
use crate::field::{Field, as_ref_target_of, is_in_registers};
use crate::field_attribute::{FieldAttribute, How};
use crate::function::unnamed::Unnamed;
use crate::lifetimes::with_lifetime;
use crate::parameter::{self, Parameter};
use crate::wrong::Wrong;

/// One argument: the field, and the expression that is handed to the entry.
pub(crate) struct Argument {
    pub(crate) field: Field,
    pub(crate) passed: TokenStream,
}

/// The arguments that are recorded.
pub(crate) fn arguments(
    wrong: &mut Wrong,
    args: &Args,
    signature: &mut Signature,
    unnamed: &Unnamed,
) -> Vec<Argument> {
    let mut not_found: Vec<_> = args.skip.iter().collect();
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        let parameter = match input {
            FnArg::Receiver(receiver) => {
                not_found.retain(|name| *name != "self");
                arguments.extend(receiver_argument(wrong, receiver));
                continue;
            }
            FnArg::Typed(parameter) => parameter,
        };
        let Some(taken) = parameter::take(wrong, parameter) else { continue };
        let is_skipped = args.skip_all
            || matches!(taken.how, How::Skip)
            || taken.ident.as_ref().is_some_and(|ident| args.skip.contains(ident));
        not_found.retain(|name| Some(*name) != taken.ident.as_ref());
        // What the function itself does not name is nothing to record.
        let is_unnamed = matches!(&*parameter.pat, syn::Pat::Wild(_));
        if is_skipped || is_unnamed {
            continue;
        }
        arguments.extend(argument(wrong, taken, parameter, unnamed));
    }
    for name in not_found {
        wrong.at(name, format!("there is no argument `{name}` to skip"));
    }
    arguments
}

/// What is handed over of one argument, and how: numbers and references themselves, all others by reference.
fn argument(
    wrong: &mut Wrong,
    taken: Parameter,
    parameter: &syn::PatType,
    unnamed: &Unnamed,
) -> Option<Argument> {
    let Parameter { ident, name, ty, how, doc } = taken;
    let Some(ident) = ident else {
        wrong.at(&parameter.pat, "a pattern has no name that a field could have: write `#[field(skip)]` before it, or take it apart in the body");
        return None;
    };
    let is_formatted = matches!(how, How::Debug | How::Display);
    if is_formatted {
        let bound = if matches!(how, How::Debug) { quote!(Debug) } else { quote!(Display) };
        let given = syn::parse_quote!(impl ::core::fmt::#bound);
        return Some(Argument {
            passed: quote!(&#ident),
            field: Field::new(ident, name, given, how).documented(doc),
        });
    }
    if unnamed.is_in(&ty) {
        has_several_types(wrong, &ty, &ident);
        return None;
    }
    let (given, passed): (Type, _) = match &ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            let target = &reference.elem;
            (syn::parse_quote!(&#target), quote!(&*#ident))
        }
        Type::ImplTrait(_) => {
            let is_lent = as_ref_target_of(&ty).is_some();
            if !is_lent {
                has_several_types(wrong, &ty, &ident);
                return None;
            }
            (ty.clone(), quote!(&#ident))
        }
        ty if is_in_registers(ty) => (ty.clone(), ident.to_token_stream()),
        ty => (syn::parse_quote!(&#ty), quote!(&#ident)),
    };
    let given = with_lifetime("'_", &given);
    Some(Argument { field: Field::new(ident, name, given, how).documented(doc), passed })
}

/// `self`, which is recorded only if it is asked for.
fn receiver_argument(wrong: &mut Wrong, receiver: &mut syn::Receiver) -> Option<Argument> {
    let attribute = wrong.take(FieldAttribute::take(&mut receiver.attrs))?;
    let bound = match attribute.how {
        How::Debug => quote!(Debug),
        How::Display => quote!(Display),
        How::Skip => return None,
        How::Plain if attribute.name.is_none() => return None,
        _ => {
            wrong.at(
                receiver,
                "`self` is recorded as text: write `#[field(debug)]` or `#[field(display)]`",
            );
            return None;
        }
    };
    let ident = Ident::new("__ust_self", Span::call_site());
    let given = syn::parse_quote!(impl ::core::fmt::#bound);
    let name = attribute.name.unwrap_or_else(|| "self".to_owned());
    let this = Ident::new("self", receiver.self_token.span);
    Some(Argument { field: Field::new(ident, name, given, attribute.how), passed: quote!(&#this) })
}

fn has_several_types(wrong: &mut Wrong, ty: &Type, ident: &Ident) {
    wrong.at(ty, format!("an event is one class for all types: write `#[field(debug)]`, `#[field(display)]` or `#[field(skip)]` before `{ident}`"));
}

/// The names that these arguments bind.
pub(crate) fn names_of<'a>(inputs: impl IntoIterator<Item = &'a FnArg>) -> Vec<Ident> {
    #[derive(Default)]
    struct Search(Vec<Ident>);

    impl<'ast> Visit<'ast> for Search {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            self.0.push(pattern.ident.clone());
            visit::visit_pat_ident(self, pattern);
        }
    }

    let mut search = Search::default();
    for input in inputs {
        match input {
            FnArg::Receiver(receiver) => {
                search.0.push(Ident::new("self", receiver.self_token.span));
            }
            FnArg::Typed(parameter) => search.visit_pat(&parameter.pat),
        }
    }
    search.0
}
