//! The way to a file: to the directory in which it has its name, by the same steps as to any directory.
//!
//! ```text
//!   a/b/name     walk to a/b;  name -> link that nobody else could lay:   go on where it leads
//!                                      link that another user could lay:  refuse
//!                                      anything else, or nothing:         there
//! ```
//!
//! A walk opens nothing at the end: the name may be a pipe's, at which an open waits. It reports whether another user
//! could have put the file there ([`FilePlace::shared`]).

use super::{Step, Steps, WalkError, Way, others_may_write_in};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where a file is, or is to be made. The name is no link's, except in `/proc`.
#[derive(Debug)]
pub struct FilePlace {
    /// The directory (`O_PATH`).
    pub dir: OwnedFd,
    /// The file's name in it, whether it exists or not.
    pub name: OsString,
    /// A directory in which another user could have put what has the name: this directory, or one on the way.
    pub shared: Option<PathBuf>,
    /// The name is a link in `/proc` to a file that a process has open. Follow it.
    pub is_in_proc: bool,
}

impl FilePlace {
    /// Goes to the place where the file `path` is, or is to be made.
    ///
    /// # Errors
    /// As for [`Walk::along`](super::Walk::along). Or `path` leads to a directory, or to a file in a directory that
    /// does not exist.
    pub fn of(path: &Path) -> Result<Self, WalkError> {
        let mut way = Way::of(path)?;
        while let Some(name) = way.names.pop_front() {
            let is_last = way.names.is_empty();
            let (name, is_in_proc) = match way.steps.step(&name)? {
                Step::Into => continue,
                Step::Link(target) => {
                    way.follow(&target)?;
                    continue;
                }
                Step::Nothing if is_last => (name, false),
                Step::Nothing => {
                    return Err(WalkError::Kernel(way.steps.shown.join(name), Errno::NOENT));
                }
                Step::File { is_in_proc, .. } if is_last => (name, is_in_proc),
                Step::File { shown, .. } => return Err(WalkError::NoDirectory(shown)),
            };
            let Steps { here: dir, stat, shown, exposed } = way.steps;
            let shared = exposed.or_else(|| others_may_write_in(&stat).then_some(shown));
            return Ok(Self { dir, name, shared, is_in_proc });
        }
        Err(WalkError::Kernel(way.steps.shown, Errno::ISDIR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsRawFd;
    use rustix::fs::fstat;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn inode(fd: &OwnedFd) -> u64 {
        fstat(fd).unwrap().st_ino
    }

    #[test]
    fn the_place_of_a_file_is_where_its_last_link_leads_and_says_whether_it_is_shared() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("dir");
        fs::create_dir_all(dir.join("below")).unwrap();
        let expected = fs::metadata(&dir).unwrap().ino();
        symlink("dir/name", place.path().join("link")).unwrap();
        for (mode, is_shared) in [(0o755, false), (0o1777, true), (0o775, true)] {
            set_mode(&dir, mode);
            for path in ["dir/name", "link"] {
                let found = FilePlace::of(&place.path().join(path)).unwrap();
                assert_eq!((inode(&found.dir), &*found.name), (expected, OsStr::new("name")));
                assert_eq!(found.shared.is_some(), is_shared, "{mode:o} {path}");
            }
        }
        // Nobody may write to this directory, but anybody to the one above: so it may have been exchanged.
        set_mode(&dir, 0o777);
        assert!(FilePlace::of(&dir.join("below/name")).unwrap().shared.is_some());
        symlink("/", dir.join("planted")).unwrap();
        let refused = FilePlace::of(&dir.join("planted"));
        assert!(matches!(refused, Err(WalkError::Link(..))), "{refused:?}");
        for path in ["dir", "dir/..", "dir/below/."] {
            let refused = FilePlace::of(&place.path().join(path));
            assert!(matches!(refused, Err(WalkError::Kernel(_, Errno::ISDIR))), "{path}");
        }
        let refused = FilePlace::of(&dir.join("absent/name"));
        assert!(matches!(refused, Err(WalkError::Kernel(_, Errno::NOENT))));
    }

    #[test]
    fn a_file_that_this_process_has_open_is_followed_through_proc() {
        if !Path::new("/proc/self/fd").exists() {
            return eprintln!("SKIPPED: there is no /proc here");
        }
        let file = tempfile::tempfile().unwrap();
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let found = FilePlace::of(Path::new(&path)).unwrap();
        assert!(found.is_in_proc && found.shared.is_none());
    }
}
