//! `#[tracepoint]` on an `impl` or a `mod`: instruments the functions inside.
//!
//! A function keeps out by `#[tracepoint(skip)]`, and has arguments of its own by an attribute of its own. `const` functions are
//! left as they are. The events of an implementation are named after the type as well: `Cache_insert_entry`.

use std::mem;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, Generics, ImplItem, Item, ItemImpl, ItemMod, Meta, Result, Type};

use crate::args::Args;
use crate::function;

pub(crate) fn expand_mod(args: &Args, mut module: ItemMod) -> Result<TokenStream> {
    let Some((_, items)) = &mut module.content else {
        return Err(syn::Error::new_spanned(
            &module,
            "only a module whose functions stand here can be instrumented: write `#[tracepoint]` on the functions",
        ));
    };
    for item in items {
        let taken = mem::replace(item, Item::Verbatim(TokenStream::new()));
        *item = Item::Verbatim(expand_item(args, taken)?);
    }
    Ok(module.into_token_stream())
}

fn expand_item(args: &Args, item: Item) -> Result<TokenStream> {
    match item {
        Item::Fn(mut item) => {
            let Some(args) = own_args(args, None, &item.sig, &mut item.attrs)? else {
                return Ok(item.into_token_stream());
            };
            function::expand(&args, item.into(), &Generics::default())
        }
        Item::Impl(mut item) => match take_args(&mut item.attrs)? {
            Some(own) if own.skip_this => Ok(item.into_token_stream()),
            Some(own) => expand_impl(&own.within(args), item),
            None => expand_impl(args, item),
        },
        Item::Mod(mut item) if item.content.is_some() => match take_args(&mut item.attrs)? {
            Some(own) if own.skip_this => Ok(item.into_token_stream()),
            Some(own) => expand_mod(&own.within(args), item),
            None => expand_mod(args, item),
        },
        item => Ok(item.into_token_stream()),
    }
}

pub(crate) fn expand_impl(args: &Args, mut item: ItemImpl) -> Result<TokenStream> {
    let ty = match &*item.self_ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.unraw().to_string()),
        _ => None,
    };
    for part in &mut item.items {
        let ImplItem::Fn(function) = part else { continue };
        let own = own_args(args, ty.as_deref(), &function.sig, &mut function.attrs)?;
        if let Some(args) = own {
            let expanded = function::expand(&args, function.clone().into(), &item.generics)?;
            *part = ImplItem::Verbatim(expanded);
        }
    }
    Ok(item.into_token_stream())
}

/// The arguments for one function. None if it is not instrumented.
fn own_args(
    args: &Args,
    ty: Option<&str>,
    signature: &syn::Signature,
    attrs: &mut Vec<Attribute>,
) -> Result<Option<Args>> {
    let own = take_args(attrs)?;
    if own.as_ref().is_some_and(|own| own.skip_this) {
        return Ok(None);
    }
    if signature.constness.is_some() && own.is_none() {
        return Ok(None);
    }
    let mut args = own.unwrap_or_default().within(args);
    let function = signature.ident.unraw().to_string();
    args.name = args.name.or_else(|| ty.map(|ty| format!("{ty}_{function}")));
    Ok(Some(args))
}

/// Takes the `#[tracepoint(..)]` of a function inside off it.
fn take_args(attrs: &mut Vec<Attribute>) -> Result<Option<Args>> {
    let is_ours = |attr: &Attribute| {
        attr.path().segments.last().is_some_and(|last| last.ident == "tracepoint")
    };
    let Some(at) = attrs.iter().position(is_ours) else { return Ok(None) };
    let attr = attrs.remove(at);
    match attr.meta {
        Meta::Path(_) => Ok(Some(Args::default())),
        _ => attr.parse_args().map(Some),
    }
}
