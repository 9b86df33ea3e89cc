//! The sources of a crate as a graph of files: who names something that stands in another file.
//!
//! ```text
//!   root file --mod x;--> file --mod y;--> file         `source`: each file parsed, its imports and the paths it names
//!        '-- for each path: which file defines it?      `graph`: through `pub use`, so that a folder's mod.rs is
//!                                                                transparent where it only passes names on
//! ```
//!
//! What stands under `#[cfg(test)]` does not count: a test may know more than what it tests.

pub mod graph;
pub mod source;

use std::path::{Path, PathBuf};

/// The folder of the whole workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
