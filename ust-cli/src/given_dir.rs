//! Opens directories named on the command line. Everything in such a directory is reached from its descriptor, not by
//! its path.

use crate::failure::Failure;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::given::{self, GivenError};
use consumerd::output::Output;
use ctf::dir::{Dir, Tree};
use ctf::printable;
use std::path::Path;

/// Opens a directory to read what is in it.
pub fn open_dir(path: &Path) -> Result<Dir, Failure> {
    given::open_dir(path).map_err(|error| {
        let shown = printable::path(path);
        let text = match error {
            GivenError::Kernel(error) => format!("{shown}: {error}"),
            error => format!("{shown} is not read: {error}"),
        };
        Failure::new(Cause::Unreadable, text)
    })
}

/// The output directory, as the library for traces writes to it.
pub fn tree_of(output: &Output) -> Result<Tree, Failure> {
    let dir = output.dir().and_then(|dir| dir.below("."));
    let dir = dir.map_err(|error| {
        let shown = printable::path(output.path());
        let text = format!("{shown} cannot be written: {}", why(Attempt::Output, &error));
        Failure::new(Cause::OutputNotWritable, text)
    })?;
    Ok(Tree::new(dir, output.path().to_owned()))
}
