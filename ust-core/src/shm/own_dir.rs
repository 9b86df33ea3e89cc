//! A directory of this user's alone, opened once and then used by its descriptor.
//!
//! ```text
//!   open_at     O_DIRECTORY | O_NOFOLLOW, then fstat: owner = effective user, mode & 077 == 0
//!   files       openat O_NOFOLLOW, then fstat: a regular file of this user's, with one name
//!   replace     a temporary file made with O_EXCL, renamed over the name
//!   remove_own  unlinks a name only while it is that of the very file that was made
//! ```
//!
//! Whatever happens to the path meanwhile, and whatever links another user plants on the way, descriptors lead to the
//! directory that was checked. No other user can plant anything in it. Files that are there nevertheless (from a time
//! when its mode was another, say) are checked before anything is written to them.

use core::ffi::CStr;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, chmod, fchmod, fstat, ftruncate, lstat, mkdirat, openat,
    renameat, stat, statat, unlinkat,
};
use rustix::io::{self, Errno};
use rustix::path::Arg;
use rustix::process::geteuid;
use std::fmt;
use std::path::Path;

/// Identity of a file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The identity in the result of `stat`.
    #[allow(clippy::useless_conversion, reason = "the words have other types elsewhere")]
    pub fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev.into(), inode: stat.st_ino.into() }
    }
}

impl From<(u64, u64)> for FileId {
    /// From a device's and an inode's number.
    fn from((device, inode): (u64, u64)) -> Self {
        Self { device, inode }
    }
}

/// See the module page.
#[derive(Debug)]
pub struct OwnDir {
    fd: OwnedFd,
    id: FileId,
}

/// Why something is not a directory of this user's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOwn {
    /// It is a symbolic link, owned by the user with this id.
    Link(u32),
    /// It is not a directory.
    NoDirectory,
    /// It belongs to the user with this id.
    Owner(u32),
    /// Others have rights on it: its mode.
    Mode(u32),
    /// The kernel's error.
    Kernel(Errno),
}

/// Why a file in such a directory is neither written nor read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileError {
    /// It is a link, is not a regular file, belongs to another user, or has other names as well.
    Strange,
    /// The kernel's error.
    Kernel(Errno),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Strange => f.write_str(
                "it is a link, or not a plain file of this user's with this name only: remove it",
            ),
            FileError::Kernel(errno) => write!(f, "{}", std::io::Error::from(*errno)),
        }
    }
}

impl std::error::Error for FileError {}

impl From<Errno> for FileError {
    fn from(errno: Errno) -> Self {
        FileError::Kernel(errno)
    }
}

impl From<FileError> for std::io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Strange => std::io::Error::other(error),
            FileError::Kernel(errno) => errno.into(),
        }
    }
}

impl OwnDir {
    /// Opens `name` in `parent`. Async-signal-safe, as long as the name is shorter than 256 bytes.
    ///
    /// # Errors
    /// It is not this user's alone.
    pub fn open_at(parent: impl AsFd, name: impl Arg) -> Result<Self, NotOwn> {
        name.into_with_c_str(|name| Ok(Self::open_name(parent.as_fd(), name)))
            .unwrap_or_else(|errno| Err(NotOwn::Kernel(errno)))
    }

