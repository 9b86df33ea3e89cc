//! The features `max-level-...`: tracepoints beyond the level leave nothing in the program, and are checked all the same.
//!
//! A package of its own is built for it, because features are one choice for all packages of a workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_test_support::command::{Finished, run};

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

struct Package(PathBuf);

impl Package {
    fn new() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.parent().and_then(Path::parent).expect("the workspace");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("leveled");
        fs::create_dir_all(dir.join("src")).expect("a directory");
        let ust = workspace.join("ust");
        let manifest = MANIFEST.replace("UST", ust.to_str().expect("UTF-8"));
        fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
        fs::write(dir.join("src/lib.rs"), SOURCE).expect("a source");
        // With the versions that everything else is built with.
        fs::copy(workspace.join("Cargo.lock"), dir.join("Cargo.lock")).expect("a lock");
        Self(dir)
    }

    fn build(&self, options: &[&str]) -> Finished {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--quiet"]).args(options);
        run(cargo.current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("target")))
    }

    /// All symbols, with their sizes.
    fn symbols(&self) -> Vec<(String, u64)> {
        let mut nm = Command::new("nm");
        nm.args(["--print-size", "--format=posix"]);
        let printed = run(nm.arg(self.0.join("target/release/libleveled.so"))).succeeded().stdout;
        let symbol = |line: &str| {
            let mut words = line.split_whitespace();
            let (name, size) = (words.next().unwrap_or_default(), words.nth(2).unwrap_or("0"));
            (name.to_owned(), u64::from_str_radix(size, 16).expect("a size in hex"))
        };
        printed.lines().map(symbol).collect()
    }
}

#[test]
fn a_tracepoint_beyond_the_level_is_nothing_and_is_checked() {
    let package = Package::new();
    let built = package.build(&[]).succeeded();
    assert_eq!(built.stderr, "");
    let symbols = package.symbols();
    let size = |name| symbols.iter().find(|symbol| symbol.0 == name).expect("the function").1;
    assert_eq!(size("calls_silent"), size("calls_nothing"), "bytes of instructions");
    assert!(size("calls_heard") > size("calls_nothing"));
    let has_own = |name| symbols.iter().any(|symbol| symbol.0.contains(name));
    assert!(!has_own("6silent") && !has_own("11silent_span"), "{symbols:?}");
    assert!(has_own("5heard"));

    let wrong = package.build(&["--features", "wrong"]);
    assert_ne!(wrong.code(), 0);
    assert!(wrong.stderr.contains("`NoField` cannot be a field of an event"), "{}", wrong.stderr);
}
