//! `--cfg ust_off`: no tracepoint leaves anything in the program, and all are checked all the same. The user's crate need not know
//! the name.

use ust_acceptance::own_package::{OwnPackage, symbols};

const MANIFEST: &str = r#"
[package]
name = "off"
version = "0.1.0"
edition = "2024"

[workspace]

[lib]
crate-type = ["cdylib"]

[dependencies]
ust = { path = "UST" }

[features]
wrong = []
"#;

const SOURCE: &str = r#"
//! A crate that forbids what expansions do.
#![forbid(unused, nonstandard_style, missing_docs, unexpected_cfgs)]

use ust::{Field, event, span, text, tracepoint};

#[derive(Field)]
struct Point {
    x: i32,
}

#[tracepoint(level = Emerg)]
fn declared(number: u32, to: &Point, #[field(debug)] shown: Option<u8>, lent: impl AsRef<str>);

#[tracepoint(span)]
fn declared_span(number: u32);

/// With a body.
#[tracepoint]
fn function(number: u32, #[field(display)] text: &str) -> u32 {
    number + text.len() as u32 - 1
}

/// A future.
#[tracepoint(span)]
pub async fn future(number: u32) -> u32 {
    number
}

struct Shop;

#[tracepoint]
impl Shop {
    fn method(&self, number: u32) -> u32 {
        number
    }
}

#[tracepoint]
mod within {
    pub fn inner(number: u32) -> u32 {
        number
    }
}

/// In all ways.
#[unsafe(no_mangle)]
pub extern "C" fn calls_tracepoints(number: u32) -> u32 {
    declared(number, &Point { x: 3 }, Some(1), "d");
    declared::with(|| (number, &Point { x: 3 }, None, "e"));
    declared::when_on(|record| record(number, &Point { x: 3 }, None, "e"));
    if declared::enabled() {
        return 0;
    }
    event!("shop:order", Emerg, number, why = ?Some(number), other = %number);
    text!(Emerg, "{number} {}", number);
    let _span = declared_span(number);
    let _other = span!("shop:parse", number);
    drop(future(number));
    function(Shop.method(within::inner(number)), "a")
}

/// As it is.
#[unsafe(no_mangle)]
pub extern "C" fn calls_nothing(number: u32) -> u32 {
    number
}

#[cfg(feature = "wrong")]
mod wrong {
    struct NoField;

    #[ust::tracepoint]
    fn declared(it: &NoField);

    #[ust::tracepoint]
    fn function(it: &NoField) {}

    fn calls(it: &NoField) {
        ust::event!("shop:wrong", it = it);
        declared(it);
        function(it);
    }
}
"#;

#[test]
fn no_tracepoint_leaves_anything_and_all_are_checked() {
    let sources = [("src/lib.rs", SOURCE)];
    let package = OwnPackage::new(env!("CARGO_TARGET_TMPDIR"), "off", MANIFEST, &sources);
    let package = package.with_rustflags("--cfg ust_off");
    assert_eq!(package.cargo("build", &[]).succeeded().stderr, "");
    let symbols = symbols(&package.built("liboff.so"));
    let size = |name| symbols.iter().find(|symbol| symbol.0 == name).expect("the function").1;
    assert_eq!(size("calls_tracepoints"), size("calls_nothing"), "bytes of instructions");
    // What each expansion has, and nothing else: callsites, their descriptions, and what tells the runtime of them.
    let is_left = |symbol: &&(String, u64)| {
        ["__UST_", "register_module"].iter().any(|part| symbol.0.contains(part))
    };
    let left: Vec<_> = symbols.iter().filter(is_left).collect();
    assert!(left.is_empty(), "{left:?}");

    let wrong = package.cargo("build", &["--features", "wrong"]);
    assert_ne!(wrong.code(), 0);
    let refused = wrong.stderr.matches("`NoField` cannot be a field of an event").count();
    assert!(refused >= 3, "each of the three is refused: {}", wrong.stderr);
}
