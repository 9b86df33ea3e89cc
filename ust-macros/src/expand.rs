//! What a tracepoint becomes.
//!
//! ```text
//!  #[inline(always)] pub fn NAME(fields)      in every caller: load, branch, and a call to
//!  pub mod NAME {                                   |
//!      DESCRIPTION   what the source says           |      read-only memory
//!      CALLSITE      on or off, and which class     |      the load's address
//!      ENTRY         &CALLSITE in the module's list |      found by the constructor
//!      CONSTRUCTOR   .init_array, the first of all  |      tells the runtime of the list
//!      enabled, with                                v
//!      record        #[inline(never)]         one for all callers: the usual case, straight through
//!        '-- record_otherwise                  everything else
//!  }
//! ```
//!
//! **Lints.** The expansion must pass in crates that forbid what it does (`unsafe_code`, dead code,
//! pedantic habits). An `#[allow]` is no way out: it is itself an error under `forbid`. But the compiler
//! is silent about code that comes from another crate's macro, and knows it by its span. So everything
//! that could be linted has the macro's span; the user's own stay on what the user can do wrong, types
//! and levels. (One lint of clippy's does not look at spans and has its `#[allow]`.)
//!
//! **Names.** The expansion's own names meet the user's only in the module, where `use super::*` brings
//! in what the types may be made of. There an item wins over an import, parameters are renamed, and what
//! else has a name begins with two underscores.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Ident, Lifetime, Type, TypeReference};

use crate::args::Args;
use crate::parse::Declaration;

/// Clippy's `too_many_arguments` lints macros' functions too, from one more than this.
const MAX_UNLINTED_PARAMETERS: usize = 7;