    fn open_name(parent: BorrowedFd<'_>, name: &CStr) -> Result<Self, NotOwn> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match openat(parent, name, flags, Mode::empty()) {
            Err(errno @ (Errno::LOOP | Errno::NOTDIR | Errno::ACCESS)) => {
                // The kind of file says more than the kernel's reason.
                let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_err(|_| NotOwn::Kernel(errno))?;
                check(&stat)?;
                return Err(NotOwn::Kernel(errno));
            }
            opened => opened.map_err(NotOwn::Kernel)?,
        };
        let stat = fstat(&fd).map_err(NotOwn::Kernel)?;
        check(&stat)?;
        Ok(Self { fd, id: FileId::of(&stat) })
    }

    /// Opens `name` in `parent`, and makes it if it does not exist, with mode 0700 whatever the umask. Returns whether
    /// it has made it.
    ///
    /// # Errors
    /// It is not this user's alone, or cannot be made.
    pub fn make_at(parent: impl AsFd, name: impl Arg) -> Result<(Self, bool), NotOwn> {
        name.into_with_c_str(|name| Ok(Self::make_name(parent.as_fd(), name)))
            .unwrap_or_else(|errno| Err(NotOwn::Kernel(errno)))
    }

    fn make_name(parent: BorrowedFd<'_>, name: &CStr) -> Result<(Self, bool), NotOwn> {
        let is_made = match mkdirat(parent, name, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            // A read-only file system reports this before it checks whether the name exists.
            Err(errno @ Errno::ROFS) => {
                return Self::open_name(parent, name)
                    .map(|dir| (dir, false))
                    .map_err(|_| NotOwn::Kernel(errno));
            }
            Err(errno) => return Err(NotOwn::Kernel(errno)),
        };
        if is_made {
            give_owner_access(parent, name).map_err(NotOwn::Kernel)?;
        }
        let dir = Self::open_name(parent, name)?;
        if is_made {
            fchmod(&dir.fd, Mode::RWXU).map_err(NotOwn::Kernel)?;
        }
        Ok((dir, is_made))
    }

    /// The directory's identity.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Whether this very directory is at a path. A link to it does not count.
    pub fn is_at(&self, path: &Path) -> bool {
        lstat(path).is_ok_and(|stat| FileId::of(&stat) == self.id)
    }

    /// Whether a path leads to it, possibly through a link.
    pub fn is_reached_by(&self, path: &Path) -> bool {
        stat(path).is_ok_and(|stat| FileId::of(&stat) == self.id)
    }

    /// Opens a file in it. `flags` say for what, and whether to create it (with mode 0600 whatever the umask).
    ///
    /// # Errors
    /// It does not exist, is not ours, or the kernel's error.
    pub fn open_file(&self, name: &CStr, flags: OFlags) -> Result<OwnedFd, FileError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let owner = Mode::RUSR | Mode::WUSR;
        let fd = match openat(&self.fd, name, flags, owner) {
            // It is a link, a directory or a socket.
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(FileError::Strange),
            opened => opened?,
        };
        let stat = fstat(&fd)?;
        if !is_plain_and_own(&stat) {
            return Err(FileError::Strange);
        }
        if flags.contains(OFlags::CREATE) && stat.st_mode & 0o700 != 0o600 {
            fchmod(&fd, owner)?;
        }
        Ok(fd)
    }

    /// Replaces `name` by a file with these bytes, whole, by way of the name `temporary`. Returns the new file's
    /// identity.
    ///
    /// # Errors
    /// The kernel's error. Then the name still has its old file.
    pub fn replace(
        &self,
        name: &CStr,
        temporary: &CStr,
        bytes: &[u8],
    ) -> Result<FileId, FileError> {
        // A killed writer or anybody else may have left it: remove it, never open it.
        self.remove(temporary);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let fd = self.open_file(temporary, flags)?;
        let written =
            write_all(&fd, bytes).and_then(|()| renameat(&self.fd, temporary, &self.fd, name));
        written.inspect_err(|_| self.remove(temporary))?;
        Ok(FileId::of(&fstat(&fd)?))
    }

    /// The identity of the file that has a name in it. Does not follow a link.
    pub fn id_of(&self, name: &CStr) -> Option<FileId> {
        let stat = statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileId::of(&stat))
    }

    /// Removes a name in it, whatever file has it. Async-signal-safe.
    pub fn remove(&self, name: &CStr) {
        // If it is gone already, nothing needs removing.
        let _ = unlinkat(&self.fd, name, AtFlags::empty());
    }

    /// Removes a name in it if it still is that file's. A successor's file stays.
    pub fn remove_own(&self, name: &CStr, id: FileId) {
        if self.id_of(name) == Some(id) {
            self.remove(name);
        }
    }
}

impl AsFd for OwnDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Whether `stat` found a regular file of this user's with one name: it is no other file's hard link.
pub fn is_plain_and_own(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && stat.st_uid == geteuid().as_raw()
        && stat.st_nlink == 1
}

/// Gives the owner access to a directory that was made under a umask which denied even that. Opens it with `O_PATH`
/// first, to be sure which directory it is, and changes it by way of that descriptor, because `fchmod` needs one that
/// is really open.
fn give_owner_access(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(parent, name, flags, Mode::empty())?;
    let stat = fstat(&fd)?;
    if stat.st_mode & 0o700 == 0o700 || stat.st_uid != geteuid().as_raw() {
        return Ok(());
    }
    chmod(format!("/proc/self/fd/{}", fd.as_raw_fd()), Mode::RWXU)
}

