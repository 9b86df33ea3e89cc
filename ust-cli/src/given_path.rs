//! Paths on the command line. One that begins with a dash (`-o=-dash`) becomes `./-dash`. In that form it can be shown,
//! and given to any command, babeltrace2 too, without being taken for an option.

use clap::builder::{PathBufValueParser, TypedValueParser};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Reads a path.
pub fn given_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(no_option)
}

fn no_option(path: PathBuf) -> PathBuf {
    if path.as_os_str().as_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path }
}
