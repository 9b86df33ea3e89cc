//! `--preload`: sets of the shim's events, the shim itself, and the programs that it cannot be loaded into.
//!
//! ```text
//!   ust            bin/ust           target/release/ust
//!   the shim       bin/... or lib/   target/release/libust_preload.so
//! ```
//!
//! The program runs as it would without us where the shim is missing, is of another version, or cannot be loaded into it. One
//! line says so before it runs.

use super::elf_file::{self, Class};
use super::executable;
use super::program::Program;
use ctf::printable;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use ust_core::abi::ABI;
use ust_core::version::{Mismatch, Version};

/// The shim's file name.
const SHIM: &str = "libust_preload.so";

/// Where it is, seen from the directory of `ust`.
const PLACES: [&str; 3] = ["", "../lib", "../lib/ust"];

/// The variable by which the loader is told.
pub const VARIABLE: &str = "LD_PRELOAD";

/// What the shim records: a set is a provider of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// All of them
    All,
    /// malloc, calloc, realloc, free and the rest of that family
    #[value(name = "libc_mem")]
    Mem,
}

impl Set {
    /// All sets but `All`.
    const EACH: [Self; 1] = [Self::Mem];

    /// Its provider.
    fn provider(self) -> &'static str {
        match self {
            Self::All => "*",
            Self::Mem => "libc_mem",
        }
    }
}

/// The event patterns of these sets, and those that are to be left out of patterns which the user did not give.
pub fn patterns(sets: &[Set]) -> (Vec<String>, Vec<String>) {
    let of = |set: &Set| format!("{}:*", set.provider());
    let is_wanted = |set: &Set| sets.contains(&Set::All) || sets.contains(set);
    let (wanted, others): (Vec<_>, Vec<_>) = Set::EACH.iter().partition(|set| is_wanted(set));
    (wanted.into_iter().map(of).collect(), others.into_iter().map(of).collect())
}

/// The value of the loader's variable that loads the shim first.
///
/// # Errors
/// The shim is not there, or this program cannot have it: what to say.
pub fn value_for(program: &Program<'_>) -> Result<OsString, String> {
    let shim = shim()?;
    if let Some(why) = hindrance(&program.file) {
        return Err(format!("{}: {why}", printable::path(&program.file)));
    }
    let mut value = shim.into_os_string();
    if let Some(others) = std::env::var_os(VARIABLE).filter(|others| !others.is_empty()) {
        value.push(":");
        value.push(others);
    }
    Ok(value)
}

/// Finds the shim beside this program.
fn shim() -> Result<PathBuf, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("the shim {SHIM} cannot be looked for: {error}"))?;
    let own_dir = own.parent().unwrap_or(Path::new("/"));
    let found =
        PLACES.iter().map(|place| own_dir.join(place).join(SHIM)).find(|file| file.is_file());
    let Some(shim) = found else {
        return Err(format!(
            "the shim {SHIM} is neither beside {} nor in ../lib: `cargo build --release -p ust-preload` builds it; copy it \
             there",
            printable::path(&own)
        ));
    };
    let version = elf_file::read(&shim).and_then(|elf| elf.abi_version).unwrap_or(0);
    if let Err(Mismatch { found, own }) = ABI.check(Version::from_word(version)) {
        return Err(format!(
            "the shim {} has version {found}, and this recorder version {own}: install both of one build",
            printable::path(&shim)
        ));
    }
    // Spaces and colons part the loader's list.
    if shim.as_os_str().as_encoded_bytes().iter().any(|byte| b" :".contains(byte)) {
        return Err(format!(
            "the shim's path {} has a space or a colon, which the loader takes for the end of it: install it elsewhere",
            printable::path(&shim)
        ));
    }
    Ok(shim)
}

/// Why the loader would not load the shim into a program: what to say. `None` where it would.
fn hindrance(program: &Path) -> Option<String> {
    let interpreter = executable::interpreter_of(program);
    let file = interpreter.as_deref().unwrap_or(program);
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o6000 != 0 {
        return Some(
            "it changes its user or group when it starts, and the loader then ignores LD_PRELOAD: record it as that user \
             from a copy without the setuid bit"
                .to_owned(),
        );
    }
    let class = elf_file::class_of(file)?;
    let own = if cfg!(target_pointer_width = "64") { Class::Elf64 } else { Class::Elf32 };
    if class != own {
        return Some(
            "it is of another word size than the shim: build ust-preload for that size, and preload it by hand".to_owned(),
        );
    }
    match executable::loader_of(file) {
        None => Some(
            "it is linked statically, so no loader could load the shim into it: link it dynamically, or instrument it with \
             tracepoints of its own"
                .to_owned(),
        ),
        Some(loader) if loader.to_string_lossy().contains("ld-musl") => Some(
            "it is built for musl, and the shim for glibc: build it for glibc, or instrument it with tracepoints of its own"
                .to_owned(),
        ),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_patterns_and_those_not_wanted_are_left_out() {
        let all = patterns(&[Set::All]);
        assert_eq!((all.0.len(), all.1.len()), (Set::EACH.len(), 0));
        let none = patterns(&[]);
        assert_eq!((none.0.len(), none.1.len()), (0, Set::EACH.len()));
        let (wanted, others) = patterns(&[Set::Mem]);
        assert_eq!(wanted, ["libc_mem:*"]);
        assert!(!others.contains(&"libc_mem:*".to_owned()));
    }
}
