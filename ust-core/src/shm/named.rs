//! Files with a name, in place of memfds: their contents outlive every process that maps them.
//!
//! These files cannot be sealed. Any process that may write to them can truncate them while they are mapped. Only the
//! user who asked for them can do so: the directory is closed to others, and so is each file.
//!
//! ```text
//!   open_directory   opens the path once, then uses the descriptor: this user's alone, and the very directory that the
//!                    consumer means, wherever the path leads (a link on the way, chroot, another mount namespace)
//!   create, remove   in that directory, whatever has its path by now
//! ```

use super::memfd::set_size;
use super::out_of_the_way::clear_of_standard;
use super::own_dir::{FileError, FileId, NotOwn, OwnDir};
use crate::abi::ShmPath;
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, OFlags, stat};
use rustix::io::{self, Errno};

/// Opens the directory, and checks that it is the one that the consumer means, as far as its identity is known.
/// Async-signal-safe.
///
/// # Errors
/// `STALE`: it is another directory, after chroot or in another mount namespace, or a link. `ACCESS`: it is not this
/// user's alone. Or the kernel's error.
pub fn open_directory(dir: ShmPath) -> io::Result<OwnDir> {
    let own = OwnDir::open_at(CWD, dir.own().as_c_str()).map_err(|refusal| match refusal {
        NotOwn::Link(_) | NotOwn::NoDirectory => Errno::STALE,
        // Which reason to report: another directory need not belong to this user.
        NotOwn::Owner(_) | NotOwn::Mode(_) if is_another(dir) => Errno::STALE,
        NotOwn::Owner(_) | NotOwn::Mode(_) => Errno::ACCESS,
        NotOwn::Kernel(errno) => errno,
    })?;
    match dir.directory {
        Some(meant) if own.id() != FileId::from(meant) => Err(Errno::STALE),
        _ => Ok(own),
    }
}

/// Whether the path leads to another directory than the consumer means, as far as its identity is known.
fn is_another(dir: ShmPath) -> bool {
    let found = stat(dir.own().as_c_str()).map(|stat| (stat.st_dev, stat.st_ino));
    dir.directory.is_some_and(|meant| found.is_ok_and(|found| found != meant))
}

/// Creates a sparse file of `size_bytes` that only this user can read, closed on exec. Async-signal-safe.
///
/// # Errors
/// The name exists, or the kernel's error. Then no file is left behind.
pub fn create(dir: &OwnDir, name: &CStr, size_bytes: usize) -> io::Result<OwnedFd> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR;
    let fd = dir.open_file(name, flags).map_err(|error| match error {
        FileError::Strange => Errno::EXIST,
        FileError::Kernel(errno) => errno,
    })?;
    let sized = clear_of_standard(fd).and_then(|fd| set_size(&fd, size_bytes).map(|()| fd));
    sized.inspect_err(|_| dir.remove(name))
}

/// Removes an unwanted file of ours, if its directory still is where it was. Async-signal-safe.
pub fn remove(dir: ShmPath, name: &CStr) {
    // If it is gone already, nothing needs removing.
    if let Ok(dir) = open_directory(dir) {
        dir.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::stat;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    /// The directory as a consumer names it.
    fn told(path: &Path) -> ShmPath {
        let stat = stat(path).unwrap();
        let told = ShmPath::new(path.to_str().unwrap().as_bytes()).unwrap();
        told.in_directory(Some((stat.st_dev, stat.st_ino)))
    }

    fn make(path: &Path, mode: u32) {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn names_in(path: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    /// Between the check of the directory and the creation of a file in it, a link takes the directory's path.
    #[test]
    fn a_file_is_made_and_removed_in_the_directory_that_was_looked_at() {
        let place = tempfile::tempdir().unwrap();
        let [path, moved, victim] =
            ["rings", "moved", "victim"].map(|name| place.path().join(name));
        make(&path, 0o700);
        make(&victim, 0o700);
        let shm_path = told(&path);
        let dir = open_directory(shm_path).unwrap();
        fs::rename(&path, &moved).unwrap();
        symlink(&victim, &path).unwrap();
        fs::write(victim.join("ring"), "").unwrap();
        create(&dir, c"ring", 4096).unwrap();
        assert_eq!(names_in(&moved), ["ring"]);
        assert_eq!(create(&dir, c"ring", 4096).err(), Some(Errno::EXIST));
        remove(shm_path, c"ring");
        dir.remove(c"ring");
        assert!(names_in(&moved).is_empty());
        assert_eq!(fs::metadata(victim.join("ring")).unwrap().len(), 0);
    }

    #[test]
    fn a_directory_that_is_another_or_not_this_users_alone_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let [path, other] = ["rings", "other"].map(|name| place.path().join(name));
        make(&path, 0o700);
        make(&other, 0o700);
        let shm_path = told(&path);
        let refusal = || open_directory(shm_path).err();
        assert_eq!(refusal(), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(refusal(), Some(Errno::ACCESS));
        fs::rename(&path, place.path().join("moved")).unwrap();
        assert_eq!(refusal(), Some(Errno::NOENT));
        symlink(&other, &path).unwrap();
        assert_eq!(refusal(), Some(Errno::STALE));
        fs::remove_file(&path).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(refusal(), Some(Errno::STALE));
    }
}
