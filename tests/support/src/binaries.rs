//! Where the binaries are: those under test, and the programs that are traced.
//!
//! Cargo builds a package's own programs before its tests run, and puts them beside the tests. The programs of other
//! packages are built here, once a test run, in the same profile.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The directory of the test run's binaries: `target/PROFILE`.
pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let of_test = test.parent().expect("a file lies in a directory");
        let is_deps = of_test.ends_with("deps");
        let directory =
            if is_deps { of_test.parent().expect("deps has a parent") } else { of_test };
        directory.to_owned()
    })
}

/// A program of the package whose tests run.
pub fn program(name: &str) -> PathBuf {
    let path = directory().join(name);
    assert!(path.exists(), "{} is missing: cargo builds it with the tests", path.display());
    path
}

/// A program of another package.
pub fn program_of(package: &str, name: &str) -> PathBuf {
    build_unless_there(&["-p", package, "--bin", name]);
    directory().join(name)
}

/// The command `ust`.
pub fn ust() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| build_unless_there(&["-p", "ust-cli"]));
    directory().join("ust")
}

/// The daemon.
pub fn ustconsumerd() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    // Built by a command of its own: the build of one test's daemon must not replace `ust` while another test runs it.
    BUILT.get_or_init(|| build_unless_there(&["-p", "consumerd"]));
    directory().join("ustconsumerd")
}

/// The target directory, and the name of the test run's directory in it: `debug`, or the profile's own.
pub fn target_dir_and_profile() -> (PathBuf, String) {
    let directory = directory();
    let profile = directory.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    let target_dir = directory.parent().expect("a profile lies in the target directory");
    (target_dir.to_owned(), profile.to_owned())
}

/// Set when the whole workspace is tested. Then cargo has built all of its binaries before the first test runs. For a
/// package alone cargo would build them, and what they need, once more.
const ALL_BUILT: &str = "UST_TEST_ALL_BUILT";

fn build_unless_there(what: &[&str]) {
    if std::env::var_os(ALL_BUILT).is_none() {
        build(what);
    }
}

/// Builds packages, or parts of them, in the test run's profile.
pub fn build(what: &[&str]) {
    let (target_dir, profile) = target_dir_and_profile();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet"])
        .args(what)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target_dir);
    if profile != "debug" {
        cargo.args(["--profile", &profile]);
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "what is under test does not build");
}
