//! The `#[tracepoint]` attribute of `ust`.
//!
//! ```text
//!  #[tracepoint(provider = "indexer", level = Info)]   args.rs     what the attribute says
//!  pub fn file_indexed(path: &str, bytes: u64);        parse.rs    what the declaration says
//!         |
//!         v                                            expand.rs
//!  pub fn file_indexed(path: &str, bytes: u64)         the call site's half: a load and a branch
//!  pub enum file_indexed {}                            the rest: the callsite, its description,
//!                                                      `enabled`, `with`
//! ```
//!
//! A function and an enum may share a name, since one is a value and the other a type. So an event has
//! one name in the source, and its less common uses are found behind that name.
//!
//! `derive.rs` makes fields of structures and enumerations.
//!
//! `section.rs` is for `ust` alone: the list that callsites are gathered in.
//!
//! What a user writes wrong is said where it stands, in the words of what to write instead. What cannot
//! be seen here, because it takes a type, is said by `ust`'s traits.

mod args;
mod derive;
mod expand;
mod parse;
mod section;
mod words;

use proc_macro::TokenStream;

/// Declares an event: a function without a body, which records its arguments.
///
/// ```ignore
/// use ust::tracepoint;
///
/// /// A file has gone through the indexer.
/// #[tracepoint(provider = "indexer", level = Info)]
/// pub fn file_indexed(path: &str, bytes: u64);
///
/// file_indexed("src/lib.rs", 512);
/// file_indexed::with(|| (costly_path(), costly_size()));
/// if file_indexed::enabled() { /* ... */ }
/// ```
///
/// Beside the function `file_indexed` stands an empty enum of the same name:
///
/// - `file_indexed::with(closure)` calls the closure only while the event is on, and records what it
///   returns: the value of a single field, a tuple of several.
/// - `file_indexed::enabled()` says whether the event is on.
///
/// While the event is off each of the three costs a load and a branch that is not taken. The arguments
/// of a plain call are evaluated in either case, as for any function.
///
/// # Arguments
///
/// All are optional.
///
/// | | | if not given |
/// | --- | --- | --- |
/// | `provider = "indexer"` | the part of `provider:name` before the colon | the crate's name |
/// | `name = "file_indexed"` | the part behind it | the function's name |
/// | `level = Info` | a variant of `ust::Level` | `DebugLine` |
/// | `crate = ::path::to::ust` | where `ust` is, if it goes by another name | `::ust` |
///
/// # Fields
///
/// Up to 16 parameters of types that implement `ust::Field`: numbers, texts, and slices, arrays, tuples and `Option`s of
/// fields. Their names are the fields' names. Any identifier of ASCII letters, raw ones included, will do for a field, an
/// event or a type, but one that begins with `__ust_`, which is refused.
///
/// # Where it can stand
///
/// Wherever a type can be declared: in a module or in a function's body, not in an `impl` or a `trait`.
#[proc_macro_attribute]
pub fn tracepoint(args: TokenStream, item: TokenStream) -> TokenStream {
    match (syn::parse(args), syn::parse(item)) {
        (Ok(args), Ok(declaration)) => expand::expand(args, declaration),
        (args, declaration) => {
            let errors = [args.err(), declaration.err()];
            errors.into_iter().flatten().map(syn::Error::into_compile_error).collect()
        }
    }
    .into()
}

/// Makes a field of a structure or an enumeration whose members are fields.
///
/// ```ignore
/// use ust::{Field, tracepoint};
///
/// #[derive(Field)]
/// struct Point { x: f32, y: f32 }
///
/// #[derive(Field)]
/// enum State { Idle, Busy }
///
/// #[derive(Field)]
/// enum Found<'a> { Nothing, Inode(u64), File { name: &'a str, bytes: u64 } }
///
/// #[tracepoint]
/// fn moved(to: &Point, state: &State, found: &Found<'_>);
/// ```
///
/// A tracepoint takes it by reference, or by value if it is `Copy`, and its lifetime is written down: `Found<'_>`.
///
/// A structure is one in the trace too; one of a single member without a name is that member. An enumeration is a number with
/// names: of the type that `#[repr]` says, else `u8`, or `i64` where it states values. One that holds something is a variant.
#[proc_macro_derive(Field)]
pub fn derive_field(item: TokenStream) -> TokenStream {
    let derived = syn::parse(item).and_then(|input| derive::expand(&input));
    derived.unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Declares the list of callsites, named after the version of the package that is being compiled. For `ust` alone.
#[doc(hidden)]
#[proc_macro]
pub fn declare_callsites(_: TokenStream) -> TokenStream {
    // Another build system than Cargo may not say: then there is one version.
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    section::declare(&version).into()
}
