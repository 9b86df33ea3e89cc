//! Where processes and the consumer meet: the runtime directory.
//!
//! ```text
//!   $UST_RUNTIME_DIR, else $XDG_RUNTIME_DIR/ust, else /tmp/ust-UID       mode 0700, owned by the user
//!     agent.sock     agents connect here, and threads hand ring files over
//!     control.sock   `ust` gives its commands here
//!     rules          what to record; a process reads it before main
//!     lock           held by the consumer
//!     wake           four bytes on which processes without a consumer wait
//! ```
//!
//! A socket's address has 108 bytes. If the directory's path leaves no room for the sockets' names, both sides refuse
//! it before they make anything in it: no consumer can be there, and no process looks for one.
//!
//! **The directory is opened once, and then used by its descriptor** ([`OwnDir`]). Neither it nor anything in it is
//! reached through a symbolic link. On the way to it, only links that nobody but root or this user can have laid are
//! followed ([`Walk`]). If others could exchange a directory on the way, they could still lead us to another directory
//! of this user's alone (`~/.ssh`, say). Then the directory must be empty, or contain only the names above.

use crate::shm::own_dir::{NotOwn, OwnDir, is_plain_and_own};
use crate::shm::walk::{Walk, WalkError};
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, Mode, OFlags, fstat, lstat, open, stat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The environment variable that names the runtime directory.
pub const RUNTIME_DIR_VARIABLE: &str = "UST_RUNTIME_DIR";

/// The environment variable of the user's own runtime directory, in which the runtime directory is if nothing names it.
pub const USER_DIR_VARIABLE: &str = "XDG_RUNTIME_DIR";

/// The socket on which agents connect.
pub const AGENT_SOCKET: &CStr = c"agent.sock";

/// The socket on which `ust` connects.
pub const CONTROL_SOCKET: &CStr = c"control.sock";

/// The file that says what to record.
pub const RULES: &CStr = c"rules";

/// The temporary name under which rules are written.
pub const RULES_NEW: &CStr = c"rules.new";

/// The file that the consumer locks.
pub const LOCK: &CStr = c"lock";

/// The file with the word on which processes wait.
pub const WAKE: &CStr = c"wake";

/// Prefix of the directories of single recordings. A number follows.
pub const RECORDING_PREFIX: &str = "record-";

/// The longest name of a socket in the directory, including the slash before it.
const LONGEST_SOCKET: &str = "/control.sock";

/// The longest path of a runtime directory, in bytes. An address ends with a zero byte.
pub const MAX_RUNTIME_DIR_BYTES: usize = 108 - 1 - LONGEST_SOCKET.len();

/// The runtime directory, and the paths in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeDir(PathBuf);

/// Why the runtime directory cannot be used.
#[derive(Debug)]
pub enum RuntimeDirError {
    /// It belongs to another user.
    Owner(PathBuf, u32),
    /// Others have rights on it.
    Mode(PathBuf, u32),
    /// It exists but is not a directory.
    NoDirectory(PathBuf),
    /// Its path is longer than that many bytes, and leaves no room for a socket's address.
    TooLong(PathBuf, usize),
    /// It is a symbolic link, owned by the user with this id.
    Link(PathBuf, u32),
    /// The way to it leads through a link that others laid or could lay.
    Way(PathBuf, WalkError),
    /// Others can exchange it, because they may write to the second directory, and it contains something of that name,
    /// which is not ours.
    Exposed(PathBuf, PathBuf, OsString),
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
                    "runtime directory {} has a path of {bytes} bytes, and a socket's address has room for {most}: \
                     set UST_RUNTIME_DIR to a shorter one",
                    path.display()
                )
            }
            RuntimeDirError::Link(path, uid) => write!(
                f,
                "runtime directory {} is a symbolic link (of user {uid}), which is not followed: remove it, or {advice}",
                path.display()
            ),
            RuntimeDirError::Way(path, error) => {
                write!(f, "runtime directory {}: {error}: {advice}", path.display())
            }
            RuntimeDirError::Exposed(path, parent, name) => write!(
                f,
                "runtime directory {} contains {}, which is not ours, and others can exchange the directory because \
                 they may write to {}: remove that permission (chmod go-w), or {advice}",
                path.display(),
                name.display(),
                parent.display()
            ),
            RuntimeDirError::Io(path, error) => {
                write!(f, "runtime directory {} cannot be made: {error}: {advice}", path.display())
            }
        }
    }
}

