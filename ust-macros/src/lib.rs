//! The `#[tracepoint]` attribute of `ust`.
//!
//! ```text
//!  #[tracepoint(provider = "indexer", level = Info)]   args.rs     parses the attribute
//!  pub fn file_indexed(path: &str, bytes: u64);        parse.rs    parses the declaration
//!         |
//!         v                                            expand.rs
//!  pub fn file_indexed(path: &str, bytes: u64)         in each caller: a load and a branch
//!  pub enum file_indexed {}                            the rest: the callsite, its description,
//!                                                      `enabled`, `with`
//! ```
//!
//! A function and an enum may share a name, because one is a value and the other a type. So an event has one name in
//! the source, and its less common uses are behind that name.
//!
//! `derive.rs` makes structures and enumerations fields.
//!
//! `section.rs` is only for `ust`: it declares the list that gathers the callsites.
//!
//! An error points at the user's mistake, and says what to write instead. Mistakes that only show in types are reported
//! by `ust`'s traits.

mod args;
mod block;
mod callsite;
mod declaration;
mod derive;
mod expand;
mod field;
mod field_attribute;
mod function;
mod item;
mod lifetimes;
mod parameter;
mod section;
mod span;
mod words;
mod wrong;

use args::Args;
use item::Item;
use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

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
/// Besides the function `file_indexed` there is an empty enum of the same name:
///
/// - `file_indexed::with(closure)` calls the closure only while the event is on, and records what it returns: the value
///   of a single field, or a tuple of several.
/// - `file_indexed::enabled()` returns whether the event is on.
///
/// While the event is off, each of the three costs a load and a branch that is not taken. The arguments of a plain call
/// are always evaluated, as for any function.
///
/// # Arguments
///
/// All are optional.
///
/// | argument | meaning | default |
/// | --- | --- | --- |
/// | `provider = "indexer"` | the part of `provider:name` before the colon | the crate's name |
/// | `name = "file_indexed"` | the part after it | the function's name |
/// | `level = Info` | a variant of `ust::Level` | `DebugLine` |
/// | `crate = ::path::to::ust` | the path of `ust`, if it has another name | `::ust` |
///
/// # Fields
///
/// Up to 16 parameters of types that implement `ust::Field`: numbers, texts, and slices, arrays, tuples and `Option`s of
/// fields. Their names are the fields' names. Any identifier of ASCII letters, raw ones included, will do for a field, an
/// event or a type, but one that begins with `__ust_`, which is refused.
///
/// # Where it may be
///
/// Wherever a type can be declared: in a module or in a function's body, but not in an `impl` or a `trait`.
#[proc_macro_attribute]
pub fn tracepoint(args: TokenStream, item: TokenStream) -> TokenStream {
    let (args, item) = (syn::parse(args), syn::parse(item));
    let expanded = match (args, item) {
        (Ok(args), Ok(item)) => expand_item(&args, item),
        (args, item) => {
            let errors = [args.err(), item.err()];
            return errors
                .into_iter()
                .flatten()
                .map(syn::Error::into_compile_error)
                .collect::<TokenStream2>()
                .into();
        }
    };
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}

fn expand_item(args: &Args, item: Item) -> syn::Result<TokenStream2> {
    match item {
        Item::Declaration(declaration) => {
            args.check_without_body()?;
            Ok(if args.is_span {
                span::expand(args, &declaration)
            } else {
                expand::expand(args, declaration)
            })
        }
        Item::Function(function) => function::expand(args, *function, &syn::Generics::default()),
        Item::Impl(item) => block::expand_impl(args, item),
        Item::Mod(item) => block::expand_mod(args, item),
    }
}

/// Makes a structure or an enumeration a field, if its members are fields.
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
/// A tracepoint takes it by reference, or by value if it is `Copy`. Write out its lifetime: `Found<'_>`.
///
/// In the trace a structure is a structure; a structure of one unnamed member is that member. An enumeration without
/// members is a number with names, of the type in `#[repr]`; without `#[repr]` a `u8`, or an `i64` if it states values
/// or has more than 256. An enumeration with members is a variant.
#[proc_macro_derive(Field, attributes(field))]
pub fn derive_field(item: TokenStream) -> TokenStream {
    let derived = syn::parse(item).and_then(|input| derive::expand(&input));
    derived.unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Declares the list of callsites, named after the version of the package that is being compiled. Only for `ust`.
#[doc(hidden)]
#[proc_macro]
pub fn declare_callsites(_: TokenStream) -> TokenStream {
    // A build system other than Cargo may not set it: then there is only one version.
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    section::declare(&version).into()
}
