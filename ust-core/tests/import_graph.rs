//! Who may import whom: the table of ARCHITECTURE.md, checked against the sources.
//!
//! A module may name itself, what its row allows, and nothing else of ours. The rows are those of the
//! table; a module without a row fails, so that a new one has to be thought about.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules of ust-core, and what each may name of the others.
const CORE: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("testpoint", &[]),
    ("hint", &[]),
    ("wire", &["hint"]),
    ("clock", &[]),
    ("cpu", &["sync"]),
    ("event", &["wire"]),
    ("callsite", &["event", "sync", "wire"]),
    ("declared", &["abi", "callsite"]),
    ("abi", &["sync"]),
    ("ring", &["abi", "hint", "sync", "testpoint"]),
    ("shm", &["abi", "clock", "ring", "sync"]),
    ("stream", &["abi", "clock", "ring", "shm", "sync", "wire"]),
    ("channel", &["abi", "clock", "ring", "shm", "stream", "sync"]),
    ("thread_cache", &["agent::protocol", "callsite", "channel", "shm", "stream", "sync"]),
    (
        "session",
        &[
            "abi",
            "agent::protocol",
            "callsite",
            "channel",
            "clock",
            "event",
            "shm",
            "stream",
            "sync",
            "thread_cache",
        ],
    ),
    (
        "agent",
        &[
            "abi",
            "callsite",
            "channel",
            "clock",
            "cpu",
            "declared",
            "session",
            "shm",
            "stream",
            "sync",
            "thread_cache",
            "wire",
        ],
    ),
    ("record", &["agent", "callsite", "cpu", "hint", "stream", "sync", "thread_cache", "wire"]),
    ("panic_hook", &["agent"]),
    ("__private", &["abi", "agent", "callsite", "declared", "event", "record", "wire"]),
];

/// Crates, and which of ours each may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("ctf", &[]),
    ("ust-macros", &[]),
    ("ust-core", &["ust-macros"]),
    ("consumerd", &["ctf", "ust-core"]),
    ("ust-cli", &["consumerd", "ctf", "ust-core"]),
];

/// What the daemon's side may name of ust-core: formats, mappings, the reading half of the ring.
const OF_CORE: &[(&str, &[&str])] = &[
    (
        "consumerd",
        &[
            "abi",
            "agent::paths",
            "agent::protocol",
            "agent::socket",
            "clock",
            "ring",
            "shm",
            "sync",
            "wire",
        ],
    ),
    ("ust-cli", &["abi", "agent::paths", "agent::protocol", "clock", "event", "shm::own_dir"]),
];

#[test]
fn modules_of_ust_core_name_only_what_their_row_allows() {
    let root = workspace().join("ust-core/src");
    let mut seen = BTreeSet::new();
    for file in rust_files(&root) {
        let module = module_of(&root, &file);
        if module == "lib" {
            continue;
        }
        let (_, allowed) = CORE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no row in the table of who may import whom"));
        seen.insert(module.clone());
        for path in paths_after(&code_of(&file), "crate::") {
            let is_own = first(&path) == module;
            // `Level` and `tracepoint` are the crate's face; the root itself is nobody's.
            let is_allowed = allowed.iter().any(|row| starts_with_path(&path, row));
            assert!(is_own || is_allowed, "{} names crate::{path}", file.display());
        }
    }
    let rows: BTreeSet<_> = CORE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, rows, "rows without a module, or modules without a row");
}

#[test]
fn crates_depend_only_on_the_crates_below_them() {
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(workspace().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
        for (other, _) in CRATES.iter().filter(|(other, _)| !allowed.contains(other)) {
            let is_named =
                dependencies.lines().any(|line| line.split([' ', '.', '=']).next() == Some(other));
            assert!(!is_named, "{name} depends on {other}");
        }
    }
}

#[test]
fn the_daemon_names_of_ust_core_only_what_both_sides_share() {
    for (name, allowed) in OF_CORE {
        for file in rust_files(&workspace().join(name).join("src")) {
            for path in paths_after(&code_of(&file), "ust_core::") {
                let is_allowed = allowed.iter().any(|row| starts_with_path(&path, row));
                assert!(is_allowed, "{} names ust_core::{path}", file.display());
            }
        }
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    assert!(!files.is_empty(), "no sources below {}", dir.display());
    files
}

/// The top-level module that a file belongs to.
fn module_of(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap();
    let top = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    top.trim_end_matches(".rs").to_owned()
}

/// The file without comments and without its tests; nothing of a file that is all tests.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    // Of an item, or of the whole file.
    let code = text.split("[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path that follows `prefix`, groups in braces taken apart.
fn paths_after(code: &str, prefix: &str) -> Vec<String> {
    let starts = code.match_indices(prefix).filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    });
    starts.flat_map(|(at, _)| expand(&code[at + prefix.len()..])).collect()
}

/// `a::{b, c::d}` as `a::b`, `a::c::d`; a plain path as itself.
fn expand(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let head: String = code.chars().take_while(|c| is_path(*c)).collect();
    let rest = &code[head.len()..];
    let Some(group) = rest.strip_prefix('{') else { return vec![head] };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| expand(part).into_iter().map(|path| format!("{head}{path}"))).collect()
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

fn starts_with_path(path: &str, row: &str) -> bool {
    path == row || path.strip_prefix(row).is_some_and(|rest| rest.starts_with("::"))
}
