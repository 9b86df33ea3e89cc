//! This package's traced programs, built for 32 bits.

use crate::skip::skipped;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use ust_test_support::binaries;

const TARGET: &str = "i686-unknown-linux-gnu";

/// The programs that are recorded from both word sizes.
const PROGRAMS: [&str; 3] = ["all_fields", "flood", "gaps"];

/// A traced program of 32 bits; `None`, with a line that says why, where none can be made.
pub fn program(name: &str) -> Option<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BUILT.get_or_init(|| can_build().map(|()| build())) {
        Ok(directory) => Some(directory.join(name)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// Whether everything that such a program needs to be built and run is there.
fn can_build() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        return Err(format!("programs of {TARGET} run on x86-64 only"));
    }
    let libdir =
        Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let libdir = libdir.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !libdir.is_ok_and(|libdir| PathBuf::from(libdir).exists()) {
        return Err(format!("no standard library for {TARGET}: `rustup target add {TARGET}`"));
    }
    let dir = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let (source, program) = (dir.path().join("main.c"), dir.path().join("main"));
    std::fs::write(&source, "int main(void) { return 0; }\n").map_err(|error| error.to_string())?;
    let mut linker = Command::new("cc");
    linker.arg("-m32").arg("-o").arg(&program).arg(&source).stderr(Stdio::null());
    let works = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    if !works(&mut linker) {
        return Err("`cc -m32` links no program: install gcc-multilib".into());
    }
    if !works(&mut Command::new(&program)) {
        return Err("this kernel runs no program of 32 bits".into());
    }
    Ok(())
}

/// Builds them in the test run's profile; the directory.
fn build() -> PathBuf {
    let (target_dir, profile) = binaries::target_dir_and_profile();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "ust-acceptance", "--target", TARGET]);
    for name in PROGRAMS {
        cargo.args(["--bin", name]);
    }
    if profile != "debug" {
        cargo.args(["--profile", &profile]);
    }
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", &target_dir);
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "the traced programs do not build for {TARGET}");
    target_dir.join(TARGET).join(profile)
}
