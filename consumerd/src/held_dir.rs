//! Operations in a directory that is held by its descriptor, while others may change its content.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, Mode, OFlags, mkdirat, openat, statat};
use rustix::io::Errno;
use rustix::path::Arg;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use ust_core::shm::own_dir::FileId;

/// Makes a directory in it, mode 0755 less the umask, and opens that (`O_PATH`).
///
/// # Errors
/// The kernel's error.
pub fn make_below(dir: impl AsFd, name: impl Arg + Copy) -> Result<OwnedFd, Errno> {
    mkdirat(&dir, name, Mode::from(0o755))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(&dir, name, flags, Mode::empty())
}

/// Whether a name is still that of a certain file.
pub fn is_still(dir: impl AsFd, name: impl Arg, id: FileId) -> bool {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| FileId::of(&stat) == id)
}

/// Opens a directory for reading that was opened only as a place on the way (`O_PATH`).
///
/// # Errors
/// The kernel's error.
pub fn open_to_read(dir: impl AsFd) -> Result<OwnedFd, Errno> {
    openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// All names in a directory.
///
/// # Errors
/// The kernel's error.
pub fn names_in(dir: impl AsFd) -> Result<impl Iterator<Item = Result<CString, Errno>>, Errno> {
    let names = Dir::new(open_to_read(dir)?)?.map(|entry| Ok(entry?.file_name().to_owned()));
    Ok(names.filter(|name| !matches!(name.as_deref(), Ok(name) if name == c"." || name == c"..")))
}

/// A name as a path.
pub fn as_path(name: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(name.to_bytes()))
}
