//! The shim for C programs, and the C programs of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use ust_test_support::binaries;

/// Where the shim is.
pub fn built() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| binaries::build(&["-p", "ust-preload"]));
    binaries::directory().join("libust_preload.so")
}

/// The option by which compilers find `ust.h`.
pub const HEADER: &str = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../../ust-preload/include");

/// Where the source `c/NAME` is.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name)
}

/// Compiles `c/NAME.c` into `dir`, with these options.
#[track_caller]
pub fn compiled(dir: &Path, name: &str, options: &[&str]) -> PathBuf {
    compiled_by("cc", dir, name, "c", options)
}

/// Compiles `c/NAME.cpp` into `dir`, with these options.
#[track_caller]
pub fn compiled_as_cxx(dir: &Path, name: &str, options: &[&str]) -> PathBuf {
    compiled_by("c++", dir, name, "cpp", options)
}

#[track_caller]
fn compiled_by(compiler: &str, dir: &Path, name: &str, kind: &str, options: &[&str]) -> PathBuf {
    let program = dir.join(name);
    let source = source(&format!("{name}.{kind}"));
    // `-fno-builtin`: a compiler leaves out calls of `malloc` whose memory is not used.
    let mut command = Command::new(compiler);
    command.args(["-O1", "-w", "-fno-builtin", "-o"]).arg(&program).arg(source).args(options);
    let status = command.args(["-pthread", "-ldl"]).status().expect("there is a compiler");
    assert!(status.success(), "{name}.{kind}");
    program
}
