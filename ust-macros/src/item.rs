//! What `#[tracepoint]` stands on.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, ItemImpl, ItemMod, Result, Signature, Token, Visibility, token};

use crate::declaration::Declaration;
use crate::function::Function;

pub(crate) enum Item {
    /// A function without a body.
    Declaration(Declaration),
    Function(Box<Function>),
    Impl(ItemImpl),
    Mod(ItemMod),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        let _ = ahead.call(Attribute::parse_outer)?;
        let _: Visibility = ahead.parse()?;
        if ahead.peek(Token![mod]) {
            return input.parse().map(Self::Mod);
        }
        if ahead.peek(Token![impl]) || ahead.peek(Token![unsafe]) && ahead.peek2(Token![impl]) {
            return input.parse().map(Self::Impl);
        }
        if ahead.parse::<Signature>().is_err() {
            let rest: TokenStream = input.parse()?;
            return Err(Error::new_spanned(
                rest,
                "a tracepoint is a function without a body: write `fn file_indexed(path: &str, bytes: u64);` (or a function to instrument, with its body)",
            ));
        }
        if ahead.peek(token::Brace) {
            input.parse().map(|function| Self::Function(Box::new(function)))
        } else {
            input.parse().map(Self::Declaration)
        }
    }
}

/// The items of a declaration, as one item. In an `impl` or a `trait`, of which a macro learns nothing, the compiler refuses each
/// item and then misses it. So it refuses one, at the event's name, and says that it belongs into a module.
pub(crate) fn among_items(private: &TokenStream, items: &TokenStream, here: Span) -> TokenStream {
    let here = here.resolved_at(Span::call_site());
    quote_spanned! {here=>
        #[#private::declared { #items }]
        enum __UstDeclared {}
    }
}
