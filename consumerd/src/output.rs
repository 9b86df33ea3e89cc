//! The directory that a session's traces go to, held open. The traces go there wherever its path leads meanwhile.
//! Before a message says where they are, the directory is checked.
//!
//! ```text
//!   "N events recorded: OUT"  is true while   OUT leads to the directory that is held
//!                                      and    its folders have as many stream files as were made
//! ```
//!
//! What is gone is reported as a [`Gone`], and the events of a directory that is gone are lost.

use crate::channel_name::is_stream_file;
use ctf::dir::Dir;
use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::{AtFlags, FileType, fstat, stat, statat};
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ust_core::shm::own_dir::FileId;
use ust_core::sync::{AtomicU64, Ordering};

/// See the module page. A clone is the same directory.
#[derive(Debug, Clone)]
pub struct Output {
    path: PathBuf,
    held: Option<Arc<Held>>,
}

#[derive(Debug)]
struct Held {
    dir: Dir,
    id: FileId,
    /// Stream files that were made below it.
    files: AtomicU64,
}

/// Something that is not where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// The directory has been removed, with all that was in it.
    Removed(PathBuf),
    /// The path leads elsewhere or nowhere; with the directory's present path, if that is known.
    Moved(PathBuf, Option<PathBuf>),
    /// The path, how many stream files are missing, and how many there were.
    Files(PathBuf, u64, u64),
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gone::Removed(path) => write!(
                f,
                "output directory {} was removed while it was written to: all that was recorded there is lost",
                path.display()
            ),
            Gone::Moved(path, Some(now)) => write!(
                f,
                "output directory {} was moved while it was written to: what was recorded is in {}",
                path.display(),
                now.display()
            ),
            Gone::Moved(path, None) => write!(
                f,
                "output directory {} was moved while it was written to: what was recorded is no longer there",
                path.display()
            ),
            Gone::Files(path, missing, made) => write!(
                f,
                "{missing} of the {made} stream files that were written in {} are no longer there: their events are \
                 counted as recorded, and lost",
                path.display()
            ),
        }
    }
}

impl Output {
    /// The directory that was opened for `path`.
    pub fn new(path: PathBuf, dir: Dir) -> io::Result<Self> {
        let id = FileId::of(&fstat(&dir)?);
        Ok(Self { path, held: Some(Arc::new(Held { dir, id, files: AtomicU64::new(0) })) })
    }

    /// The directory that `path` leads to now. If it leads to none, nothing can be written.
    pub fn at(path: &Path) -> Self {
        let opened = Dir::open(path).and_then(|dir| Self::new(path.to_owned(), dir));
        opened.unwrap_or_else(|_| Self { path: path.to_owned(), held: None })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether both are the same directory, whatever their paths.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.held, &other.held) {
            (Some(held), Some(other)) => held.id == other.id,
            _ => self.path == other.path,
        }
    }

    /// Makes a directory in it that does not exist yet.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn make_below(&self, name: &str) -> io::Result<Self> {
        let below = self.dir()?.make(name)?;
        Self::new(self.path.join(name), below)
    }

    /// The open directory.
    ///
    /// # Errors
    /// There was no directory when it was to be opened.
    pub fn dir(&self) -> io::Result<&Dir> {
        match &self.held {
            Some(held) => Ok(&held.dir),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Notes that a stream file was made in one of its folders.
    pub fn note_file(&self) {
        if let Some(held) = &self.held {
            held.files.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What is not where it was written, if anything.
    pub fn look(&self) -> Option<Gone> {
        let held = self.held.as_ref()?;
        if held.dir.is_removed().unwrap_or(false) {
            return Some(Gone::Removed(self.path.clone()));
        }
        if !stat(&self.path).is_ok_and(|stat| FileId::of(&stat) == held.id) {
            let link = format!("/proc/self/fd/{}", held.dir.as_fd().as_raw_fd());
            return Some(Gone::Moved(self.path.clone(), std::fs::read_link(link).ok()));
        }
        let made = held.files.load(Ordering::Relaxed);
        // What cannot be looked at (for lack of descriptors, for example) is not known to be gone.
        let found = held.count_files().ok()?;
        (found < made).then(|| Gone::Files(self.path.clone(), made - found, made))
    }
}

impl Held {
    /// How many stream files there are in the folders.
    fn count_files(&self) -> io::Result<u64> {
        let mut count = 0;
        for folder in names_in(&self.dir)? {
            let folder = match self.dir.below(&folder) {
                Ok(folder) => folder,
                // What is not a trace's folder has no stream files.
                Err(error) if is_no_folder(&error) => continue,
                Err(error) => return Err(error),
            };
            let names = names_in(&folder)?;
            let is_stream = |name: &&String| {
                is_stream_file(name)
                    && statat(&folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
                        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
                    })
            };
            count += names.iter().filter(is_stream).count() as u64;
        }
        Ok(count)
    }
}

/// Whether the error says that the name is no directory's.
fn is_no_folder(error: &io::Error) -> bool {
    let none = [Errno::NOTDIR, Errno::LOOP, Errno::NOENT];
    Errno::from_io_error(error).is_some_and(|errno| none.contains(&errno))
}

/// The names in a directory that are text, as all our names are.
fn names_in(dir: &Dir) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        if let Ok(name) = entry?.file_name().to_str()
            && !name.starts_with('.')
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn written(path: &Path) -> Output {
        fs::create_dir(path).unwrap();
        let output = Output::at(path);
        for (folder, files) in [("a-1", 2), ("b-2", 1)] {
            output.make_below(folder).unwrap();
            for index in 0..files {
                fs::write(path.join(folder).join(format!("channel0_{index}")), "").unwrap();
                output.note_file();
            }
        }
        assert_eq!(output.look(), None);
        output
    }

    #[test]
    fn what_is_no_longer_where_it_was_written_is_told() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("out");
        let output = written(&path);
        fs::remove_file(path.join("a-1/channel0_1")).unwrap();
        assert_eq!(output.look(), Some(Gone::Files(path.clone(), 1, 3)));
        fs::remove_dir_all(path.join("a-1")).unwrap();
        assert_eq!(output.look(), Some(Gone::Files(path.clone(), 2, 3)));

        let moved = place.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        let now = Some(fs::canonicalize(&moved).unwrap());
        let is_proc_there = Path::new("/proc/self/fd").exists();
        assert_eq!(output.look(), Some(Gone::Moved(path.clone(), now.filter(|_| is_proc_there))));
        // Another directory with the same name does not count.
        fs::create_dir(&path).unwrap();
        assert!(matches!(output.look(), Some(Gone::Moved(..))));
        fs::remove_dir_all(&moved).unwrap();
        assert_eq!(output.look(), Some(Gone::Removed(path)));
    }
}
