//! The directory that traces go to: checked before anything is made, made at once, removed again on failure.
//!
//! ```text
//!   check   not there, or an empty directory?  may this user write there?     makes nothing
//!   make    mkdir, parents too                                                remembers what it made
//!     keep    it belongs to a trace now
//!     drop    rmdir what was made, innermost first, because a later step failed
//! ```
//!
//! An existing trace is never written over, and two traces never mix: a directory that holds anything is refused.
//!
//! Links on the way are followed if root or this user owns them and they lie where nobody else can write ([`Walk`]). A
//! directory that is made is opened at once, and known by its inode from then on.

use crate::advice::{Attempt, why};
use crate::cause::Cause;
use crate::held_dir::{is_still, make_below, names_in, open_to_read};
use crate::output::Output;
use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, accessat, fstat, unlinkat};
use rustix::io::Errno;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use ust_core::shm::own_dir::FileId;
use ust_core::shm::walk::{Walk, WalkError};

/// Why a directory cannot take a trace.
#[derive(Debug, thiserror::Error)]
pub enum OutputDirError {
    /// Something is in it.
    #[error("output directory {0} is not empty: give another one, or remove what is in it")]
    NotEmpty(PathBuf),
    /// The name, or a parent's, is that of something else than a directory.
    #[error("output {0} is no directory: give another name, or remove it")]
    NoDirectory(PathBuf),
    /// A link leads there that others laid or could lay.
    #[error("output directory {0}: {1}: give its own path")]
    Link(PathBuf, WalkError),
    /// It can be neither written to nor made.
    #[error("output directory {0} cannot be written to: {why}", why = why(Attempt::Output, .1))]
    NotWritable(PathBuf, #[source] io::Error),
}

impl OutputDirError {
    /// The kind of failure, for the exit code.
    pub fn cause(&self) -> Cause {
        match self {
            OutputDirError::NotEmpty(_) => Cause::OutputNotEmpty,
            OutputDirError::NoDirectory(_)
            | OutputDirError::Link(..)
            | OutputDirError::NotWritable(..) => Cause::OutputNotWritable,
        }
    }
}

/// A directory that is ready for a trace. If it is dropped without [`keep`](Self::keep), what was made is removed
/// again.
#[derive(Debug)]
#[must_use = "dropping it removes the directory again"]
pub struct OutputDir {
    output: Output,
    /// Directories that did not exist before, outermost first.
    made: Vec<Made>,
}

/// A directory that was made: where, under what name, and its identity.
#[derive(Debug)]
struct Made {
    parent: OwnedFd,
    name: OsString,
    id: FileId,
}

impl OutputDir {
    /// Whether `path` can take a trace. Makes nothing.
    ///
    /// # Errors
    /// It is not empty or no directory, this user may not write there, or a link leads there that others could have
    /// laid.
    pub fn check(path: &Path) -> Result<(), OutputDirError> {
        Self::find(path).map(drop)
    }

    /// The way to it, as far as it exists.
    fn find(path: &Path) -> Result<Walk, OutputDirError> {
        let not_writable =
            |error: Errno| OutputDirError::NotWritable(path.to_owned(), error.into());
        let walk = Walk::along(path).map_err(|error| match error {
            WalkError::Link(..) => OutputDirError::Link(path.to_owned(), error),
            WalkError::NoDirectory(_) | WalkError::Kernel(_, Errno::NOTDIR) => {
                OutputDirError::NoDirectory(path.to_owned())
            }
            WalkError::Kernel(_, errno) => not_writable(errno),
        })?;
        if walk.missing.is_empty() && !is_empty(&walk.dir).map_err(not_writable)? {
            return Err(OutputDirError::NotEmpty(path.to_owned()));
        }
        may_write(&walk.dir).map_err(not_writable)?;
        Ok(walk)
    }

