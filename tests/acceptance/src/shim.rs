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

/// Compiles `c/NAME.c` into `dir`, with these options.
#[track_caller]
pub fn compiled(dir: &Path, name: &str, options: &[&str]) -> PathBuf {
    let program = dir.join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("c/{name}.c"));
    // `-fno-builtin`: a compiler leaves out calls of `malloc` whose memory is not used.
    let mut command = Command::new("cc");
    command.args(["-O1", "-w", "-fno-builtin", "-o"]).arg(&program).arg(source).args(options);
    let status = command.args(["-pthread", "-ldl"]).status().expect("there is a compiler");
    assert!(status.success(), "{name}.c");
    program
}
