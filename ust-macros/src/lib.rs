//! The `#[tracepoint]` attribute of `ust`.
//!
//! ```text
//!  #[tracepoint(provider = "indexer", level = Info)]   args.rs, item.rs     what it says, and what it stands on
//!  pub fn file_indexed(path: &str, bytes: u64);        declaration.rs       a function without a body ...
//!         |                                            field.rs             ... and its parameters
//!         v                                            expand.rs
//!  pub fn file_indexed(path: &str, bytes: u64)         in each caller: a load and a branch
//!  pub enum file_indexed {}                            the rest: the callsite (callsite.rs), `enabled`, `with`
//!
//!  #[tracepoint] fn index(path: &str) { .. }           function/            an instrumented function
//!  #[tracepoint(span)] fn request(id: u64);            span.rs              a declared span
//!  #[tracepoint] impl Indexer { .. }                   block.rs             the functions inside
//! ```
//!
//! A function and an enum may share a name, because one is a value and the other a type. So an event has one name in
//! the source, and its less common uses are behind that name.
//!
//! `derive.rs` makes structures and enumerations fields.
//!
//! `sdt.rs` puts probes for other tools beside all of these, with the feature of that name.
//!
//! `section.rs` is only for `ust`: it declares the list that gathers the callsites.
//!
//! An error points at the user's mistake, and says what to write instead. Mistakes that only show in types are reported
//! by `ust`'s traits.

mod args;
mod block;
mod callsite;
mod compiled;
mod declaration;
mod derive;
mod docs;
mod event;
mod expand;
mod field;
mod field_attribute;
mod function;
mod item;
mod lifetimes;
mod parameter;
mod sdt;
mod section;
mod span;
mod words;
mod wrong;

use args::Args;
use event::{Event, Text};
use item::Item;
use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

