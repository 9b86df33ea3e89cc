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
//!
//! **The directory is opened once, and what is done in it is done by its descriptor** ([`OwnDir`]). Neither it nor
//! anything in it is reached through a symbolic link. On the way to it links are followed that only root or this user
//! can have laid ([`Walk`]). Where others could exchange a directory on the way, they could still lead here to some
//! other directory of this user's alone (`~/.ssh`, say): there it has to be empty, or hold nothing but what stands above.

use crate::shm::own_dir::{NotOwn, OwnDir, is_plain_and_own};
use crate::shm::walk::{Walk, WalkError};
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, Mode, OFlags, fstat, lstat, open};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The environment variable that names the runtime directory.
pub const RUNTIME_DIR_VARIABLE: &str = "UST_RUNTIME_DIR";

/// Where agents connect, in the directory.
pub const AGENT_SOCKET: &CStr = c"agent.sock";

/// Where `ust` connects.
pub const CONTROL_SOCKET: &CStr = c"control.sock";

/// What is to be recorded.
pub const RULES: &CStr = c"rules";

/// The name under which rules are written.
pub const RULES_NEW: &CStr = c"rules.new";

/// Held by the daemon.
pub const LOCK: &CStr = c"lock";

/// The word that waiting processes wait on.
pub const WAKE: &CStr = c"wake";

/// What the directories of single recordings are called, with a number behind it.
pub const RECORDING_PREFIX: &str = "record-";

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
    /// It is a symbolic link: of this user.
    Link(PathBuf, u32),
    /// The way to it leads through a link that others laid, or could lay.
    Way(PathBuf, WalkError),
    /// Others can exchange it in that directory, and it holds something of that name, which is none of ours.
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
                    "runtime directory {} has a path of {bytes} bytes, and may have {most} for sockets in it to \
                     have addresses: set UST_RUNTIME_DIR to a shorter one",
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
                "runtime directory {} holds {}, which is nothing of ours, and others can put another directory in its \
                 place in {}: take the right to write there from them (chmod go-w), or {advice}",
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
    /// The directory that this process's environment names, from the root: a relative name is meant from the directory in
    /// which the process is now, wherever it goes later. It need not exist.
    pub fn from_environment() -> Self {
        let Self(named) =
            Self::from_variables(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        // A working directory that is gone has no name: then it stays as it is, and leads nowhere.
        Self(std::path::absolute(&named).unwrap_or(named))
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

    /// Makes it, mode 0700, if it is not there, and opens it once it is certain that it is this user's alone.
    ///
    /// # Errors
    /// Its path is too long, it is somebody else's, others may enter it, a link leads to it, or it cannot be made.
    pub fn create(&self) -> Result<OwnDir, RuntimeDirError> {
        self.check_length(0)?;
        self.reach(|parent, name| OwnDir::make_at(parent, name))
    }

    /// Opens it once it is certain that it is this user's alone.
    ///
    /// # Errors
    /// It is not there, it is somebody else's, others may enter it, or a link leads to it.
    pub fn open(&self) -> Result<OwnDir, RuntimeDirError> {
        self.reach(|parent, name| OwnDir::open_at(parent, name).map(|dir| (dir, false)))
    }

    /// Opens the rules, to be read. It takes one descriptor, where a program may have no more, and no way through the
    /// directories: a file of this user's with one name is nothing that another user could have put there.
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
        // Without one it ends with "..", or is the root: nothing that could be made.
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

/// Something in a directory that is nothing of ours.
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
        // On the way there links are followed that nobody else can have laid.
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
