//! The directory for rings that are to outlive both sides (`--shm-path`): made, checked, and cleared away again.
//!
//! ```text
//!   make            mkdir 0700, or an empty directory that is this user's alone
//!   remove_process  a process has been drained to its end: nothing of it is wanted any more
//!   remove_all      the session is over; the directory goes too, if it is ours
//!   (neither)       both sides have died: `ust recover`
//! ```

use crate::advice::{Attempt, why};
use crate::cause::Cause;
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use ust_core::abi::{MAX_SHM_PATH_BYTES, ShmPath};

/// Why a directory cannot take rings.
#[derive(Debug, thiserror::Error)]
pub enum ShmDirError {
    /// Something is in it.
    #[error(
        "--shm-path {0} is not empty: if rings were left behind there, `ust recover {0}` reads them; give another \
         directory, or remove what is in it"
    )]
    NotEmpty(PathBuf),
    /// Somebody else could truncate the rings.
    #[error(
        "--shm-path {0} belongs to user {1}, or others may enter it (mode {2:03o}): give a directory of your own, \
         mode 700"
    )]
    NotOurs(PathBuf, u32, u32),
    /// The path does not fit where it has to.
    #[error(
        "--shm-path {0} is not UTF-8, or longer than {MAX_SHM_PATH_BYTES} bytes: give another one"
    )]
    Path(PathBuf),
    /// It cannot be made or looked at.
    #[error("--shm-path {0} cannot be used: {why}", why = why(Attempt::RingDir, .1))]
    Io(PathBuf, #[source] io::Error),
}

impl ShmDirError {
    /// The kind of failure, as an exit code has it.
    pub fn cause(&self) -> Cause {
        match self {
            ShmDirError::NotEmpty(_) => Cause::OutputNotEmpty,
            ShmDirError::NotOurs(..) | ShmDirError::Io(..) => Cause::OutputNotWritable,
            ShmDirError::Path(_) => Cause::Usage,
        }
    }
}

/// A directory that is ready for rings.
#[derive(Debug, Clone)]
pub struct ShmDir {
    /// Without symbolic links: the kernel is asked for the names of what stands in it.
    path: PathBuf,
    shm_path: ShmPath,
    is_made: bool,
}

impl ShmDir {
    /// Whether `path` can take rings, as far as can be told without making it.
    ///
    /// # Errors
    /// As for [`make`](Self::make).
    pub fn check(path: &Path) -> Result<(), ShmDirError> {
        match fs::metadata(path) {
            Ok(_) => Self::over(path, false).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fits(path).ok_or_else(|| ShmDirError::Path(path.to_owned())).map(drop)
            }
            Err(error) => Err(ShmDirError::Io(path.to_owned(), error)),
        }
    }

    /// Makes `path`, which is absolute, or takes it if it is empty and this user's alone.
    ///
    /// # Errors
    /// It is not, it cannot be made, or its name is too long.
    pub fn make(path: &Path) -> Result<Self, ShmDirError> {
        let failed = |error| ShmDirError::Io(path.to_owned(), error);
        Self::check(path)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let is_made = match DirBuilder::new().mode(0o700).create(path) {
            // Whatever the umask.
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)).is_ok(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failed(error)),
        };
        Self::over(path, is_made).inspect_err(|_| {
            if is_made {
                let _ = fs::remove_dir(path);
            }
        })
    }

    fn over(path: &Path, is_made: bool) -> Result<Self, ShmDirError> {
        let failed = |error| ShmDirError::Io(path.to_owned(), error);
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let mode = metadata.mode() & 0o777;
        if metadata.uid() != geteuid().as_raw() || mode & 0o077 != 0 {
            return Err(ShmDirError::NotOurs(path.to_owned(), metadata.uid(), mode));
        }
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(ShmDirError::NotEmpty(path.to_owned()));
        }
        let path = fs::canonicalize(path).map_err(failed)?;
        let shm_path = fits(&path).ok_or_else(|| ShmDirError::Path(path.clone()))?;
        let shm_path = shm_path.in_directory(Some((metadata.dev(), metadata.ino())));
        Ok(Self { path, shm_path, is_made })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same, as processes are told it.
    pub fn shm_path(&self) -> ShmPath {
        self.shm_path
    }

    /// Removes what a process has made here.
    pub fn remove_process(&self, process_uid: [u8; 16]) {
        let hex: String = process_uid.iter().map(|byte| format!("{byte:02x}")).collect();
        self.remove(|name| name.starts_with(&format!("ring-{hex}-")));
        // After them: rings without it would be unreadable, and look like a loss.
        let process_file = self.shm_path.process_file(process_uid);
        let _ = fs::remove_file(OsStr::from_bytes(process_file.as_bytes()));
    }

    /// Removes all that is ours, and the directory if that is.
    pub fn remove_all(&self) {
        self.remove(|name| {
            ["ring-", "process-"].iter().any(|prefix| name.starts_with(prefix))
                || ["session", "session.new"].contains(&name)
        });
        if self.is_made {
            let _ = fs::remove_dir(&self.path);
        }
    }

    fn remove(&self, is_wanted: impl Fn(&str) -> bool) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The path as processes are told it, if it can be.
fn fits(path: &Path) -> Option<ShmPath> {
    ShmPath::new(path.to_str()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_directory_that_others_may_enter_or_that_holds_anything_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/rings");
        let dir = ShmDir::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        ShmDir::check(&path).unwrap();

        fs::write(path.join("ring-x"), "").unwrap();
        assert!(matches!(ShmDir::make(&path), Err(ShmDirError::NotEmpty(_))));
        dir.remove_all();
        assert!(!path.exists());

        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ShmDir::make(&path), Err(ShmDirError::NotOurs(_, _, 0o755))));
        let long = parent.path().join("n".repeat(200));
        assert!(matches!(ShmDir::make(&long), Err(ShmDirError::Path(_))));
        assert!(!long.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("rings");
        let dir = ShmDir::make(&path).unwrap();
        let uid = [0x5a; 16];
        let hex = "5a".repeat(16);
        let names = [format!("process-{hex}"), format!("ring-{hex}-0-0-1"), "ring-other".into()];
        for name in names.iter().chain([&"theirs".to_owned()]) {
            fs::write(path.join(name), "").unwrap();
        }
        dir.remove_process(uid);
        assert!(!path.join(&names[0]).exists() && !path.join(&names[1]).exists());
        assert!(path.join(&names[2]).exists());
        dir.remove_all();
        assert!(!path.join(&names[2]).exists());
        assert!(path.join("theirs").exists());
    }
}