    /// Checks `path`, which is absolute, and makes it if it does not exist, with mode 0755 less the umask.
    ///
    /// # Errors
    /// As for [`check`](Self::check). Then nothing was made.
    pub fn make(path: &Path) -> Result<Self, OutputDirError> {
        let not_writable = |error| OutputDirError::NotWritable(path.to_owned(), error);
        let Walk { mut dir, missing, .. } = Self::find(path)?;
        let mut made = MadeDirs(Vec::new());
        for name in missing {
            let below = made.make(dir, name).map_err(|errno| not_writable(errno.into()))?;
            dir = below;
        }
        let opened = open_to_read(&dir).map_err(|errno| not_writable(errno.into()))?;
        let output = Output::new(path.to_owned(), opened.into()).map_err(not_writable)?;
        Ok(Self { output, made: std::mem::take(&mut made.0) })
    }

    /// The directory, open.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Keeps the directory, whatever is in it, because the recording has begun.
    pub fn keep(mut self) -> Output {
        self.made.clear();
        self.output.clone()
    }
}

/// The directories that have been made so far; removed again if the rest cannot be made.
struct MadeDirs(Vec<Made>);

impl MadeDirs {
    fn make(&mut self, parent: OwnedFd, name: OsString) -> Result<OwnedFd, Errno> {
        // The umask applies: the user decides who may read the trace.
        let dir = make_below(&parent, &name)?;
        self.0.push(Made { parent, name, id: FileId::of(&fstat(&dir)?) });
        Ok(dir)
    }
}

impl Drop for MadeDirs {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Drop for OutputDir {
    fn drop(&mut self) {
        remove(&self.made);
    }
}

/// Removes directories that were made, innermost first, if they are empty and still the same: another process may have
/// put something there meanwhile.
fn remove(made: &[Made]) {
    for Made { parent, name, id } in made.iter().rev() {
        if !is_still(parent, name, *id) || unlinkat(parent, name, AtFlags::REMOVEDIR).is_err() {
            return;
        }
    }
}

fn is_empty(dir: &OwnedFd) -> Result<bool, Errno> {
    Ok(names_in(dir)?.next().transpose()?.is_none())
}

/// Whether this process may make files in a directory: by its effective user, and not on a read-only file system. Mode
/// bits alone do not tell that.
fn may_write(dir: &OwnedFd) -> Result<(), Errno> {
    accessat(dir, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_removed_unless_it_is_kept_and_what_was_there_stays() {
        let parent = tempfile::tempdir().unwrap();
        let (outer, inner) = (parent.path().join("a"), parent.path().join("a/b/c"));
        let dir = OutputDir::make(&inner).unwrap();
        assert!(inner.is_dir());
        drop(dir);
        assert!(!outer.exists());

        std::fs::create_dir(&outer).unwrap();
        drop(OutputDir::make(&outer).unwrap());
        assert!(outer.exists(), "an empty directory of the user's own is not ours to remove");

        let _ = OutputDir::make(&inner).unwrap().keep();
        assert!(inner.is_dir());
    }

    #[test]
    fn what_somebody_else_put_there_meanwhile_stays() {
        let parent = tempfile::tempdir().unwrap();
        let dir = OutputDir::make(&parent.path().join("a/b")).unwrap();
        std::fs::write(parent.path().join("a/theirs"), "").unwrap();
        drop(dir);
        assert!(!parent.path().join("a/b").exists());
        assert!(parent.path().join("a/theirs").exists());
    }

    #[test]
    fn a_directory_that_holds_anything_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join(".hidden"), "").unwrap();
        assert!(matches!(OutputDir::make(parent.path()), Err(OutputDirError::NotEmpty(_))));
        let file = parent.path().join(".hidden");
        assert!(matches!(OutputDir::check(&file), Err(OutputDirError::NoDirectory(_))));
        assert!(matches!(
            OutputDir::check(&file.join("below")),
            Err(OutputDirError::NoDirectory(_))
        ));
    }
}
