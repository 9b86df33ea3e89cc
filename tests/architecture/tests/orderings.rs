//! An ordering that is not Relaxed stands in a table, with its partner, where `loom-tests/mutants.sh` weakens it.

use std::fs;
use std::path::{Path, PathBuf};
use ust_architecture::workspace;

/// Crates whose words are modelled.
const CRATES: &[&str] = &["ust", "ust-core"];

/// The file name of tables.
const TABLE: &str = "orderings.rs";

/// Other files that may name such orderings, and why.
const OTHERS: &[(&str, &str)] = &[
    ("ust-core/src/sync", "what orderings are, and words that take them"),
    ("ust/src/lockfree/barrier.rs", "a pair of barriers, of which one is the kernel's"),
    ("ust-core/src/ring/exchange.rs", "a fence against the compiler, for who is killed"),
    ("ust-core/src/ring/recycle.rs", "a mistake that mutants make"),
    ("ust-core/src/shm/guard.rs", "the consumer's handler of SIGBUS, which has no model"),
];

#[test]
fn strong_orderings_stand_in_tables() {
    let mut complaints = String::new();
    for name in CRATES {
        let mut files = Vec::new();
        sources(&workspace().join(name).join("src"), &mut files);
        for file in files {
            let path = file.strip_prefix(workspace()).unwrap();
            let is_allowed =
                path.ends_with(TABLE) || OTHERS.iter().any(|(other, _)| path.starts_with(other));
            let text = fs::read_to_string(&file).unwrap();
            // Tests come last in a file.
            let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for line in shipped.lines().filter(|line| !is_allowed && is_strong(line)) {
                complaints += &format!("{}: {}\n", path.display(), line.trim());
            }
        }
    }
    assert!(complaints.is_empty(), "not in a table:\n{complaints}");
}

#[test]
fn the_others_are_there() {
    for (path, _) in OTHERS {
        assert!(workspace().join(path).exists(), "{path}");
    }
}

fn is_strong(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    code.split(|character| !is_word(character))
        .any(|word| ["Acquire", "Release", "AcqRel", "SeqCst"].contains(&word))
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
