//! An instrumented function: `#[tracepoint]` on a function with a body.
//!
//! ```text
//!  fn NAME(args) -> R {                           #[tracepoint(span)]                async
//!      __ust_entry      NAME_entry { args }                                          NAME_entry { span, args }
//!      __ust_exit       NAME_exit { outcome }     NAME { args, duration, outcome }   NAME_exit { span, duration, .., outcome }
//!      __ust_resume                                                                  NAME_resume, NAME_suspend { span }
//!      the body, in a closure if its value is recorded
//!  }
//! ```
//!
//! Entry and exit are the default: if a program hangs or dies within the function, its trace shows so.
//!
//! | file | what it does |
//! | --- | --- |
//! | `arguments` | which arguments are recorded, and how the entry gets them |
//! | `ending` | what is recorded of the value, the error, the panic |
//! | `parts` | the items and calls of each kind of function |
//! | `unnamed` | types that these items cannot name |

mod arguments;
mod ending;
mod parts;
mod unnamed;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Block, Generics, Result, ReturnType, Signature, Visibility};

use crate::args::Args;
use crate::compiled::{self, is_compiled};
use crate::words::check_name;
use crate::wrong::Wrong;
use arguments::{Argument, names_of};
use ending::Ending;
use parts::{LEVEL, Parts};
use unnamed::Unnamed;

/// A function with a body.
pub(crate) struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    signature: Signature,
    body: Block,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<syn::ItemFn>().map(Self::from)
    }
}

impl From<syn::ItemFn> for Function {
    fn from(item: syn::ItemFn) -> Self {
        let syn::ItemFn { attrs, vis, sig, block, .. } = item;
        Self { attrs: outer(attrs), vis, signature: sig, body: *block }
    }
}

impl From<syn::ImplItemFn> for Function {
    fn from(item: syn::ImplItemFn) -> Self {
        let syn::ImplItemFn { attrs, vis, sig, block, .. } = item;
        Self { attrs: outer(attrs), vis, signature: sig, body: block }
    }
}

/// Attributes that stand within the body, before the function: the expansion's items come before all that the body has.
fn outer(mut attrs: Vec<Attribute>) -> Vec<Attribute> {
    for attr in &mut attrs {
        attr.style = syn::AttrStyle::Outer;
    }
    attrs
}

/// The instrumented function. `around` are the generics of the implementation that it stands in.
pub(crate) fn expand(
    args: &Args,
    mut function: Function,
    around: &Generics,
) -> Result<TokenStream> {
    let private = args.private();
    let mut wrong = Wrong::default();
    let signature = &mut function.signature;
    if let Some(keyword) = &signature.constness {
        wrong.at(keyword, "a `const fn` cannot be instrumented, because it may run in the compiler: remove `#[tracepoint]` or `const`");
    }
    if let Some(variadic) = &signature.variadic {
        wrong.at(variadic, "a function with `...` cannot be instrumented");
    }
    let name = args.name.clone().unwrap_or_else(|| signature.ident.unraw().to_string());
    wrong.take(check_name("an event's name", &name, signature.ident.span()));
    let unnamed = Unnamed::of(&signature.generics, around);
    let arguments = arguments::arguments(&mut wrong, args, signature, &unnamed);
    // A closure does not know the caller's location, so the body must not be in one.
    let is_in_place = function.attrs.iter().any(|attr| attr.path().is_ident("track_caller"));
    let output = if is_in_place { &ReturnType::Default } else { &signature.output };
    let ending = Ending::of(args, output, &unnamed);
    wrong.into_result()?;
    if !is_compiled(args, LEVEL) {
        let Function { attrs, vis, signature, body } = function;
        let checked = arguments.iter().map(|Argument { field, passed }| {
            compiled::checked(field, field.handed_on_from(passed, &private), &private)
        });
        let syn::Block { stmts, .. } = body;
        return Ok(quote! {
            #(#attrs)* #vis #signature {
                if false {
                    #(#checked)*
                }
                #(#stmts)*
            }
        });
    }

    let parts = Parts {
        args,
        private: &private,
        name: &name,
        attrs: &function.attrs,
        arguments: &arguments,
        ending: &ending,
        names: &names_of(&signature.inputs),
        here: signature.ident.span(),
    };
    let body = match (signature.asyncness.is_some(), args.is_span) {
        (false, false) => parts.entry_and_exit(&function.body, &signature.output),
        (false, true) => parts.one_record(&function.body, &signature.output),
        (true, is_span) => parts.of_future(&function.body, &signature.output, is_span),
    };
    let Function { attrs, vis, signature, .. } = function;
    Ok(quote!(#(#attrs)* #vis #signature { #body }))
}
