//! Where processes and the daemon meet: the runtime directory.
//!
//! ```text
//!   $UST_RUNTIME_DIR, else $XDG_RUNTIME_DIR/ust, else /tmp/ust-UID       mode 0700, owned by the user
//!     agent.sock     where agents connect and ring files are handed over
//!     control.sock   where `ust` gives its commands
//!     rules          what is to be recorded: read before main
//!     lock           held by the daemon
//!     wake           four bytes: processes without a daemon wait on them
//! ```

use rustix::fs::{FileType, Mode, mkdir, stat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The environment variable that names the runtime directory.
pub const RUNTIME_DIR_VARIABLE: &str = "UST_RUNTIME_DIR";

/// The runtime directory and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeDir(PathBuf);

/// Why the runtime directory cannot be used.
#[derive(Debug)]
pub enum RuntimeDirError {
    /// It belongs to another user.
    Owner(PathBuf, u32),
    /// Others may write to it.
    Mode(PathBuf, u32),
    /// It is there but no directory.
    NoDirectory(PathBuf),
    /// It can be neither found nor made.
    Io(PathBuf, io::Error),
}

impl fmt::Display for RuntimeDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = "set UST_RUNTIME_DIR to a directory of your own";
        match self {
            RuntimeDirError::Owner(path, uid) => {
                write!(f, "runtime directory {} belongs to user {uid}: {advice}", path.display())
            }
            RuntimeDirError::Mode(path, mode) => {
                write!(
                    f,
                    "runtime directory {} has mode {mode:03o}, so others may enter it: chmod 700 it, or {advice}",
                    path.display()
                )
            }
            RuntimeDirError::NoDirectory(path) => {
                write!(f, "{} is no directory: remove it, or {advice}", path.display())
            }
            RuntimeDirError::Io(path, error) => {
                write!(f, "runtime directory {} cannot be made: {error}: {advice}", path.display())
            }
        }
    }
}

impl std::error::Error for RuntimeDirError {}

impl RuntimeDir {
    /// The directory that this process's environment names. It need not exist.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(path) = variable(RUNTIME_DIR_VARIABLE) {
            return Self(path.into());
        }
        if let Some(path) = variable("XDG_RUNTIME_DIR") {
            return Self(PathBuf::from(path).join("ust"));
        }
        Self(format!("/tmp/ust-{}", geteuid().as_raw()).into())
    }

    /// A directory that is named otherwise.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes it, mode 0700, if it is not there, and checks that it is this user's own.
    ///
    /// # Errors
    /// It is somebody else's, others may enter it, or it cannot be made.
    pub fn create(&self) -> Result<(), RuntimeDirError> {
        let failed = |errno: Errno| RuntimeDirError::Io(self.0.clone(), errno.into());
        match mkdir(&self.0, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => self.check(),
            Err(errno) => Err(failed(errno)),
        }
    }

    /// Checks that it is there and this user's own.
    ///
    /// # Errors
    /// It is not there, it is somebody else's, or others may enter it.
    pub fn check(&self) -> Result<(), RuntimeDirError> {
        let failed = |errno: Errno| RuntimeDirError::Io(self.0.clone(), errno.into());
        let stat = stat(&self.0).map_err(failed)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            return Err(RuntimeDirError::NoDirectory(self.0.clone()));
        }
        if stat.st_uid != geteuid().as_raw() {
            return Err(RuntimeDirError::Owner(self.0.clone(), stat.st_uid));
        }
        if stat.st_mode & 0o077 != 0 {
            return Err(RuntimeDirError::Mode(self.0.clone(), stat.st_mode & 0o777));
        }
        Ok(())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where agents connect.
    pub fn agent_socket(&self) -> PathBuf {
        self.0.join("agent.sock")
    }

    /// Where `ust` connects.
    pub fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The rules file.
    pub fn rules(&self) -> PathBuf {
        self.0.join("rules")
    }

    /// The word that waiting processes wait on.
    pub fn wake(&self) -> PathBuf {
        self.0.join("wake")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_environment_is_asked_in_order() {
        let with = |set: &'static [(&str, &str)]| {
            RuntimeDir::from_variables(move |name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            })
        };
        assert_eq!(
            with(&[("UST_RUNTIME_DIR", "/a"), ("XDG_RUNTIME_DIR", "/b")]).path(),
            Path::new("/a")
        );
        assert_eq!(with(&[("XDG_RUNTIME_DIR", "/b")]).path(), Path::new("/b/ust"));
        let uid = geteuid().as_raw();
        assert_eq!(with(&[]).path(), Path::new(&format!("/tmp/ust-{uid}")));
    }

    #[test]
    fn a_directory_that_others_may_enter_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::at(parent.path().join("ust"));
        dir.create().unwrap();
        dir.create().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(dir.create(), Err(RuntimeDirError::Mode(_, 0o755))));
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(RuntimeDir::at(file).create(), Err(RuntimeDirError::NoDirectory(_))));
    }
}
