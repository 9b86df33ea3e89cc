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
//!
//! A socket's address has 108 bytes. A directory whose path leaves no room in it for the sockets' names is refused
//! by everybody alike, before anything is made in it: no daemon can be there, and nobody looks for one.

use rustix::fs::{FileType, Mode, mkdir, stat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The environment variable that names the runtime directory.
pub const RUNTIME_DIR_VARIABLE: &str = "UST_RUNTIME_DIR";

/// The longest name of a socket in the directory, with the slash before it.
const LONGEST_SOCKET: &str = "/control.sock";

/// The longest path of a runtime directory, in bytes: an address ends with a zero byte.
pub const MAX_RUNTIME_DIR_BYTES: usize = 108 - 1 - LONGEST_SOCKET.len();

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
    /// Its path is longer than so many bytes, and leaves no room for a socket's address.
    TooLong(PathBuf, usize),
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
            RuntimeDirError::TooLong(path, most) => {
                let bytes = path.as_os_str().len();
                write!(
                    f,
                    "runtime directory {} has a path of {bytes} bytes, and may have {most} for sockets in it to \
                     have addresses: set UST_RUNTIME_DIR to a shorter one",
                    path.display()
                )
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

    /// Checks that sockets in it, or in a directory in it that takes `more_bytes`, have addresses.
    ///
    /// # Errors
    /// Its path is too long.
    pub fn check_length(&self, more_bytes: usize) -> Result<(), RuntimeDirError> {
        let most = MAX_RUNTIME_DIR_BYTES.saturating_sub(more_bytes);
        match self.0.as_os_str().len() <= most {
            true => Ok(()),
            false => Err(RuntimeDirError::TooLong(self.0.clone(), most)),
        }
    }

    /// Makes it, mode 0700, if it is not there, and checks that it is this user's own.
    ///
    /// # Errors
    /// Its path is too long, it is somebody else's, others may enter it, or it cannot be made.
    pub fn create(&self) -> Result<(), RuntimeDirError> {
        self.check_length(0)?;
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
    use std::os::unix::net::SocketAddr;

    #[test]
    fn every_socket_of_the_longest_directory_has_an_address() {
        let of = |length: usize| RuntimeDir::at("/".repeat(length - 1) + "d");
        let longest = of(MAX_RUNTIME_DIR_BYTES);
        assert!(longest.check_length(0).is_ok());
        for socket in [longest.agent_socket(), longest.control_socket()] {
            assert!(SocketAddr::from_pathname(socket).is_ok());
        }
        let longer = of(MAX_RUNTIME_DIR_BYTES + 1);
        assert!(SocketAddr::from_pathname(longer.control_socket()).is_err(), "no byte is wasted");
        assert!(longer.check_length(0).is_err() && longer.create().is_err());
        assert!(of(MAX_RUNTIME_DIR_BYTES - 9).check_length(9).is_ok());
        assert!(of(MAX_RUNTIME_DIR_BYTES - 8).check_length(9).is_err());
    }

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
