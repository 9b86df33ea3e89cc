//! The paths behind descriptors, where they are asked for.

use std::path::PathBuf;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};

/// `resolves`, recorded with these options, and the directory that it ran in. `None`, and said so, where the judges are missing.
fn recorded<const N: usize>(options: [&str; N]) -> Option<(Recorded, PathBuf)> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "resolves", &[]);
    let recording = Recording::of_path(program).options(options).arg(dir.path().display());
    let recorded = recording.run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    Some((recorded, dir.path().canonicalize().expect("it is there")))
}

/// Each event of the provider of paths, and of the calls that are about them, in order.
fn seen(recorded: &Recorded) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.event_of("libc_io_path").is_some() {
            seen.push(("path".to_owned(), line.value("path").trim_matches('"').to_owned()));
        } else if let Some(name) = line.event_of("libc_io") {
            seen.push((name.to_owned(), String::new()));
        }
    });
    seen
}

#[test]
fn each_descriptor_s_path_is_told_in_front_of_its_call() {
    let options = ["--preload", "libc_io", "--resolve"];
    let Some((recorded, dir)) = recorded(options) else { return };
    let (dir, seen) = (dir.display(), seen(&recorded));
    let path = |end: &str| ("path".to_owned(), format!("{dir}{end}"));
    let call = |name: &str| (name.to_owned(), String::new());
    let expected = [
        path(""),
        call("mkdirat"),
        call("open"),
        path("/sub"),
        call("openat"),
        path("/sub"),
        path(""),
        call("linkat"),
        path("/sub/file"),
        call("write"),
        path("/sub"),
        call("unlinkat"),
        // The kernel knows that it has no name any more.
        ("path".to_owned(), format!("{dir}/sub/file")),
        call("fstat"),
        path("/sub"),
        call("close"),
        // Closed before.
        call("close"),
    ];
    let from = seen.iter().position(|it| it.0 == "chdir").expect("the first call") + 1;
    assert_eq!(seen[from..from + expected.len()], expected, "{seen:?}");
}

#[test]
fn the_kernel_is_not_asked_unless_the_option_says_so() {
    let options = ["--preload", "libc_io", "-e", "libc_io_path:*"];
    let Some((recorded, _)) = recorded(options) else { return };
    let seen = seen(&recorded);
    assert!(
        seen.iter().any(|it| it.0 == "openat") && !seen.iter().any(|it| it.0 == "path"),
        "{seen:?}"
    );
}