/// Declares an event, by a function without a body; or instruments a function that has one.
///
/// ```
/// use ust::tracepoint;
///
/// /// A file has gone through the indexer.
/// #[tracepoint(provider = "indexer", level = Info)]
/// pub fn file_indexed(path: &str, bytes: u64);
///
/// # fn costly_size() -> u64 { 1 }
/// # fn costly_path() -> String { String::new() }
/// let path = "src/lib.rs";
/// file_indexed(path, 512);
/// file_indexed::with(|| (path, costly_size()));
/// file_indexed::when_on(|record| record(&costly_path(), 512));
/// if file_indexed::enabled() { /* ... */ }
/// ```
///
/// Besides the function `file_indexed` there is an empty enum of the same name:
///
/// - `file_indexed::with(closure)` calls the closure only while the event is on, and records what it returns: the value
///   of a single field, or a tuple of several.
/// - `file_indexed::when_on(closure)` calls the closure only while the event is on, with a function that records the event.
///   So the fields may borrow what the closure computes.
/// - `file_indexed::enabled()` returns whether the event is on.
///
/// While the event is off, each of them costs a load and a branch that is not taken. The arguments of a plain call
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
/// | `level = Info` | a variant of `ust::Level` | `DebugLine`; of a function with a body `DebugFunction` |
/// | `crate = ::path::to::ust` | the path of `ust`, if it has another name | `::ust` |
/// | `span` | one record at the end, with the duration: see below | |
/// | `skip(a, b)`, `skip_all` | arguments that an instrumented function does not record | |
/// | `ret(debug)`, `ret(display)`, `ret(skip)` | how its value is recorded | as it is, if its type is a field |
/// | `err(debug)`, `err(display)`, `err(skip)` | how the error of a `Result` is recorded | its text, if it has `Display` |
///
/// # Fields
///
/// Parameters of types that implement `ust::Field`: numbers, texts, paths, times, addresses, and slices, arrays, tuples,
/// `Option`s and owners of fields. Their names are the fields' names. Any identifier of ASCII letters, raw ones included,
/// will do for a field, an event or a type, but one that begins with `__ust_`, which is refused.
///
/// An attribute before a parameter says what is recorded of it:
///
/// | attribute | recorded |
/// | --- | --- |
/// | `#[field(hex)]`, `octal`, `binary` | the number, or the numbers of an array, a slice or an `Option`, shown in that base |
/// | `#[field(network)]` | a number that is in network order already, such as an address of the socket interface |
/// | `#[field(text)]` | bytes as text |
/// | `#[field(debug)]`, `#[field(display)]` | the text of `{:?}` or `{}`, of any type, `impl Debug` and `impl Display` too |
/// | `#[field(with = function)]` | what the function returns for it |
/// | `#[field(name = "inode")]` | the same, under another name |
/// | `#[field(skip)]` | nothing |
///
/// Texts of `debug` and `display` are made in 512 bytes of the stack, only while the event is on. What is longer is cut, and ends
/// with `…`. `impl AsRef<str>`, and `AsRef` of any other field, is recorded as what it refers to.
///
/// # Functions with a body
///
/// ```
/// # use std::{io, path::Path};
/// # use ust::tracepoint;
/// # #[derive(Debug)]
/// # struct Options;
/// #[tracepoint]
/// fn load(path: &Path, #[field(debug)] options: &Options) -> io::Result<usize> {
///     Ok(std::fs::read(path)?.len())
/// }
/// ```
///
/// records `load_entry` with the arguments, and `load_exit` with one field, `outcome`: `returned` with the value, `err` with the
/// error's text, or `unwound` if the function panicked. Arguments are recorded as they are at the entry. `self` is recorded only
/// with `#[field(debug)]` or `#[field(display)]` before it. Arguments of generic types need such an attribute too, because an event
/// is one class. So values of generic types are not recorded without `ret(..)`; of a `Result` each side counts for itself. Of a
/// `#[track_caller]` function the value is not recorded, nor the error: the body would not know its caller.
///
/// An `async fn` also records `load_resume` and `load_suspend` at each poll, and at its exit `duration`, `busy` and `idle` in
/// nanoseconds, and `polls`. The field `span` is the same number in all of them. A future that is dropped before its end says
/// `dropped`.
///
/// With `#[tracepoint(span)]` a function leaves one record, at its end: the arguments, `duration` (an `async fn` also `busy`, `idle`
/// and `polls`), and `outcome`. That is half of the records; but a function that never returns leaves none. Entry and exit are the
/// default, because a trace of a program that hangs or dies should say where. The arguments are kept in 512 bytes of the stack; what is
/// longer is cut.
///
/// On an `impl` or a `mod` block the attribute instruments all functions inside, but those with `#[tracepoint(skip)]` and `const`
/// ones. The events of an `impl` have the type's name before the function's: `Cache_insert_entry`.
///
/// # Spans
///
/// `#[tracepoint(span)]` on a function without a body declares a span: see `ust::Span`.
///
/// # Where it may be
///
/// Without a body: wherever a type can be declared, in a module or in a function's body, but not in an `impl` or a `trait`.
/// With a body: wherever a function can be.
#[proc_macro_attribute]
pub fn tracepoint(args: TokenStream, item: TokenStream) -> TokenStream {
    expand_tracepoint(syn::parse(args), item)
}

/// [`macro@tracepoint`] with `--cfg ust_off`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tracepoint_off(args: TokenStream, item: TokenStream) -> TokenStream {
    expand_tracepoint(syn::parse(args).map(Args::off), item)
}

fn expand_tracepoint(args: syn::Result<Args>, item: TokenStream) -> TokenStream {
    let item = syn::parse(item);
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
            let here = declaration.ident.span();
            let items = if !compiled::is_compiled(args, "DebugLine") {
                compiled::nothing(args, &declaration)
            } else if args.is_span {
                span::expand(args, &declaration)
            } else {
                expand::expand(args, declaration)
            };
            Ok(item::among_items(&args.private(), &items, here))
        }
        Item::Function(function) => function::expand(args, *function, &syn::Generics::default()),
        Item::Impl(item) => block::expand_impl(args, item),
        Item::Mod(item) => block::expand_mod(args, item),
    }
}

