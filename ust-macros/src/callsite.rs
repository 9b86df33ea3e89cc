//! The items of a callsite: the static, its description, and what makes the runtime find it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::args::Args;
use crate::docs::Docs;

/// What an event declares.
pub(crate) struct Described {
    pub(crate) name: String,
    /// Names, and constants of type `&'static FieldType`.
    pub(crate) fields: Vec<(String, TokenStream)>,
    pub(crate) docs: Docs,
    /// The level, if the user states none.
    pub(crate) level: &'static str,
    /// Where in the source it stands.
    pub(crate) here: Span,
}

/// `before static NAME: Callsite`.
pub(crate) fn item(
    args: &Args,
    described: &Described,
    before: &TokenStream,
    name: &Ident,
    private: &TokenStream,
) -> TokenStream {
    let description = description(args, described, private);
    quote! {
        #before static #name: #private::Callsite = {
            static __UST_DESCRIPTION: #private::EventDescription = #description;
            #private::Callsite::new(&__UST_DESCRIPTION)
        };
    }
}

/// A function that returns a callsite of its own.
pub(crate) fn function(
    args: &Args,
    described: &Described,
    function: &Ident,
    private: &TokenStream,
) -> TokenStream {
    let name = Ident::new("__UST_CALLSITE", Span::call_site());
    let within = item(args, described, &quote!(), &name, private);
    function_of(&name, &within, function, private)
}

/// A function that returns the callsite of that name, which may be one of its items.
pub(crate) fn function_of(
    name: &Ident,
    within: &TokenStream,
    function: &Ident,
    private: &TokenStream,
) -> TokenStream {
    let registration = registration(private);
    quote! {
        #[inline(always)]
        fn #function() -> &'static #private::Callsite {
            #within

            #[#private::linkme::distributed_slice(#private::CALLSITES)]
            #[linkme(crate = #private::linkme)]
            static __UST_ENTRY: #private::Entry = #private::Entry::new(&#name);

            #registration

            &#name
        }
    }
}

/// What has the runtime told of the module, when it is loaded and before it is unloaded.
pub(crate) fn registration(private: &TokenStream) -> TokenStream {
    quote! {
        #[used]
        #[unsafe(link_section = ".init_array.00100")]
        static __UST_REGISTER: extern "C" fn() = #private::register_module;

        #[used]
        #[unsafe(link_section = ".fini_array.00100")]
        static __UST_UNREGISTER: extern "C" fn() = #private::unregister_module;
    }
}

/// The initialiser of the `EventDescription`.
fn description(args: &Args, described: &Described, private: &TokenStream) -> TokenStream {
    let Described { name, fields, docs, level, here } = described;
    let provider = match &args.provider {
        Some(provider) => quote!(#provider),
        None => quote!(#private::crate_name(#private::core::module_path!())),
    };
    let level = args.level.clone().unwrap_or_else(|| Ident::new(level, Span::call_site()));
    let (names, types): (Vec<_>, Vec<_>) = fields.iter().cloned().unzip();
    let docs = docs.initialiser(&names);
    // With the function's span. With the macro's span they would give the attribute's line.
    let private_here = private.clone().into_iter().map(|mut token| {
        token.set_span(*here);
        token
    });
    let private_here: TokenStream = private_here.collect();
    let file = quote_spanned!(*here=> #private_here::core::file!());
    let line = quote_spanned!(*here=> #private_here::core::line!());
    quote! {
        {
            use #private::NoField as _;
            #private::EventDescription {
                provider: #provider,
                name: #name,
                level: #private::Level::#level,
                fields: &[#(#private::FieldDescription { name: #names, ty: #types }),*],
                file: #file,
                line: #line,
                module_path: #private::core::module_path!(),
                docs: #docs,
            }
        }
    }
}