impl std::error::Error for RuntimeDirError {}

impl RuntimeDir {
    /// The directory that this process's environment names, as an absolute path. A relative name counts from the
    /// process's present working directory, wherever the process goes later. The directory need not exist.
    pub fn from_environment() -> Self {
        let Self(named) =
            Self::from_variables(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        // A working directory that was removed has no name. Then the path stays relative, and leads nowhere.
        Self(std::path::absolute(&named).unwrap_or(named))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(path) = variable(RUNTIME_DIR_VARIABLE) {
            return Self(path.into());
        }
        if let Some(path) = variable(USER_DIR_VARIABLE) {
            return Self(PathBuf::from(path).join("ust"));
        }
        Self(format!("/tmp/ust-{}", geteuid().as_raw()).into())
    }

    /// A directory that is named in another way.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Checks that the sockets in it have addresses, or those in a subdirectory whose name takes `more_bytes`.
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

    /// Makes the directory, with mode 0700, if it does not exist, and opens it. Checks that it is this user's alone.
    ///
    /// # Errors
    /// Its path is too long, it belongs to another user, others may enter it, a link leads to it, or it cannot be made.
    pub fn create(&self) -> Result<OwnDir, RuntimeDirError> {
        self.check_length(0)?;
        self.reach(|parent, name| OwnDir::make_at(parent, name))
    }

    /// Opens the directory. Checks that it is this user's alone.
    ///
    /// # Errors
    /// It does not exist, belongs to another user, others may enter it, or a link leads to it.
    pub fn open(&self) -> Result<OwnDir, RuntimeDirError> {
        self.reach(|parent, name| OwnDir::open_at(parent, name).map(|dir| (dir, false)))
    }

    /// Opens the rules for reading. This takes one descriptor, because a program may have no more, and does not walk
    /// the directories: another user cannot have put a file there that is this user's and has one name.
    pub fn open_rules(&self) -> Option<OwnedFd> {
        let dir = lstat(&self.0).ok()?;
        let is_own = FileType::from_raw_mode(dir.st_mode) == FileType::Directory
            && dir.st_uid == geteuid().as_raw()
            && dir.st_mode & 0o077 == 0;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = open(self.join(RULES), flags, Mode::empty()).ok().filter(|_| is_own)?;
        is_plain_and_own(&fstat(&file).ok()?).then_some(file)
    }

    fn reach(
        &self,
        open: impl FnOnce(&OwnedFd, &OsStr) -> Result<(OwnDir, bool), NotOwn>,
    ) -> Result<OwnDir, RuntimeDirError> {
        let failed = |errno: Errno| RuntimeDirError::Io(self.0.clone(), errno.into());
        // Without a last name the path ends with "..", or is the root: neither can be made.
        let name = self.0.file_name().ok_or_else(|| failed(Errno::INVAL))?;
        let way =
            Walk::along(self.0.parent().unwrap_or(Path::new(""))).map_err(|error| match error {
                WalkError::Kernel(_, errno) => failed(errno),
                WalkError::NoDirectory(_) => failed(Errno::NOTDIR),
                WalkError::Link(..) => RuntimeDirError::Way(self.0.clone(), error),
            })?;
        if !way.missing.is_empty() {
            return Err(failed(Errno::NOENT));
        }
        let (dir, is_made) = open(&way.dir, name).map_err(|refusal| match refusal {
            NotOwn::Link(owner) => RuntimeDirError::Link(self.0.clone(), owner),
            NotOwn::NoDirectory => RuntimeDirError::NoDirectory(self.0.clone()),
            NotOwn::Owner(owner) => RuntimeDirError::Owner(self.0.clone(), owner),
            NotOwn::Mode(mode) => RuntimeDirError::Mode(self.0.clone(), mode),
            NotOwn::Kernel(errno) => failed(errno),
        })?;
        if let Some(parent) = way.exposed.filter(|_| !is_made)
            && let Some(name) = stranger_in(&dir).map_err(failed)?
        {
            return Err(RuntimeDirError::Exposed(self.0.clone(), parent, name));
        }
        Ok(dir)
    }

    /// Device and inode of what has its path, or of what a link there leads to. Async-signal-safe.
    pub fn identity(&self) -> Option<(u64, u64)> {
        stat(&self.0).ok().map(|stat| (stat.st_dev, stat.st_ino))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where agents connect.
    pub fn agent_socket(&self) -> PathBuf {
        self.join(AGENT_SOCKET)
    }

    /// Where `ust` connects.
    pub fn control_socket(&self) -> PathBuf {
        self.join(CONTROL_SOCKET)
    }

    fn join(&self, name: &CStr) -> PathBuf {
        self.0.join(OsStr::from_bytes(name.to_bytes()))
    }
}

/// The name of something in a directory that is not ours, if there is any.
fn stranger_in(dir: &OwnDir) -> Result<Option<OsString>, Errno> {
    let ours = [AGENT_SOCKET, CONTROL_SOCKET, RULES, RULES_NEW, LOCK, WAKE, c".", c".."];
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours =
            ours.contains(&name) || name.to_bytes().starts_with(RECORDING_PREFIX.as_bytes());
        if !is_ours {
            return Ok(Some(OsStr::from_bytes(name.to_bytes()).to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
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

    #[test]
    fn a_link_in_its_place_is_refused_and_nothing_is_made_where_it_leads() {
        let parent = tempfile::tempdir().unwrap();
        let victim = RuntimeDir::at(parent.path().join("victim"));
        victim.create().unwrap();
        let link = parent.path().join("ust");
        symlink(victim.path(), &link).unwrap();
        let dir = RuntimeDir::at(&link);
        for refused in [dir.create(), dir.open()] {
            let error = refused.unwrap_err();
            assert!(matches!(error, RuntimeDirError::Link(..)), "{error}");
            assert!(error.to_string().contains(link.to_str().unwrap()), "{error}");
        }
        // On the way, links that nobody else can have laid are followed.
        symlink(parent.path(), parent.path().join("way")).unwrap();
        assert!(RuntimeDir::at(parent.path().join("way/victim")).open().is_ok());
        std::fs::create_dir(parent.path().join("open")).unwrap();
        symlink(parent.path(), parent.path().join("open/way")).unwrap();
        set_mode(&parent.path().join("open"), 0o1777);
        let error = RuntimeDir::at(parent.path().join("open/way/victim")).create().unwrap_err();
        assert!(matches!(error, RuntimeDirError::Way(..)), "{error}");
    }

    #[test]
    fn where_others_can_exchange_it_it_holds_nothing_that_is_not_ours() {
        let parent = tempfile::tempdir().unwrap();
        set_mode(parent.path(), 0o777);
        let dir = RuntimeDir::at(parent.path().join("ust"));
        dir.create().unwrap();
        for name in ["agent.sock", "rules", "wake", "lock", "record-7"] {
            std::fs::write(dir.path().join(name), "").unwrap();
            dir.create().unwrap();
        }
        std::fs::write(dir.path().join("authorized_keys"), "").unwrap();
        for refused in [dir.create(), dir.open()] {
            let error = refused.unwrap_err();
            assert!(matches!(error, RuntimeDirError::Exposed(..)), "{error}");
            assert!(error.to_string().contains("authorized_keys"), "{error}");
        }
        set_mode(parent.path(), 0o755);
        dir.create().unwrap();
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
}
