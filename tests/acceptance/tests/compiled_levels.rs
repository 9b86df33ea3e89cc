//! The features `max-level-...`: tracepoints beyond the level leave nothing in the program, and are checked all the same.
//!
//! A package of its own is built for it, because features are one choice for all packages of a workspace.

use ust_acceptance::own_package::{OwnPackage, symbols};

const MANIFEST: &str = r#"
[package]
name = "leveled"
version = "0.1.0"
edition = "2024"

[workspace]

[lib]
crate-type = ["cdylib"]

[dependencies]
ust = { path = "UST", features = ["max-level-info"] }

[features]
wrong = []
"#;

const SOURCE: &str = r#"
//! A crate that forbids what expansions do.
#![forbid(unused, nonstandard_style, missing_docs)]

use ust::tracepoint;

#[tracepoint(level = Debug)]
fn silent(number: u32, text: &str, #[field(debug)] shown: Option<u8>, lent: impl AsRef<str>);

#[tracepoint(span, level = Debug)]
fn silent_span(number: u32, text: &str);

/// Of the level of functions.
#[tracepoint]
pub fn silent_function(#[field(hex)] number: u32) -> u32 {
    number
}

#[tracepoint(level = Info)]
fn heard(number: u32);

/// In all ways.
#[unsafe(no_mangle)]
pub extern "C" fn calls_silent(number: u32) -> u32 {
    silent(number, "a", Some(1), "d");
    silent::with(|| (number, "b", None, "e"));
    silent::when_on(|record| record(number, "b", None, "e"));
    if silent::enabled() {
        return 0;
    }
    let _span = silent_span(number, "b");
    silent_function(number)
}

/// As it is.
#[unsafe(no_mangle)]
pub extern "C" fn calls_nothing(number: u32) -> u32 {
    number
}

/// Is compiled.
#[unsafe(no_mangle)]
pub extern "C" fn calls_heard(number: u32) {
    heard(number);
}

#[cfg(feature = "wrong")]
mod wrong {
    struct NoField;

    #[ust::tracepoint(level = Debug)]
    fn wrong(it: &NoField);
}
"#;

#[test]
fn a_tracepoint_beyond_the_level_is_nothing_and_is_checked() {
    let sources = [("src/lib.rs", SOURCE)];
    let package = OwnPackage::new(env!("CARGO_TARGET_TMPDIR"), "leveled", MANIFEST, &sources);
    let built = package.cargo("build", &[]).succeeded();
    assert_eq!(built.stderr, "");
    let symbols = symbols(&package.built("libleveled.so"));
    let size = |name| symbols.iter().find(|symbol| symbol.0 == name).expect("the function").1;
    assert_eq!(size("calls_silent"), size("calls_nothing"), "bytes of instructions");
    assert!(size("calls_heard") > size("calls_nothing"));
    let has_own = |name| symbols.iter().any(|symbol| symbol.0.contains(name));
    assert!(!has_own("6silent") && !has_own("11silent_span"), "{symbols:?}");
    assert!(has_own("5heard"));

    let wrong = package.cargo("build", &["--features", "wrong"]);
    assert_ne!(wrong.code(), 0);
    assert!(wrong.stderr.contains("`NoField` cannot be a field of an event"), "{}", wrong.stderr);
}
