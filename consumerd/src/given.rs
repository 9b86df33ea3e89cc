//! Files and directories that the user names: a log, a summary, a trace to be read. They may lie where others write (in
//! /tmp, for example). So the way to them is a walk that follows no link of another user's ([`Walk`]), and a file is
//! checked once it is open.
//!
//! ```text
//!   in a directory of this user's or root's alone    whatever is there: a file, a pipe, a device
//!   where others may write                           a file that is made now, or a plain one of this user's or root's
//!                                                    that has no other name
//! ```
//!
//! So nothing is written through another user's link, symbolic or hard, and another user's pipe is not waited for.

use crate::advice::{Attempt, why};
use crate::held_dir::{is_still, open_to_read};
use ctf::dir::Dir;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use ust_core::shm::own_dir::FileId;
use ust_core::shm::walk::file_place::FilePlace;
use ust_core::shm::walk::{Walk, WalkError};

/// Why a file or directory that the user has named is not used.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// A link on the way, or in the file's place, that others laid or could lay.
    #[error("{0}: give its own path, or remove the link")]
    Link(WalkError),
    /// Others may have put the file there.
    #[error(
        "it is not a plain file of this user's with this name only, and others, who may write to {0}, could have put \
         it there: remove it, or give a path in a directory of your own"
    )]
    Strange(PathBuf),
    /// The kernel's error.
    #[error("{why}", why = why(Attempt::File, .0))]
    Kernel(#[source] io::Error),
}

impl From<Errno> for GivenError {
    fn from(errno: Errno) -> Self {
        GivenError::Kernel(errno.into())
    }
}

impl From<WalkError> for GivenError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Link(..) => GivenError::Link(error),
            WalkError::NoDirectory(_) => Errno::NOTDIR.into(),
            WalkError::Kernel(_, errno) => errno.into(),
        }
    }
}

/// A file that is written to.
#[derive(Debug)]
pub struct GivenFile {
    /// The file, open.
    pub file: File,
    place: FilePlace,
    /// The file's identity, if it was not there before.
    made: Option<FileId>,
}

impl GivenFile {
    /// Opens it to be written to, with `flags`. If it does not exist, it is made with `mode` less the umask.
    ///
    /// # Errors
    /// See [`GivenError`].
    pub fn open(path: &Path, flags: OFlags, mode: Mode) -> Result<Self, GivenError> {
        let place = FilePlace::of(path)?;
        let flags = flags | OFlags::WRONLY | OFlags::CLOEXEC;
        let anew = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let (fd, is_made) = match openat(&place.dir, &place.name, anew, mode) {
            Err(Errno::EXIST) => (open_present(&place, flags)?, false),
            made => (made?, true),
        };
        let made = if is_made { Some(FileId::of(&fstat(&fd)?)) } else { None };
        Ok(Self { file: fd.into(), place, made })
    }

    /// Removes it again, if it did not exist before and still has its name.
    pub fn remove_if_made(&self) {
        let FilePlace { dir, name, .. } = &self.place;
        if self.made.is_some_and(|id| is_still(dir, name, id)) {
            // It is empty and ours, so a file that stays does no harm.
            let _ = unlinkat(dir, name, AtFlags::empty());
        }
    }
}

fn open_present(place: &FilePlace, flags: OFlags) -> Result<OwnedFd, GivenError> {
    let FilePlace { dir, name, shared, is_in_proc } = place;
    let Some(shared) = shared else {
        let follow = if *is_in_proc { OFlags::empty() } else { OFlags::NOFOLLOW };
        return Ok(openat(dir, name, flags | follow, Mode::empty())?);
    };
    let strange = || GivenError::Strange(shared.clone());
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let fd = match openat(dir, name, flags, Mode::empty()) {
        // A link that was put there a moment ago, or a pipe or socket without a reader.
        Err(Errno::LOOP | Errno::NXIO) => return Err(strange()),
        // What kind of file it is says more than that it cannot be opened.
        Err(errno @ Errno::ACCESS) => {
            let is_plain = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| is_nobody_elses(&stat));
            return Err(if is_plain { errno.into() } else { strange() });
        }
        opened => opened?,
    };
    if is_nobody_elses(&fstat(&fd)?) { Ok(fd) } else { Err(strange()) }
}

/// Whether it is a plain file with one name that no other user has made or linked to.
fn is_nobody_elses(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && (stat.st_uid == geteuid().as_raw() || stat.st_uid == 0)
        && stat.st_nlink == 1
}

/// Opens a directory whose content is to be read.
///
/// # Errors
/// See [`GivenError`].
pub fn open_dir(path: &Path) -> Result<Dir, GivenError> {
    let Walk { dir, missing, .. } = Walk::along(path)?;
    if !missing.is_empty() {
        return Err(Errno::NOENT.into());
    }
    Ok(open_to_read(&dir)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, mkfifoat};
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn open(path: &Path) -> Result<GivenFile, GivenError> {
        GivenFile::open(path, OFlags::APPEND, Mode::from(0o600))
    }

    #[test]
    fn a_file_is_made_or_taken_if_nobody_else_could_have_put_it_there() {
        let place = tempfile::tempdir().unwrap();
        let [dir, victim] = ["dir", "victim"].map(|name| place.path().join(name));
        fs::create_dir(&dir).unwrap();
        fs::write(&victim, "secret").unwrap();
        let file = dir.join("file");
        for mode in [0o755, 0o1777, 0o777] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            open(&file).unwrap().remove_if_made();
            assert!(!file.exists(), "{mode:o}");
            open(&file).unwrap().file.write_all(b"first").unwrap();
            let again = open(&file).unwrap();
            (&again.file).write_all(b"second").unwrap();
            again.remove_if_made();
            assert_eq!(fs::read(&file).unwrap(), b"firstsecond");
            fs::remove_file(&file).unwrap();

            let is_shared = mode != 0o755;
            fs::hard_link(&victim, &file).unwrap();
            let refused = open(&file).err();
            assert_eq!(matches!(refused, Some(GivenError::Strange(_))), is_shared, "{mode:o}");
            fs::remove_file(&file).unwrap();
            symlink(&victim, &file).unwrap();
            let refused = open(&file).err();
            assert_eq!(matches!(refused, Some(GivenError::Link(_))), is_shared, "{mode:o}");
            fs::remove_file(&file).unwrap();
        }
        mkfifoat(CWD, &file, Mode::from(0o600)).unwrap();
        // The pipe has no reader: an open that waits for one would wait for ever.
        assert!(matches!(open(&file), Err(GivenError::Strange(_))));
        let _reader = fs::OpenOptions::new().read(true).write(true).open(&file).unwrap();
        assert!(matches!(open(&file), Err(GivenError::Strange(_))));
        assert_eq!(fs::read(&victim).unwrap(), b"secret");
    }

    #[test]
    fn what_was_made_is_not_removed_once_something_else_has_its_name() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        let made = open(&file).unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, "theirs").unwrap();
        made.remove_if_made();
        assert!(file.exists());
    }
}
