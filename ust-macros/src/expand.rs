//! The expansion of a tracepoint.
//!
//! ```text
//!  #[inline(always)] pub fn NAME(fields)      in every caller: load, branch, and a call to
//!  pub enum NAME {}                                 |
//!  impl NAME {                                      |
//!      callsite      on or off, and which class     |      the address that is loaded
//!        |           description                    |      the source's declaration, in read-only memory
//!        |           entry     linkme's section     |      points to it, in the list of its copy of the library
//!        |           register  .init_array          |      tells the runtime about the list
//!        '--         unregister  .fini_array        |      unregisters it, when the module is unloaded
//!      enabled, with, when_on                       v
//!      record        #[inline(never)]         one for all callers: the usual case, straight through
//!        '-- otherwise                         all other cases
//!  }
//! ```
//!
//! **Lints.** The expansion must pass in crates that forbid what it does (`unsafe_code`, dead code, pedantic habits).
//! An `#[allow]` does not help: under `forbid` it is itself an error. But the compiler does not lint code from another
//! crate's macro, which it recognises by the span. So everything that could be linted has the macro's span. Only types
//! and levels, where the user can make mistakes, keep the user's span. (One clippy lint ignores spans and has its
//! `#[allow]`.)
//!
//! **Names.** The user's names and the expansion's never clash:
//!
//! - The user's types are in the scope where the user wrote them, so they keep their meaning. For this the expansion
//!   uses no module of its own, but associated functions of an empty enum.
//! - The expansion reaches everything else through `ust::__private`, including standard types and macros. So a module
//!   called `core`, or a type called `bool`, does no harm.
//! - Names that appear beside the user's (items in function bodies, parameters, locals, a lifetime) begin with
//!   `__ust_`, in upper or lower case. A declaration must not use that prefix ([`words`](crate::words)). The macro
//!   cannot see a constant of such a name in the surrounding scope; there the compiler reports it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Ident, Lifetime, Type};

use crate::args::Args;
use crate::callsite::{self, Described};
use crate::declaration::Declaration;
use crate::docs::Docs;
use crate::field::{Field, described_fields, recorded};
use crate::lifetimes::{with_lifetime, with_lifetimes};
use crate::sdt::Probe;

/// Clippy's `too_many_arguments` also lints functions from macros, from one more than this.
const MAX_UNLINTED_PARAMETERS: usize = 7;

/// The one lifetime of all that `with` records.
pub(crate) const LIFETIME: &str = "'__ust_fields";

/// The size of the largest tuple that implements `ust_core::wire::Payload`.
const MAX_TUPLE: usize = 16;

pub(crate) fn expand(args: &Args, declaration: Declaration) -> TokenStream {
    let name = args.name.clone().unwrap_or_else(|| declaration.ident.unraw().to_string());
    expand_as(args, &name, "DebugLine", declaration)
}

/// An event of that name, and of that level if the user states none.
pub(crate) fn expand_as(
    args: &Args,
    name: &str,
    level: &'static str,
    mut declaration: Declaration,
) -> TokenStream {
    let private = args.private();
    let described = Described {
        name: name.to_owned(),
        fields: described_fields(&declaration.fields, &private),
        docs: Docs::of(&declaration.attrs, &declaration.fields),
        level,
        here: declaration.ident.span(),
    };
    let callsite = Callsite::new(args, &described, &declaration, &private);
    let probe = Probe::new(args, name, &declaration.ident.unraw().to_string());
    // The user's location, for messages, but the macro's hygiene, for lints: a tracepoint of which only `with` is used
    // is not dead code.
    declaration.ident.set_span(declaration.ident.span().resolved_at(Span::call_site()));
    let function = function(&declaration, probe.as_ref(), &private);
    let other_ways = other_ways(&declaration, probe.as_ref(), &private, &callsite);
    quote!(#function #other_ways)
}

/// The function, which is inlined into every caller.
fn function(
    declaration: &Declaration,
    probe: Option<&Probe>,
    private: &TokenStream,
) -> TokenStream {
    let Declaration { attrs, vis, ident, generics, fields } = declaration;
    let names = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| &field.given);
    let mut handed_on: Vec<_> = recorded(fields).map(|field| field.handed_on(private)).collect();
    let passed = probe.map(|probe| {
        let values: Vec<_> =
            (0..).zip(recorded(fields)).map(|(index, field)| field.value(index)).collect();
        let hit = probe.hit(values.iter().map(ToTokens::to_token_stream));
        let given = std::mem::replace(
            &mut handed_on,
            values.iter().map(ToTokens::to_token_stream).collect(),
        );
        quote!(#(let #values = #given;)* #hit)
    });
    let skipped = fields.iter().filter(|field| !field.is_recorded()).map(|field| &field.ident);
    let allow = allow_many_parameters(fields.len());
    // Passes the loaded state on: `record` would load it again, and only then know which way to go.
    quote! {
        #(#attrs)*
        #allow
        #[inline(always)]
        #vis fn #ident #generics (#(#names: #types),*) {
            #(let _ = &#skipped;)*
            #passed
            let __ust_seen = #ident::callsite().state();
            if __ust_seen.is_on() {
                #ident::record(#(#handed_on,)* __ust_seen);
            }
        }
    }
}

