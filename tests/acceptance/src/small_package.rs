//! A small instrumented crate of its own, outside of the workspace, as a user has one: what cargo does with it is under test.

use crate::own_package::OwnPackage;

const MANIFEST: &str = r#"
[package]
name = "counts"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
ust = { path = "UST" }
"#;

const LIBRARY: &str = r#"
use ust::tracepoint;

#[tracepoint(level = Info)]
fn counted(process: u32, number: u64, words: u64);

/// ```
/// assert_eq!(counts::words(3, "a b"), 2);
/// ```
pub fn words(number: u64, text: &str) -> u64 {
    let words = text.split_whitespace().count() as u64;
    counted(std::process::id(), number, words);
    words
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_word() {
        assert_eq!(super::words(1, "a"), 1);
    }

    #[test]
    fn no_word() {
        assert_eq!(super::words(0, ""), 0);
    }
}
"#;

const TEST: &str = r#"
#[test]
fn many_words() {
    assert_eq!(counts::words(2, "a b c"), 3);
}
"#;

const PROGRAM: &str = r#"
fn main() {
    let count = |number| drop(counts::words(number, "a b c"));
    (0..1000).for_each(count);
    let thread = std::thread::spawn(move || (1000..2000).for_each(count));
    thread.join().expect("it does not panic");
    let itself = std::env::current_exe().expect("it has a path");
    if std::env::args().len() == 1 {
        let child = std::process::Command::new(itself).arg("child").status();
        assert!(child.expect("it can be started").success());
    }
}
"#;

/// Writes it, in a package of that name, below a test's `CARGO_TARGET_TMPDIR`.
pub fn small_package(tmpdir: &str, name: &str) -> OwnPackage {
    let files = [("src/lib.rs", LIBRARY), ("src/main.rs", PROGRAM), ("tests/many.rs", TEST)];
    OwnPackage::new(tmpdir, name, MANIFEST, &files)
}
