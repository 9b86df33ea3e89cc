//! The list of callsites of `ust`, under a name of its version.
//!
//! linkme names a section after the list, and the linker joins what has one name. A program with two versions of
//! `ust` in it must have two lists, so the name carries the version of the package that is being compiled.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The list, and the name by which expansions reach it: `CALLSITES`.
pub(crate) fn declare(package_version: &str) -> TokenStream {
    let is_of_names = |c: char| c.is_ascii_alphanumeric();
    let version = package_version.replace(|c| !is_of_names(c), "_");
    let name = format!("UST_CALLSITES_{version}");
    let list = Ident::new(&name, Span::call_site());
    quote! {
        /// What linkme gathers.
        #[::linkme::distributed_slice]
        pub static #list: [Entry];

        pub use #list as CALLSITES;

        #[cfg(test)]
        const CALLSITES_NAME: &str = #name;
    }
}
