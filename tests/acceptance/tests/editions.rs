//! Each macro, in each edition, in crates with the strictest habits: clippy's pedantry, no warnings, no unsafe code, nothing
//! undocumented, and as rustfmt writes it.

use std::path::PathBuf;
use std::process::Command;
use ust_acceptance::own_package::OwnPackage;
use ust_acceptance::skip::has;
use ust_test_support::command::run;

const MANIFEST: &str = r#"
[package]
name = "editionEDITION"
version = "0.1.0"
edition = "EDITION"

[workspace]

[dependencies]
ust = { path = "UST", features = FEATURES }
"#;

const SOURCE: &str = r##"//! Every macro, in every form.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic, unexpected_cfgs)]
#![deny(unused_qualifications, unreachable_pub, let_underscore_drop, rust_2018_idioms)]

use std::fmt;
use std::io;
use std::path::Path;
use ust::{event, span, text, tracepoint, Field};

/// A structure.
#[derive(Field)]
pub struct Point {
    /// A member.
    #[field(hex)]
    pub x: u32,
    #[field(skip)]
    _rest: u8,
}

/// A number with names.
#[derive(Field, Clone, Copy)]
#[repr(u8)]
pub enum State {
    /// Nothing to do.
    Idle = 1,
    /// Something to do.
    Busy = 2,
}

/// A variant.
#[derive(Field)]
pub enum Found<'a> {
    /// Nothing.
    Nothing,
    /// Something with a name.
    File {
        /// The name.
        name: &'a str,
        /// The size.
        bytes: u64,
    },
}

/// What cannot be recorded itself.
#[derive(Debug)]
pub struct Reason;

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no reason")
    }
}

/// Nothing but a name.
#[tracepoint]
pub fn began();

/// Of all kinds.
#[tracepoint(provider = "shop", level = Info)]
pub fn ordered(
    id: u64,
    to: &Point,
    state: State,
    found: &Found<'_>,
    path: &Path,
    maybe: Option<u32>,
    parts: &[u16],
    pair: (u8, i64),
);

/// With attributes.
#[tracepoint(name = "other_name")]
pub(crate) fn attributes(
    #[field(octal)] mode: u32,
    #[field(network)] address: u32,
    #[field(text)] bytes: &[u8],
    #[field(debug)] why: &Reason,
    #[field(display)] shown: impl fmt::Display,
    #[field(with = str::len)] length: &str,
    #[field(name = "renamed")] name: impl AsRef<str>,
    #[field(skip)] secret: &str,
);

/// A span.
#[tracepoint(span)]
pub fn request(connection: u64, command: &str);

/// A function with an error.
///
/// # Errors
/// Always.
#[tracepoint]
pub fn load(path: &Path, #[field(debug)] why: &Reason) -> io::Result<usize> {
    let _ = why;
    Ok(std::fs::read(path)?.len())
}

/// A function that is one record.
#[tracepoint(span, ret(debug))]
pub fn counted(list: &mut Vec<u8>) -> Option<u8> {
    list.push(1);
    list.pop()
}

/// A generic function.
///
/// # Errors
/// None.
#[tracepoint(skip(second), err(debug))]
pub fn generic<T: fmt::Debug, E: fmt::Debug>(
    #[field(debug)] first: T,
    second: Result<u8, E>,
) -> Result<(T, u8), E> {
    Ok((first, second?))
}

/// A future.
#[tracepoint]
pub async fn read(path: &str) -> usize {
    path.len()
}

/// A future that is one record.
#[tracepoint(span, skip_all)]
pub async fn written(path: &str) -> usize {
    path.len()
}

/// A handler.
#[tracepoint]
pub extern "C" fn handler(signal: i32) {
    let _ = signal;
}

/// Of which all methods are instrumented.
#[derive(Debug)]
pub struct Cache(u32);

#[tracepoint]
impl Cache {
    /// Makes one.
    #[must_use]
    pub fn new(size: u32) -> Self {
        Self(size)
    }

    /// Its size.
    #[must_use]
    #[tracepoint(skip)]
    pub fn size(&self) -> u32 {
        self.0
    }

    /// Grows.
    pub fn grow(&mut self, by: u32) -> &mut Self {
        self.0 += by;
        self
    }
}

/// Of which all functions are instrumented.
#[tracepoint(level = Debug)]
pub mod inside {
    /// Twice.
    #[must_use]
    pub fn twice(number: u32) -> u32 {
        number * 2
    }
}

/// Without a declaration.
fn anywhere(id: u64, error: &Reason) {
    event!("shop:began");
    event!("shop:paid", Info, id, why = ?error, text = %error, twice = id * 2);
    text!("{} is {error}", id, error = error);
    text!(Info, "done");
    let _span = span!("shop:parse", id);
}

fn main() {
    began();
    began::with(|| ());
    let point = Point { x: 1, _rest: 0 };
    let found = Found::File { name: "a", bytes: 1 };
    let path = Path::new("/nowhere");
    ordered(1, &point, State::Busy, &found, path, None, &[1, 2], (1, -1));
    ordered::with(|| (1, &point, State::Idle, &Found::Nothing, path, None, &[], (1, -1)));
    ordered::when_on(|record| record(1, &point, State::Idle, &found, path, None, &[], (1, -1)));
    if ordered::enabled() {
        attributes(1, 2, b"3", &Reason, Reason, "six", "seven", "eight");
    }
    drop(request(1, "GET"));
    assert!(load(path, &Reason).is_err());
    assert_eq!(counted(&mut Vec::new()), Some(1));
    assert!(generic("a", Err(Reason)).is_err());
    drop(read("a"));
    drop(written("a"));
    handler(2);
    assert_eq!(Cache::new(inside::twice(1)).grow(1).size(), 3);
    anywhere(1, &Reason);
}
"##;

fn package(edition: &str, features: &str) -> OwnPackage {
    let manifest = MANIFEST.replace("EDITION", edition).replace("FEATURES", features);
    let sources = [("src/main.rs", SOURCE)];
    let name = format!("edition{edition}");
    OwnPackage::new(env!("CARGO_TARGET_TMPDIR"), &name, &manifest, &sources)
}

/// Lints it, builds it, and runs it.
fn holds(edition: &str, features: &str) {
    let package = package(edition, features);
    assert_eq!(package.cargo("clippy", &[]).succeeded().stderr, "", "edition {edition}");
    assert_eq!(package.cargo("build", &[]).succeeded().stderr, "", "edition {edition}");
    run(&mut Command::new(package.built(&format!("edition{edition}")))).succeeded();
}

#[test]
fn strict_crates_of_each_edition_may_use_every_macro() {
    if !has("cargo", &["clippy", "--version"]) {
        return;
    }
    for edition in ["2018", "2021", "2024"] {
        holds(edition, "[]");
    }
    holds("2024", "[\"sdt\"]");
}

#[test]
fn rustfmt_leaves_declarations_as_they_are() {
    if !has("rustfmt", &["--version"]) {
        return;
    }
    for edition in ["2018", "2021", "2024"] {
        let source = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("formatted.rs");
        std::fs::write(&source, SOURCE).expect("a source");
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", edition, "--style-edition", "2021"]);
        rustfmt.args(["--config", "use_small_heuristics=Max"]);
        run(rustfmt.arg(&source)).succeeded();
    }
}