/// Whether `stat` found a directory of this user's alone.
fn check(stat: &Stat) -> Result<(), NotOwn> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => Err(NotOwn::Link(stat.st_uid)),
        FileType::Directory if stat.st_uid != geteuid().as_raw() => Err(NotOwn::Owner(stat.st_uid)),
        FileType::Directory if stat.st_mode & 0o077 != 0 => Err(NotOwn::Mode(stat.st_mode & 0o777)),
        FileType::Directory => Ok(()),
        _ => Err(NotOwn::NoDirectory),
    }
}

fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    ftruncate(fd, 0)?;
    while !bytes.is_empty() {
        match io::write(fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::CWD;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    fn own(place: &Path, name: &str) -> OwnDir {
        OwnDir::make_at(CWD, place.join(name).as_path()).unwrap().0
    }

    #[test]
    fn what_is_not_this_users_alone_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("dir");
        let open = |name: &str| OwnDir::open_at(CWD, place.path().join(name).as_path()).err();
        assert!(OwnDir::make_at(CWD, path.as_path()).unwrap().1);
        assert!(!OwnDir::make_at(CWD, path.as_path()).unwrap().1);
        assert_eq!(open("dir"), None);
        symlink(&path, place.path().join("link")).unwrap();
        symlink("nowhere", place.path().join("dangling")).unwrap();
        for link in ["link", "dangling"] {
            assert_eq!(open(link), Some(NotOwn::Link(geteuid().as_raw())));
            let made = OwnDir::make_at(CWD, place.path().join(link).as_path());
            assert_eq!(made.err(), Some(NotOwn::Link(geteuid().as_raw())));
        }
        fs::write(place.path().join("file"), "").unwrap();
        assert_eq!(open("file"), Some(NotOwn::NoDirectory));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o710)).unwrap();
        assert_eq!(open("dir"), Some(NotOwn::Mode(0o710)));
        assert_eq!(open("absent"), Some(NotOwn::Kernel(Errno::NOENT)));
    }

    /// A link is planted, and the file that it leads to must not be written to.
    #[test]
    fn nothing_is_written_through_a_link_of_either_kind() {
        let place = tempfile::tempdir().unwrap();
        let victim = place.path().join("victim");
        let dir = own(place.path(), "dir");
        let path = place.path().join("dir/name");
        let plant: [&dyn Fn(); 2] =
            [&|| symlink(&victim, &path).unwrap(), &|| fs::hard_link(&victim, &path).unwrap()];
        for plant in plant {
            fs::write(&victim, "secret").unwrap();
            plant();
            let flags = OFlags::RDWR | OFlags::CREATE;
            assert_eq!(dir.open_file(c"name", flags).err(), Some(FileError::Strange));
            // The link as the name to be replaced, and as the temporary name.
            dir.replace(c"name", c"new", b"rules").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"rules");
            fs::remove_file(&path).unwrap();
            plant();
            dir.replace(c"other", c"name", b"rules").unwrap();
            assert_eq!(fs::read(place.path().join("dir/other")).unwrap(), b"rules");
            assert_eq!(fs::read(&victim).unwrap(), b"secret");
        }
        let _socket = UnixListener::bind(&path).unwrap();
        let opened = dir.open_file(c"name", OFlags::RDWR | OFlags::CREATE);
        assert_eq!(opened.err(), Some(FileError::Strange));
    }

    #[test]
    fn the_directory_that_was_opened_is_meant_whatever_its_path_leads_to_now() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("dir");
        let dir = own(place.path(), "dir");
        assert!(dir.is_at(&path));
        fs::rename(&path, place.path().join("moved")).unwrap();
        let other = own(place.path(), "dir");
        assert!(!dir.is_at(&path) && other.is_at(&path));
        let id = dir.replace(c"name", c"new", b"").unwrap();
        assert!(place.path().join("moved/name").exists() && !path.join("name").exists());

        // A successor's file of the same name stays.
        let theirs = other.replace(c"name", c"new", b"").unwrap();
        other.remove_own(c"name", id);
        assert_eq!(other.id_of(c"name"), Some(theirs));
        dir.remove_own(c"name", id);
        assert_eq!(dir.id_of(c"name"), None);
    }
}
