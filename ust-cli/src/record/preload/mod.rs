//! `--preload`: the shim for C programs is loaded into the program.
//!
//! ```text
//!   ust            bin/ust           target/release/ust
//!   the shim       bin/... or lib/   target/release/libust_preload.so
//! ```
//!
//! It is also loaded into programs with tracepoints in C (`ust.h`), which need it, without being asked for.
//!
//! The program runs as it would without us where the shim is missing, is of another version, or cannot be loaded into it. One
//! line says so before it runs.

mod args;
mod file;
mod hindrance;
mod sets;
mod stale;

pub use args::PreloadArgs;
pub use stale::stale_header;

use super::elf_file;
use super::program::Program;
use ctf::printable;
use hindrance::hindrance;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use ust_core::shim::{OPTIONS_VARIABLE, Options};

/// The variable by which the loader is told.
const LOADER_VARIABLE: &str = "LD_PRELOAD";

/// The variables that load the shim first, and tell it what to do.
///
/// # Errors
/// The shim is not there, or this program cannot have it: what to say.
pub fn variables_for(
    program: &Program<'_>,
    options: &Options,
) -> Result<Vec<(&'static str, OsString)>, String> {
    let shim = file::find()?;
    if let Some(why) = hindrance(&program.file) {
        return Err(format!("{}: {why}", printable::path(&program.file)));
    }
    let mut value = first(&program.file);
    value.push(shim);
    if let Some(others) = std::env::var_os(LOADER_VARIABLE).filter(|others| !others.is_empty()) {
        value.push(":");
        value.push(others);
    }
    Ok(vec![(LOADER_VARIABLE, value), (OPTIONS_VARIABLE, options.to_string().into())])
}

/// What must come before the shim: AddressSanitizer's library refuses to be loaded behind another one.
fn first(program: &Path) -> OsString {
    let needed = elf_file::read(program).map(|elf| elf.needed).unwrap_or_default();
    let is_asan = |name: &&PathBuf| {
        let name = name.to_string_lossy();
        name.starts_with("libasan.so") || name.starts_with("libclang_rt.asan")
    };
    let mut first = OsString::new();
    if let Some(name) = needed.iter().find(is_asan) {
        first.push(name);
        first.push(":");
    }
    first
}
