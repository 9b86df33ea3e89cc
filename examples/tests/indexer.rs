//! The indexer, untraced, compared with this file's own walk over the same tree.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user `nobody`. Unlike root's, its access is limited by permissions.
const NOBODY: u32 = 65534;

#[derive(Debug, Default, PartialEq)]
struct Found {
    directories: u64,
    files: u64,
    bytes: u64,
    words: u64,
    symlinks: u64,
}

/// The other way to count: recursive, a whole file at a time.
fn walk(dir: &Path, found: &mut Found) {
    found.directories += 1;
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        let kind = fs::symlink_metadata(&path).expect("there").file_type();
        if kind.is_dir() {
            walk(&path, found);
        } else if kind.is_symlink() {
            found.symlinks += 1;
        } else {
            let content = fs::read(&path).expect("readable");
            let words = content.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            found.files += 1;
            found.bytes += content.len() as u64;
            found.words += words.count() as u64;
        }
    }
}

/// What the indexer prints: each number before its noun.
fn numbers(stdout: &str) -> BTreeMap<&str, u64> {
    let part = |part| {
        let (number, noun) = str::split_once(str::trim(part), ' ')?;
        Some((noun, number.parse().ok()?))
    };
    stdout.lines().flat_map(|line| line.split(',')).filter_map(part).collect()
}

fn indexer() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_indexer"))
}

fn stdout_of(command: &mut Command) -> String {
    let output = command.output().expect("it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A part of the repository that nothing writes to while it is built.
fn own_tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ust-core")
}

#[test]
fn what_it_counts_is_what_another_walk_counts() {
    let mut found = Found::default();
    walk(&own_tree(), &mut found);
    assert!(found.files > 30, "{found:?}");
    for threads in ["1", "2", "16"] {
        let stdout =
            stdout_of(Command::new(indexer()).args(["--threads", threads]).arg(own_tree()));
        let numbers = numbers(&stdout);
        let printed = Found {
            directories: numbers["directories"],
            files: numbers["files"],
            bytes: numbers["bytes"],
            words: numbers["words"],
            symlinks: numbers["symbolic links"],
        };
        assert_eq!(printed, found, "{threads} threads: {stdout}");
    }
}

#[test]
fn the_counts_of_events_follow_from_what_it_printed() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = scratch.path().join("counts.json");
    let mut command = Command::new(indexer());
    command.args(["--threads", "3", "--laps", "5", "--counts"]).arg(&file).arg(own_tree());
    let stdout = stdout_of(&mut command);
    let numbers = numbers(&stdout);
    let counts = fs::read_to_string(&file).expect("written");
    let counts: BTreeMap<String, u64> = serde_json::from_str(&counts).expect("JSON");
    assert_eq!(counts["indexer:directory_entered"], numbers["directories"]);
    assert_eq!(counts["indexer:file_indexed"], numbers["files"] + numbers["unreadable"]);
    assert_eq!(counts["indexer:queue_wait"], numbers["directories"] + numbers["files"]);
    assert_eq!(counts["indexer:thread_done"], 15);
    assert_eq!(counts["indexer:tick"], numbers["ticks"]);
    assert_eq!(counts.len(), 5);
}

#[test]
fn what_cannot_be_read_is_counted_and_the_rest_is_indexed() {
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path();
    let tree = dir.join("tree");
    fs::create_dir_all(tree.join("shut")).expect("made");
    fs::write(tree.join("shut/in"), "out of reach").expect("written");
    fs::write(tree.join("locked"), "three more words").expect("written");
    fs::write(tree.join(OsStr::from_bytes(b"n\xffame")), "two words").expect("written");
    symlink("..", tree.join("loop")).expect("linked");
    symlink("nowhere", tree.join("dangling")).expect("linked");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, tree.join("pipe"), mode).expect("made");
    for (path, mode) in [(dir, 0o755), (&tree.join("shut"), 0), (&tree.join("locked"), 0)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
    }

    // A copy that the user `nobody` can reach, because root may read everything.
    let program = dir.join("indexer");
    fs::copy(indexer(), &program).expect("copied");
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let stdout = stdout_of(command.arg(&tree));
    // So that the tests' own user can remove the directory.
    fs::set_permissions(tree.join("shut"), Permissions::from_mode(0o755)).expect("set");

    let expected = BTreeMap::from([
        ("directories", 1),
        ("files", 1),
        ("bytes", 9),
        ("words", 2),
        ("unreadable", 2),
        ("symbolic links", 2),
        ("others", 1),
    ]);
    let mut numbers = numbers(&stdout);
    numbers.retain(|noun, _| expected.contains_key(noun));
    assert_eq!(numbers, expected, "{stdout}");
}

#[test]
fn a_directory_that_is_not_there_is_named_and_nothing_is_printed() {
    let output = Command::new(indexer()).arg("/no/such/dir").output().expect("it can be run");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("indexer: /no/such/dir: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}