/// The items that `#[tracepoint]` made of a declaration, which it hands over in one piece: see `item.rs`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn declared(items: TokenStream, _: TokenStream) -> TokenStream {
    items
}

/// Makes a structure or an enumeration a field, if its members are fields.
///
/// ```
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
/// A tracepoint takes it by reference or by value. Write out its lifetime: `Found<'_>`. Members may have `#[field(hex)]`, `octal`,
/// `binary`, `network`, `name = ".."` and `skip` before them.
///
/// In the trace a structure is a structure; a structure of one unnamed member is that member. An enumeration without
/// members is a number with names, of the type in `#[repr]`; without `#[repr]` a `u8`, or an `i64` if it states values
/// or has more than 256. An enumeration with members is a variant.
#[proc_macro_derive(Field, attributes(field))]
pub fn derive_field(item: TokenStream) -> TokenStream {
    let derived = syn::parse(item).and_then(|input| derive::expand(&input));
    derived.unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Records an event in one line, without a declaration.
///
/// ```
/// # struct Order { id: u64 }
/// # let (order, name, error, total) = (Order { id: 1 }, "Ada", std::fmt::Error, 3_u32);
/// ust::event!("shop:order", Info, id = order.id, customer = %name, why = ?error, total);
/// ```
///
/// First `provider:name`, or a name, of which the provider is the crate's name. Then, if you like, a level. Then up to 16
/// fields: `name = expression`; `name = %expression` and `?expression` for the text of `{}` and `{:?}`; or the name of a variable.
/// The expressions are evaluated only while the event is on.
///
/// The fields have the types of the expressions. In a generic function these must be the same for all types: an event whose fields
/// have several types is never on, and is counted as a class left out.
#[proc_macro]
pub fn event(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input), |event| event::expand(&event))
}

/// [`event!`] with `--cfg ust_off`.
#[doc(hidden)]
#[proc_macro]
pub fn event_off(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input).map(Event::off), |event| event::expand(&event))
}

fn expanded<T>(parsed: syn::Result<T>, expand: impl FnOnce(T) -> TokenStream2) -> TokenStream {
    parsed.map_or_else(syn::Error::into_compile_error, expand).into()
}

/// Begins a span in one line, without a declaration: from here until the result is dropped. Name, level and fields are as those of
/// [`event!`]; the record is as that of `ust::Span`.
///
/// ```
/// # let path = std::path::Path::new("a.txt");
/// let _span = ust::span!("parse", file = path);
/// ```
#[proc_macro]
pub fn span(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input), |span| event::expand_span(&span))
}

/// [`span!`] with `--cfg ust_off`.
#[doc(hidden)]
#[proc_macro]
pub fn span_off(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input).map(Event::off), |span| event::expand_span(&span))
}

/// Records a text: `format!`'s arguments, after a level if you like. The event is `text`, of the crate's provider, with one field
/// `message`.
///
/// ```
/// # let (name, bytes) = ("a.txt", 12);
/// ust::text!("{name} has {bytes} bytes");
/// ust::text!(Info, "{} is done", name);
/// ```
///
/// The text is made in 512 bytes of the stack, only while the event is on; what is longer is cut.
#[proc_macro]
pub fn text(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input), event::expand_text)
}

/// [`text!`] with `--cfg ust_off`.
#[doc(hidden)]
#[proc_macro]
pub fn text_off(input: TokenStream) -> TokenStream {
    expanded(syn::parse(input).map(Text::off), event::expand_text)
}

/// Declares the list of callsites, named after the version of the package that is being compiled. Only for `ust`.
#[doc(hidden)]
#[proc_macro]
pub fn declare_callsites(_: TokenStream) -> TokenStream {
    // A build system other than Cargo may not set it: then there is only one version.
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    section::declare(&version).into()
}
