//! The directory a trace goes to: looked at before anything is made, made at once, unmade on failure.
//!
//! ```text
//!   check   not there, or an empty directory?  may this user write there?     makes nothing
//!   make    mkdir, parents too                                                remembers what it made
//!     keep    it is a trace's now
//!     drop    rmdir what was made, innermost first: what followed has failed
//! ```
//!
//! An existing trace is never written over and two traces never mix: a directory that holds anything is
//! refused.

use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::advice::{Attempt, why};
use crate::cause::Cause;

/// Why a directory cannot take a trace.
#[derive(Debug, thiserror::Error)]
pub enum OutputDirError {
    /// Something is in it.
    #[error("output directory {0} is not empty: give another one, or remove what is in it")]
    NotEmpty(PathBuf),
    /// Something of that name, or of a parent's, is there and no directory.
    #[error("output {0} is no directory: give another name, or remove it")]
    NoDirectory(PathBuf),
    /// It can be neither written to nor made.
    #[error("output directory {0} cannot be written to: {why}", why = why(Attempt::Output, .1))]
    NotWritable(PathBuf, #[source] io::Error),
}

impl OutputDirError {
    /// The kind of failure, as an exit code has it.
    pub fn cause(&self) -> Cause {
        match self {
            OutputDirError::NotEmpty(_) => Cause::OutputNotEmpty,
            OutputDirError::NoDirectory(_) | OutputDirError::NotWritable(..) => {
                Cause::OutputNotWritable
            }
        }
    }
}

/// A directory that is ready for a trace. Dropped without [`keep`](Self::keep), it was never there.
#[derive(Debug)]
#[must_use = "dropping it removes the directory again"]
pub struct OutputDir {
    /// Directories that were not there before, outermost first.
    made: Vec<PathBuf>,
}

impl OutputDir {
    /// Whether `path` can take a trace. Makes nothing.
    ///
    /// # Errors
    /// It is not empty, no directory, or this user may not write there.
    pub fn check(path: &Path) -> Result<(), OutputDirError> {
        let not_writable = |error: io::Error| OutputDirError::NotWritable(path.to_owned(), error);
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                if std::fs::read_dir(path).map_err(not_writable)?.next().is_some() {
                    return Err(OutputDirError::NotEmpty(path.to_owned()));
                }
                may_write(path).map_err(not_writable)
            }
            Ok(_) => Err(OutputDirError::NoDirectory(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.ancestors().skip(1).find(|ancestor| ancestor.exists());
                may_write(parent.unwrap_or(Path::new("/"))).map_err(not_writable)
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(OutputDirError::NoDirectory(path.to_owned()))
            }
            Err(error) => Err(not_writable(error)),
        }
    }

    /// Checks `path`, which is absolute, and makes it, mode 0755 less the umask, if it is not there.
    ///
    /// # Errors
    /// As for [`check`](Self::check). Then nothing was made.
    pub fn make(path: &Path) -> Result<Self, OutputDirError> {
        Self::check(path)?;
        let mut missing: Vec<&Path> =
            path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
        missing.reverse();
        let mut dir = Self { made: Vec::new() };
        for missing_dir in missing {
            // Umask allowing: who may read the trace is the user's to say.
            let made = DirBuilder::new().mode(0o755).create(missing_dir);
            made.map_err(|error| OutputDirError::NotWritable(path.to_owned(), error))?;
            dir.made.push(missing_dir.to_owned());
        }
        Ok(dir)
    }

    /// The recording has come about: the directory stays, whatever is in it.
    pub fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for OutputDir {
    fn drop(&mut self) {
        // As far as they are empty: somebody else may have put something there meanwhile.
        let _ = self.made.iter().rev().try_for_each(std::fs::remove_dir);
    }
}

/// Whether this process may make files in a directory: by its effective user, and not on a read-only file
/// system, which mode bits alone do not tell.
fn may_write(dir: &Path) -> io::Result<()> {
    Ok(accessat(CWD, dir, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
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

        OutputDir::make(&inner).unwrap().keep();
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