/// The enum beside the function, and its associated functions.
fn other_ways(
    declaration: &Declaration,
    probe: Option<&Probe>,
    private: &TokenStream,
    callsite: &Callsite,
) -> TokenStream {
    let Declaration { attrs, vis, ident, fields, .. } = declaration;
    let attrs: Vec<_> = attrs.iter().filter(|attr| is_for_all(attr)).collect();
    let doc = format!(
        "The tracepoint [`{ident}`]({ident}()) in other ways: lazily, and whether it is on."
    );

    let fields: Vec<&Field> = recorded(fields).collect();
    let (types, lifetimes) = with_lifetimes(fields.iter().map(|field| &field.carried));
    let has_lifetime = !lifetimes.is_empty();
    let generics = has_lifetime.then(|| quote!(<#(#lifetimes),*>));
    let for_lifetimes = has_lifetime.then(|| quote!(for<#(#lifetimes),*>));
    let lifetime = Lifetime::new(LIFETIME, Span::call_site());
    let generics_of_with = has_lifetime.then(|| quote!(<#lifetime>));
    let lazy_types = fields.iter().map(|field| with_lifetime(LIFETIME, &field.carried));
    let lazy_types: Vec<Type> = lazy_types.collect();
    let values: Vec<Ident> = (0..).zip(&fields).map(|(i, field)| field.value(i)).collect();
    // A single field is returned as itself: nobody expects a tuple of one.
    let (returned, pattern) = match (&*lazy_types, &*values) {
        ([ty], [value]) => (ty.to_token_stream(), value.to_token_stream()),
        _ => (quote!((#(#lazy_types),*)), quote!((#(#values),*))),
    };
    let allow = allow_many_parameters(fields.len());
    let record = record(&fields, &types, &values, generics.as_ref(), ident, private);
    let Callsite { beside, function: callsite } = callsite;
    let semaphore = probe.map(|probe| probe.semaphore(&quote!(#(#attrs)*)));
    let passed = probe.map(|probe| probe.hit(values.iter().map(ToTokens::to_token_stream)));
    // Whoever is told of the event wants its values; only channels want its record.
    let or_wanted = probe.map(|probe| {
        let is_wanted = probe.is_wanted();
        quote!(|| #is_wanted)
    });
    let if_on = probe.map(|_| quote!(if __ust_seen.is_on()));

    quote! {
        #beside
        #semaphore

        #(#attrs)*
        #[doc = #doc]
        #vis enum #ident {}

        #(#attrs)*
        impl #ident {
            #callsite

            /// Whether the event is on: some channel records it now.
            #[inline(always)]
            #vis fn enabled() -> #private::core::primitive::bool {
                Self::callsite().state().is_on() #or_wanted
            }

            /// Calls the closure only if the event is on, and records what it returns.
            #[inline(always)]
            #vis fn with #generics_of_with (
                __ust_fields: impl #private::core::ops::FnOnce() -> #returned
            ) {
                let __ust_seen = Self::callsite().state();
                if __ust_seen.is_on() #or_wanted {
                    let #pattern = __ust_fields();
                    #passed
                    #if_on {
                        Self::record(#(#values,)* __ust_seen);
                    }
                }
            }

            /// Calls the closure only if the event is on, with a function that records the event. So fields may
            /// borrow what the closure computes.
            #[inline(always)]
            #vis fn when_on(
                __ust_fields: impl #private::core::ops::FnOnce(#for_lifetimes fn(#(#types),*))
            ) {
                #allow
                #[inline(always)]
                fn __ust_record #generics (#(#values: #types),*) {
                    #passed
                    let __ust_seen = #ident::callsite().state();
                    #if_on {
                        #ident::record(#(#values,)* __ust_seen);
                    }
                }

                if Self::callsite().state().is_on() #or_wanted {
                    __ust_fields(__ust_record);
                }
            }

            #record
        }
    }
}

/// `record`, which all ways of recording end in.
fn record(
    fields: &[&Field],
    types: &[Type],
    values: &[Ident],
    generics: Option<&TokenStream>,
    ident: &Ident,
    private: &TokenStream,
) -> TokenStream {
    let written: Vec<_> =
        fields.iter().zip(values).map(|(field, value)| field.written(value)).collect();
    let payload = payload(&written, private);
    let body = if fields.iter().all(|field| field.is_direct()) {
        let allow = allow_many_parameters(fields.len());
        let allow_for_record = allow_many_parameters(fields.len() + 1);
        let any: Vec<_> =
            (0..fields.len()).map(|index| format_ident!("__UstField{index}")).collect();
        let bounds: Vec<_> = fields.iter().map(|field| field.bounds(private)).collect();
        // Generic, because the compiler looks at types that are no fields only where this is called: once.
        quote! {
            #allow_for_record
            #[inline(always)]
            fn __ust_record<#(#any: #bounds),*>(
                #(#values: #any,)* __ust_seen: #private::CallsiteState
            ) {
                #allow
                #[cold]
                #[inline(never)]
                fn __ust_otherwise<#(#any: #bounds),*>(#(#values: #any),*) {
                    #private::record_otherwise(#ident::callsite().switch(), #payload);
                }

                if !#private::try_record(#ident::callsite().switch(), __ust_seen, #payload) {
                    __ust_otherwise(#(#values),*);
                }
            }

            __ust_record(#(#values,)* __ust_seen);
        }
    } else {
        let preparations = fields
            .iter()
            .zip(values)
            .filter_map(|(field, value)| field.preparation(value, private));
        quote! {
            #(#preparations)*
            #private::record(Self::callsite().switch(), __ust_seen, &#payload);
        }
    };
    let allow = allow_many_parameters(fields.len() + 1);
    // `record` is cold, so that callers run straight on while the event is off: the compiler moves the call, and what
    // it must save for the call, behind the caller's own code. It compiles the body like any other. `record` ends in a
    // call whose arguments already are in place, so it has no frame of its own (unless it makes what it writes).
    quote! {
        #allow
        #[cold]
        #[inline(never)]
        fn record #generics (#(#values: #types,)* __ust_seen: #private::CallsiteState) {
            #body
        }
    }
}

/// The payload of these fields: a tuple, or tuples.
pub(crate) fn payload(written: &[TokenStream], private: &TokenStream) -> TokenStream {
    match written.split_at_checked(MAX_TUPLE) {
        Some((first, rest)) if !rest.is_empty() => {
            let rest = payload(rest, private);
            quote!(#private::Both((#(#first,)*), #rest))
        }
        _ => quote!((#(#written,)*)),
    }
}

/// The callsite of a declaration.
struct Callsite {
    /// The static, if it has a name that others may use.
    beside: TokenStream,
    /// The function that returns it.
    function: TokenStream,
}

impl Callsite {
    fn new(
        args: &Args,
        described: &Described,
        declaration: &Declaration,
        private: &TokenStream,
    ) -> Self {
        let Some(name) = &args.callsite else {
            let name = Ident::new("callsite", Span::call_site());
            let function = callsite::function(args, described, &name, private);
            return Self { beside: quote!(), function };
        };
        let Declaration { attrs, vis, .. } = declaration;
        let attrs = attrs.iter().filter(|attr| is_for_all(attr));
        let before = quote!(#(#attrs)* #vis);
        Self {
            beside: callsite::item(args, described, &before, name, private),
            function: callsite::function_of(
                name,
                &quote!(),
                &Ident::new("callsite", Span::call_site()),
                private,
            ),
        }
    }
}

pub(crate) fn allow_many_parameters(count: usize) -> Option<TokenStream> {
    (count > MAX_UNLINTED_PARAMETERS).then(|| quote!(#[allow(clippy::too_many_arguments)]))
}

/// Whether an attribute of the function must be on all other items too.
pub(crate) fn is_for_all(attr: &Attribute) -> bool {
    let is_doc_hidden = || {
        attr.path().is_ident("doc")
            && attr.parse_args::<Ident>().is_ok_and(|argument| argument == "hidden")
    };
    attr.path().is_ident("cfg") || is_doc_hidden()
}
