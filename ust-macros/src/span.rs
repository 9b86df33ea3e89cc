//! A declared span: `#[tracepoint(span)]` on a function without a body.
//!
//! ```text
//!  #[must_use] fn NAME(args) -> Span       begins; dropping the result records { args, duration, busy, idle, polls, outcome }
//!  enum NAME {}                            NAME::enabled()
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;

use crate::args::Args;
use crate::callsite::{self, Described};
use crate::declaration::Declaration;
use crate::docs::Docs;
use crate::expand::{allow_many_parameters, is_for_all};
use crate::field::{described_fields, recorded};
use crate::sdt::Probe;

pub(crate) fn expand(args: &Args, declaration: &Declaration) -> TokenStream {
    let private = &args.private();
    let Declaration { attrs, vis, ident, generics, fields } = declaration;
    let mut described = described_fields(fields, private);
    for (name, ty) in [("duration", "u64"), ("busy", "u64"), ("idle", "u64"), ("polls", "u32")] {
        let ty = Ident::new(ty, Span::call_site());
        let ty = quote!(<#private::core::primitive::#ty as #private::Field>::TYPE);
        described.push((name.to_owned(), ty));
    }
    described.push(("outcome".to_owned(), quote!(<#private::Outcome as #private::Field>::TYPE)));
    let name = args.name.clone().unwrap_or_else(|| ident.unraw().to_string());
    let probe = Probe::new(args, &name, &ident.unraw().to_string());
    let described = Described {
        name,
        fields: described,
        docs: Docs::of(attrs, fields),
        level: "DebugLine",
        here: ident.span(),
    };
    let callsite_name = Ident::new("callsite", Span::call_site());
    let callsite = callsite::function(args, &described, &callsite_name, private);
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::call_site()));
    let names = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| &field.given);
    let skipped = fields.iter().filter(|field| !field.is_recorded()).map(|field| &field.ident);
    let values = (0..).zip(recorded(fields)).map(|(index, field)| {
        let value = field.value(index);
        let handed_on = field.handed_on(private);
        let prepared = field.preparation(&value, private);
        (value.clone(), quote!(let #value = #handed_on; #prepared))
    });
    let captured = captured(values, private);
    let for_all: Vec<_> = attrs.iter().filter(|attr| is_for_all(attr)).collect();
    let doc = format!("The span [`{ident}`]({ident}()): whether it is on.");
    let allow = allow_many_parameters(fields.len());
    let semaphore = probe.as_ref().map(|probe| probe.semaphore(&quote!(#(#for_all)*)));
    let passed = probe.as_ref().map(|probe| {
        // The parameters: what is handed on of them belongs to the closure below.
        probe.hit(recorded(fields).map(|field| field.ident.to_token_stream()))
    });
    let or_wanted = probe.as_ref().map(|probe| {
        let is_wanted = probe.is_wanted();
        quote!(|| #is_wanted)
    });
    quote! {
        #semaphore

        #(#attrs)*
        #allow
        #[inline(always)]
        #vis fn #ident #generics (#(#names: #types),*) -> #private::Span {
            #(let _ = &#skipped;)*
            #passed
            #private::Span::begin(#ident::callsite().switch(), || #captured)
        }

        #(#for_all)*
        #[doc = #doc]
        #vis enum #ident {}

        #(#for_all)*
        impl #ident {
            #callsite

            /// Whether the span is on: some channel records it now.
            #[inline(always)]
            #vis fn enabled() -> #private::core::primitive::bool {
                Self::callsite().state().is_on() #or_wanted
            }
        }
    }
}

/// The arguments as they are now, encoded: statements that make each value, and its name.
pub(crate) fn captured(
    values: impl Iterator<Item = (Ident, TokenStream)>,
    private: &TokenStream,
) -> TokenStream {
    let (names, made): (Vec<_>, Vec<_>) = values.unzip();
    quote! {
        {
            #(#made)*
            let mut __ust_captured = #private::Captured::new(&[#(#private::fixed_size_of(&#names)),*]);
            #(__ust_captured.push(&#names);)*
            __ust_captured
        }
    }
}
