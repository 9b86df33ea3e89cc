//! The list of `ust`'s callsites, under a name that carries `ust`'s version.
//!
//! linkme names a section after the list, and the linker joins sections of one name. A program with two versions
//! of `ust` must have two lists. So the name carries the version of the package that is being compiled.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The list, and the name by which expansions reach it: `CALLSITES`.
pub(crate) fn declare(package_version: &str) -> TokenStream {
    let is_of_names = |c: char| c.is_ascii_alphanumeric();
    let version = package_version.replace(|c| !is_of_names(c), "_");
    let name = format!("UST_CALLSITES_{version}");
    let section = format!("linkme_{name}");
    let list = Ident::new(&name, Span::call_site());
    quote! {
        /// The entries that linkme gathers.
        #[::linkme::distributed_slice]
        pub static #list: [Entry];

        pub use #list as CALLSITES;

        /// The section that they lie in.
        macro_rules! callsites_section {
            () => {
                #section
            };
        }

        #[cfg(test)]
        const CALLSITES_NAME: &str = #name;
    }
}
