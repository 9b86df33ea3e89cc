//! A small instrumented crate of its own, outside of the workspace, as a user has one: what cargo does with it is under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// The crate, in a directory of this test's target directory.
#[derive(Debug)]
pub struct SmallPackage(PathBuf);

impl SmallPackage {
    /// Writes it below `parent`, with the versions that everything else is built with.
    pub fn below(parent: &Path, name: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.parent().and_then(Path::parent).expect("the workspace");
        let dir = parent.join(name);
        let ust = workspace.join("ust");
        let manifest = MANIFEST.replace("UST", ust.to_str().expect("UTF-8"));
        let files = [
            ("Cargo.toml", manifest.as_str()),
            ("src/lib.rs", LIBRARY),
            ("src/main.rs", PROGRAM),
            ("tests/many.rs", TEST),
        ];
        for (file, content) in files {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().expect("in the package")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        fs::copy(workspace.join("Cargo.lock"), dir.join("Cargo.lock")).expect("a lock");
        Self(dir)
    }

    /// Where cargo puts what it builds: one directory for all such packages beside each other, which need the same crates.
    pub fn target_dir(&self) -> PathBuf {
        self.0.with_file_name("small-packages")
    }

    /// Has `cargo` work on it, without a network.
    pub fn prepare<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        cargo
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.target_dir())
            .env("CARGO_NET_OFFLINE", "true")
    }
}
