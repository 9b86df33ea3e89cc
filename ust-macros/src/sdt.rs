//! Probes of SystemTap's format beside the tracepoints: the feature `sdt` of `ust`, whose `sdt` says what they are.
//!
//! ```text
//!  static __UST_SEMAPHORE_NAME                 one for each tracepoint
//!  { fn __ust_probe(value, ..) { nop }         at each place where the tracepoint is passed
//!    __ust_probe(value, ..) }
//! ```
//!
//! A place whose values are there is passed whoever looks: it costs the `nop`. A place whose values would be made first (`with`,
//! `event!`) is passed while the event is on or the semaphore is raised.
//!
//! The assembly wants literals, and types are known only to the compiler. So the function is generic, and its constants say
//! which of the lines that write the arguments count.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::args::Args;

/// As many words as there surely are registers for.
const MAX_WORDS: usize = 12;

/// Words of a value that may have an address and a length.
const MOST_WORDS: usize = 2;

/// The probe of one tracepoint.
pub(crate) struct Probe {
    private: TokenStream,
    provider: String,
    name: String,
    semaphore: Ident,
}

impl Probe {
    /// None without the feature. `called` is part of the semaphore's name.
    pub(crate) fn new(args: &Args, name: &str, called: &str) -> Option<Self> {
        cfg!(feature = "sdt").then(|| Self {
            private: args.private(),
            provider: args.provider.clone().unwrap_or_else(crate_name),
            name: name.to_owned(),
            semaphore: Ident::new(&format!("__UST_SEMAPHORE_{called}"), Span::call_site()),
        })
    }

    /// The semaphore's item. `before` are its attributes.
    pub(crate) fn semaphore(&self, before: &TokenStream) -> TokenStream {
        let Self { private, semaphore, .. } = self;
        quote! {
            #before
            #[unsafe(link_section = ".probes")]
            static #semaphore: #private::sdt::Semaphore = #private::sdt::Semaphore::new();
        }
    }

    /// Whether a tool is at the tracepoint.
    pub(crate) fn is_wanted(&self) -> TokenStream {
        let semaphore = &self.semaphore;
        quote!(#semaphore.is_raised())
    }

    /// Passes the tracepoint. Each value is an expression without effects.
    pub(crate) fn hit(&self, values: impl IntoIterator<Item = TokenStream>) -> TokenStream {
        let Self { private, provider, name, semaphore } = self;
        let values: Vec<_> = values.into_iter().take(MAX_WORDS / MOST_WORDS).collect();
        let arguments: Vec<_> =
            (0..values.len()).map(|index| format_ident!("__ust_argument{index}")).collect();
        let types: Vec<_> =
            (0..values.len()).map(|index| format_ident!("__UstArgument{index}")).collect();
        let mut lines = Vec::new();
        let mut operands = Vec::new();
        let mut prepared = Vec::new();
        for (index, (argument, ty)) in arguments.iter().zip(&types).enumerate() {
            let [first, second, place, length, before] =
                ["first", "second", "place", "length", "before"]
                    .map(|part| format_ident!("__ust_{part}{index}"));
            // The arguments before it, which a space follows.
            lines.push(format!(".if {{{first}}}"));
            lines.extend([format!(".if {{{before}}}"), ".ascii \" \"".into(), ".endif".into()]);
            lines.push(format!(".ascii \"{{{first}}}@{{{place}}}\""));
            lines.push(".endif".into());
            lines.push(format!(".if {{{second}}}"));
            lines.push(format!(".ascii \" {{{second}}}@{{{length}}}\""));
            lines.push(".endif".into());
            let previous = &types[..index];
            prepared.push(quote!(let [#place, #length] = #argument.words();));
            operands.push(quote! {
                #first = const #ty::SIZES[0],
                #second = const #ty::SIZES[1],
                #before = const #(#previous::SIZES[0] |)* 0,
                #place = in(reg) #place,
                #length = in(reg) #length,
            });
        }
        quote! {
            {
                #[inline(always)]
                fn __ust_probe<#(#types: #private::sdt::Argument),*>(#(#arguments: &#types),*) {
                    #(#prepared)*
                    #private::sdt::probe!(
                        #provider, #name, #semaphore, [#(#lines),*], [#(#operands)*]
                    );
                }

                use #private::sdt::NoArgument as _;
                __ust_probe(#(#private::sdt::Told(&#values).argument()),*);
            }
        }
    }
}

/// The provider of who states none: the crate's name, as Cargo says. (Assembly wants literals, so `module_path!` is of no use.)
fn crate_name() -> String {
    std::env::var("CARGO_CRATE_NAME").unwrap_or_else(|_| "ust".to_owned())
}
