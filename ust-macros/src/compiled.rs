//! Which tracepoints are compiled at all: the features `max-level-...` of `ust`, and `--cfg ust_off`.
//!
//! A tracepoint of a level beyond the maximum has no callsite: calls of it compile to nothing. Its arguments are still checked.
//! With `--cfg ust_off` that holds for all of them. `ust` looks for it, because a user's crate need not know such a name, and a macro
//! is not compiled for the target. It then exports the macros whose names end with `_off`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::args::{Args, LEVELS};
use crate::declaration::Declaration;
use crate::expand::{LIFETIME, allow_many_parameters, is_for_all};
use crate::field::{Field, recorded};
use crate::lifetimes::{with_lifetime, with_lifetimes};

/// The last level that is compiled. If several features say so, the most urgent one counts.
const MAX_LEVEL: Option<&str> = if cfg!(feature = "max-level-off") {
    None
} else if cfg!(feature = "max-level-err") {
    Some("Err")
} else if cfg!(feature = "max-level-warning") {
    Some("Warning")
} else if cfg!(feature = "max-level-notice") {
    Some("Notice")
} else if cfg!(feature = "max-level-info") {
    Some("Info")
} else {
    Some("Debug")
};

/// Whether a tracepoint is compiled. `default` is its level if it states none.
pub(crate) fn is_compiled(args: &Args, default: &str) -> bool {
    if args.is_off {
        return false;
    }
    let level = args.level.as_ref().map_or_else(|| default.to_owned(), Ident::to_string);
    let place = |name: &str| LEVELS.iter().position(|level| *level == name);
    MAX_LEVEL.is_some_and(|max| place(&level) <= place(max))
}

/// Checks the value of a field, in code that never runs.
pub(crate) fn checked(field: &Field, handed_on: TokenStream, private: &TokenStream) -> TokenStream {
    let value = format_ident!("__ust_field");
    let prepared = field.preparation(&value, private);
    let described = field.is_made().then(|| {
        let ty = field.type_of(private);
        quote!(let _ = #ty;)
    });
    quote!({ #described let #value = #handed_on; #prepared #private::check_field(&#value); })
}

/// The expansion of an event that is not compiled.
pub(crate) fn nothing(args: &Args, declaration: &Declaration) -> TokenStream {
    let private = &args.private();
    let Declaration { attrs, vis, ident, generics, fields } = declaration;
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::call_site()));
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let given = fields.iter().map(|field| &field.given);
    let for_all: Vec<_> = attrs.iter().filter(|attr| is_for_all(attr)).collect();
    let allow = allow_many_parameters(fields.len());
    let checked: Vec<_> =
        recorded(fields).map(|field| checked(field, field.handed_on(private), private)).collect();
    let (returns, begun) = if args.is_span {
        (quote!(-> #private::Span), quote!(#private::Span::nothing()))
    } else {
        (quote!(), quote!())
    };
    let (types, lifetimes) = with_lifetimes(recorded(fields).map(|field| &field.carried));
    let has_lifetime = !lifetimes.is_empty();
    let for_lifetimes = has_lifetime.then(|| quote!(for<#(#lifetimes),*>));
    let lifetime = syn::Lifetime::new(LIFETIME, Span::call_site());
    let of_with = has_lifetime.then(|| quote!(<#lifetime>));
    let lazy_types: Vec<_> =
        recorded(fields).map(|field| with_lifetime(LIFETIME, &field.carried)).collect();
    let returned = if let [ty] = &*lazy_types { quote!(#ty) } else { quote!((#(#lazy_types),*)) };
    let lazily = (!args.is_span).then(|| {
        quote! {
            /// Does nothing: the event is not compiled.
            #[inline(always)]
            #vis fn with #of_with (_: impl #private::core::ops::FnOnce() -> #returned) {}

            /// Does nothing: the event is not compiled.
            #[inline(always)]
            #vis fn when_on(_: impl #private::core::ops::FnOnce(#for_lifetimes fn(#(#types),*))) {}
        }
    });
    quote! {
        #(#attrs)*
        #allow
        #[inline(always)]
        #vis fn #ident #generics (#(#names: #given),*) #returns {
            #(let _ = &#names;)*
            if false {
                #(#checked)*
            }
            #begun
        }

        #(#for_all)*
        /// The tracepoint in other ways.
        #vis enum #ident {}

        #(#for_all)*
        impl #ident {
            /// Whether the event is on: never, because it is not compiled.
            #[inline(always)]
            #vis fn enabled() -> #private::core::primitive::bool {
                false
            }

            #lazily
        }
    }
}