pub(crate) fn expand(args: Args, mut declaration: Declaration) -> TokenStream {
    let ust_core = args.ust_core.as_ref().map_or_else(|| quote!(::ust_core), |path| quote!(#path));
    let private = quote!(#ust_core::__private);
    let description = description(&args, &declaration, &private);
    // Where the user wrote it, for messages, but the macro's token, for lints: a tracepoint of which only
    // `with` is used is not dead code.
    declaration.ident.set_span(declaration.ident.span().resolved_at(Span::call_site()));
    let function = function(&declaration);
    let module = module(&declaration, &private, &description);
    quote!(#function #module)
}

/// What stands in every caller.
fn function(declaration: &Declaration) -> TokenStream {
    let Declaration { attrs, vis, ident, generics, fields } = declaration;
    let names: Vec<&Ident> = fields.iter().map(|field| &field.ident).collect();
    let types = fields.iter().map(|field| &field.ty);
    let allow = allow_many_parameters(fields.len());
    // What was seen goes along: `record` would load it again, and only then know where to turn.
    quote! {
        #(#attrs)*
        #allow
        #[inline(always)]
        #vis fn #ident #generics (#(#names: #types),*) {
            let __seen = #ident::see();
            if __seen.is_on() {
                #ident::record(#(#names,)* __seen);
            }
        }
    }
}

/// What stands beside the function, once.
fn module(
    declaration: &Declaration,
    private: &TokenStream,
    description: &TokenStream,
) -> TokenStream {
    let Declaration { attrs, vis, ident, fields, .. } = declaration;
    let attrs = attrs.iter().filter(|attr| is_for_module(attr));
    let doc = format!(
        "The tracepoint [`{ident}`]({ident}()) in other ways: lazily, and whether it is on."
    );

    let types: Vec<Type> = fields.iter().map(|field| with_lifetime("'fields", &field.ty)).collect();
    let lifetime = fields.iter().any(|field| is_borrowed(&field.ty)).then(|| quote!('fields,));
    let values: Vec<Ident> = (0..).zip(&types).map(|(i, ty)| value(i, ty)).collect();
    // A single field is itself: a tuple of one is what nobody expects.
    let (returned, pattern) = match (&*types, &*values) {
        ([ty], [value]) => (ty.to_token_stream(), value.to_token_stream()),
        _ => (quote!((#(#types),*)), quote!((#(#values),*))),
    };
    let allow = allow_many_parameters(fields.len());
    let allow_for_record = allow_many_parameters(fields.len() + 1);

    // `record` is cold so that callers run straight on while the event is off: the call, and what must be
    // saved around it, is moved behind the caller's own code. Its body is compiled as any other. It ends in a call
    // with its own arguments where they already are, and so has no frame of its own.
    quote! {
        #(#attrs)*
        #[doc = #doc]
        #vis mod #ident {
            use super::*;

            const MODULE_PATH: &str = ::core::module_path!();

            static DESCRIPTION: #private::EventDescription = #description;

            static CALLSITE: #private::Callsite = #private::Callsite::new(&DESCRIPTION);

            #[#private::linkme::distributed_slice(#private::CALLSITES)]
            #[linkme(crate = #private::linkme)]
            static ENTRY: &#private::Callsite = &CALLSITE;

            #[used]
            #[unsafe(link_section = ".init_array.00100")]
            static CONSTRUCTOR: extern "C" fn() = #private::register_module;

            /// Whether the event is on: whether some channel records it now.
            #[inline(always)]
            pub fn enabled() -> bool {
                see().is_on()
            }

            #[inline(always)]
            pub(super) fn see() -> #private::CallsiteState {
                CALLSITE.state()
            }

            /// Records what the closure returns, and calls it only if the event is on.
            #[inline(always)]
            pub fn with<#lifetime __Fields: FnOnce() -> #returned>(__fields: __Fields) {
                let __seen = see();
                if __seen.is_on() {
                    let #pattern = __fields();
                    record(#(#values,)* __seen);
                }
            }

            #allow_for_record
            #[cold]
            #[inline(never)]
            pub(super) fn record<#lifetime>(
                #(#values: #types,)* __seen: #private::CallsiteState
            ) {
                if !#private::try_record(&CALLSITE, __seen, (#(#values,)*)) {
                    record_otherwise(#(#values),*);
                }
            }

            #allow
            #[cold]
            #[inline(never)]
            fn record_otherwise<#lifetime>(#(#values: #types),*) {
                #private::record_otherwise(&CALLSITE, (#(#values,)*));
            }
        }
    }
}

/// The module's name for a field. It stands where the type stands, which is what an error is about.
fn value(index: usize, ty: &Type) -> Ident {
    format_ident!("__field{index}", span = ty.span().resolved_at(Span::call_site()))
}

/// The initialiser of the `EventDescription`.
fn description(args: &Args, declaration: &Declaration, private: &TokenStream) -> TokenStream {
    let Declaration { ident, fields, .. } = declaration;
    let provider = match &args.provider {
        Some(provider) => quote!(#provider),
        None => crate_name(),
    };
    let name = args.name.clone().unwrap_or_else(|| ident.unraw().to_string());
    let level = args.level.clone().unwrap_or_else(|| Ident::new("DebugLine", Span::call_site()));
    let field_names = fields.iter().map(|field| field.ident.unraw().to_string());
    let types = fields.iter().map(|field| with_lifetime("'static", &field.ty));
    // Called from the function's place; called from the macro's, they would name the attribute's.
    let file = quote_spanned!(ident.span()=> ::core::file!());
    let line = quote_spanned!(ident.span()=> ::core::line!());
    let own_segment = format!("::{ident}");
    quote! {
        #private::EventDescription {
            provider: #provider,
            name: #name,
            level: #private::Level::#level,
            fields: &[#(
                #private::FieldDescription {
                    name: #field_names,
                    ty: <#types as #private::Field>::TYPE,
                }
            ),*],
            file: #file,
            line: #line,
            module_path: MODULE_PATH.split_at(MODULE_PATH.len() - #own_segment.len()).0,
        }
    }
}

/// The crate's name, with which the path of each of its modules starts.
///
/// Not `env!("CARGO_CRATE_NAME")`, which other build systems do not set.
fn crate_name() -> TokenStream {
    quote! {{
        let mut length = 0;
        while MODULE_PATH.as_bytes()[length] != b':' {
            length += 1;
        }
        MODULE_PATH.split_at(length).0
    }}
}

fn allow_many_parameters(count: usize) -> Option<TokenStream> {
    (count > MAX_UNLINTED_PARAMETERS).then(|| quote!(#[allow(clippy::too_many_arguments)]))
}

/// Whether an attribute of the function must stand on the module too.
fn is_for_module(attr: &Attribute) -> bool {
    let is_doc_hidden = || {
        attr.path().is_ident("doc")
            && attr.parse_args::<Ident>().is_ok_and(|argument| argument == "hidden")
    };
    attr.path().is_ident("cfg") || is_doc_hidden()
}

/// The type with one name for all its lifetimes but `'static`, those left out included.
///
/// The closure type `FnOnce() -> (&str, &[u8])` must name them, and one for all is enough: a longer
/// borrow passes as a shorter one.
fn with_lifetime(name: &str, ty: &Type) -> Type {
    let mut ty = ty.clone();
    Lifetimes { name, found: false }.visit_type_mut(&mut ty);
    ty
}

/// Whether a type has a lifetime that `with_lifetime` would name.
fn is_borrowed(ty: &Type) -> bool {
    let mut lifetimes = Lifetimes { name: "'_", found: false };
    lifetimes.visit_type_mut(&mut ty.clone());
    lifetimes.found
}

struct Lifetimes<'a> {
    name: &'a str,
    found: bool,
}

impl VisitMut for Lifetimes<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            self.found = true;
            *lifetime = Lifetime::new(self.name, lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        // One that was left out becomes `'_` first; then the walk over the type's parts names it.
        reference.lifetime.get_or_insert_with(|| Lifetime::new("'_", Span::call_site()));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}
