//! An open directory: files in it are made by way of its descriptor, and no link in it is followed.
//!
//! A path may lead elsewhere a moment later, if others may write to a directory on the way. A trace is written into the
//! directory that was opened, whatever happens to its path.
//!
//! Deeper directories are reached from an open directory step by step ([`Tree`]), also through no link.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::path::Arg;

/// See the module page.
#[derive(Debug)]
pub struct Dir(OwnedFd);

const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Dir {
    /// Opens the directory to which a path leads.
    pub fn open(path: &Path) -> io::Result<Dir> {
        Ok(Dir(openat(CWD, path, FLAGS, Mode::empty())?))
    }

    /// Opens a directory in it; not through a link.
    pub fn below(&self, name: impl Arg + Copy) -> io::Result<Dir> {
        Ok(Dir(openat(&self.0, name, FLAGS | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Makes a directory in it, with all permissions less the umask, and opens it.
    pub fn make(&self, name: impl Arg + Copy) -> io::Result<Dir> {
        mkdirat(&self.0, name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?;
        self.below(name)
    }

    /// The same, or opens the directory if it exists.
    pub(crate) fn make_or_open(&self, name: impl Arg + Copy) -> io::Result<Dir> {
        match self.make(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.below(name),
            made => made,
        }
    }

    /// Removes an empty directory in it.
    pub fn remove_dir(&self, name: impl Arg + Copy) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Opens a plain file in it for reading. Does not wait if it is a pipe.
    ///
    /// # Errors
    /// It is a link, it is no plain file, or the kernel's error.
    pub fn open_plain(&self, name: impl Arg + Copy) -> io::Result<File> {
        let file = match self.file(name, OFlags::RDONLY | OFlags::NONBLOCK) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(io::Error::other(
                    "a symbolic link, which is not followed: put what it leads to in its place",
                ));
            }
            opened => opened?,
        };
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("no plain file: remove it")),
        }
    }

    /// Creates a file in it for writing, which must not exist yet.
    pub(crate) fn create_file(&self, name: impl Arg + Copy) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.file(name, flags)
    }

    /// Opens a file in it.
    pub(crate) fn open_file(&self, name: impl Arg + Copy, flags: OFlags) -> io::Result<File> {
        self.file(name, flags)
    }

    fn file(&self, name: impl Arg + Copy, flags: OFlags) -> io::Result<File> {
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, mode)?.into())
    }

    pub(crate) fn has(&self, name: impl Arg + Copy) -> io::Result<bool> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(crate) fn remove_file(&self, name: impl Arg + Copy) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Whether it has been removed.
    pub fn is_removed(&self) -> io::Result<bool> {
        Ok(fstat(&self.0)?.st_nlink == 0)
    }
}

impl From<OwnedFd> for Dir {
    fn from(fd: OwnedFd) -> Dir {
        Dir(fd)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// An open directory with everything below it, and the path under which it is shown.
///
/// Only the directory itself stays open, because there may be more below it than a process may have open. A clone is
/// the same directory.
#[derive(Debug, Clone)]
pub struct Tree {
    dir: Arc<Dir>,
    path: PathBuf,
}

impl Tree {
    /// Opens the directory to which a path leads.
    pub fn open(path: &Path) -> io::Result<Tree> {
        Ok(Tree::new(Dir::open(path)?, path.to_owned()))
    }

    /// An open directory that is shown as `path`.
    pub fn new(dir: Dir, path: PathBuf) -> Tree {
        Tree { dir: Arc::new(dir), path }
    }

    /// The directory itself.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The path under which it is shown.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory in it that is shown as `path`.
    pub(crate) fn below(&self, path: &Path) -> io::Result<Dir> {
        self.step_to(path, |dir, name| dir.below(name))
    }

    /// The same, made if it does not exist, with the directories on the way.
    pub(crate) fn make_below(&self, path: &Path) -> io::Result<Dir> {
        self.step_to(path, |dir, name| dir.make_or_open(name))
    }

    fn step_to(
        &self,
        path: &Path,
        step: impl Fn(&Dir, &Path) -> io::Result<Dir>,
    ) -> io::Result<Dir> {
        let below = path.strip_prefix(&self.path).map_err(io::Error::other)?;
        let mut dir = self.dir.below(".")?;
        for component in below.components() {
            match component {
                Component::Normal(name) => dir = step(&dir, Path::new(name))?,
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        Ok(dir)
    }

    /// Opens for reading the plain file in it that is shown as `path`.
    pub(crate) fn open_plain(&self, path: &Path) -> io::Result<File> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        match parent == self.path {
            true => self.dir.open_plain(name),
            false => self.below(parent)?.open_plain(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::metadata_file::MetadataWriter;
    use crate::write::packet::StreamIdentity;
    use crate::write::stream_file::StreamWriter;
    use std::os::unix::fs::symlink;

    /// First the trace's directory is exchanged while it is written, then what is in it.
    #[test]
    fn a_trace_is_written_where_it_was_begun_and_through_no_link() {
        let place = tempfile::tempdir().unwrap();
        let (path, victim) = (place.path().join("trace"), place.path().join("victim"));
        std::fs::create_dir(&path).unwrap();
        std::fs::create_dir(&victim).unwrap();
        std::fs::write(victim.join("metadata"), "secret").unwrap();
        let dir = Dir::open(&path).unwrap();
        let mut metadata = MetadataWriter::create_in(Dir::open(&path).unwrap(), "first").unwrap();
        std::fs::rename(&path, place.path().join("moved")).unwrap();
        symlink(&victim, &path).unwrap();
        metadata.append(&"x".repeat(5000)).unwrap();
        let identity =
            || StreamIdentity { uuid: [0; 16], stream_id: 0, stream_instance_id: 0, extra: vec![] };
        StreamWriter::create_in(&dir, "s", identity()).unwrap();
        let moved = place.path().join("moved");
        assert_eq!(std::fs::read(moved.join("metadata")).unwrap().len(), 5005);
        assert!(moved.join("s").exists() && moved.join("index/s.idx").exists());

        for name in ["s2", ".metadata.new"] {
            symlink(victim.join("metadata"), moved.join(name)).unwrap();
        }
        assert!(StreamWriter::create_in(&dir, "s2", identity()).is_err());
        metadata.append(&"y".repeat(5000)).unwrap();
        std::fs::rename(moved.join("index"), moved.join("aside")).unwrap();
        symlink(&victim, moved.join("index")).unwrap();
        assert!(StreamWriter::create_in(&dir, "s3", identity()).is_err());
        assert_eq!(std::fs::read(victim.join("metadata")).unwrap(), b"secret");
        assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 1);
    }
}
