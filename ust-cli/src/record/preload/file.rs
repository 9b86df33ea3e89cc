//! The shim's file, which is found beside this program.

use crate::record::elf_file;
use ctf::printable;
use std::path::{Path, PathBuf};
use ust_core::abi::ABI;
use ust_core::version::{Mismatch, Version};

/// Its name.
const SHIM: &str = "libust_preload.so";

/// Where it is, seen from the directory of `ust`.
const PLACES: [&str; 3] = ["", "../lib", "../lib/ust"];

/// Finds it.
///
/// # Errors
/// It is not there, is no shim or one of another version, or lies where the loader cannot be told of it: what to say.
pub fn find() -> Result<PathBuf, String> {
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
    // The loader does not look whether it is whole: a program with a part of a shim would be killed.
    let whole = elf_file::read(&shim).filter(|elf| elf.is_whole);
    let Some(version) = whole.and_then(|elf| elf.abi_version) else {
        return Err(format!(
            "{} is damaged, or another file than the shim: install that again",
            printable::path(&shim)
        ));
    };
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
