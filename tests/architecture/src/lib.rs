//! The sources of a crate as a graph of files: who names something that stands in another file.
//!
//! ```text
//!   root file --mod x;--> file --mod y;--> file         `source`: each file parsed, its imports and the paths it names
//!        '-- for each path: which file defines it?      `graph`: through `pub use`, so that a folder's mod.rs is
//!                                                                transparent where it only passes names on
//! ```
//!
//! What stands under `#[cfg(test)]` does not count: a test may use more than what it tests.

pub mod graph;
pub mod source;

use std::path::{Path, PathBuf};

/// The folder of the whole workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of all packages, by their paths in the workspace.
///
/// # Panics
/// The workspace's manifest has no such list.
pub fn packages() -> Vec<String> {
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).expect("a manifest");
    let (_, members) = manifest.split_once("members = [").expect("a workspace has members");
    let (members, _) = members.split_once(']').expect("a list has an end");
    // The names stand between quotes.
    members.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
