//! The way to a directory, step by step. No step follows a link that another user could have laid.
//!
//! ```text
//!   from / or .    for each name: openat(here, name, O_PATH | O_NOFOLLOW)
//!     directory      go on there
//!     link           if root or this user owns it, and nobody else may write to its directory: follow; else refuse
//!     nothing        stop: the caller makes what is missing
//! ```
//!
//! The kernel does the same only in sticky directories, and only if `fs.protected_symlinks` is set. A walk holds each
//! directory open, so nothing on the way can be exchanged between a check and the step into it.
//!
//! For plain directories a walk only notes whether another user could exchange what is in them ([`Walk::exposed`]). The
//! caller decides whether that matters.
//!
//! A walk to a file ([`file_place`]) goes to the directory that has the last name, and opens nothing there.

pub mod file_place;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    CWD, FileType, Mode, OFlags, PROC_SUPER_MAGIC, Stat, fstat, fstatfs, open, openat, readlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::{fmt, io};

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

const STICKY: u32 = 0o1000;

/// Where a walk has ended.
#[derive(Debug)]
pub struct Walk {
    /// The last directory that exists (`O_PATH`).
    pub dir: OwnedFd,
    /// The remaining names, which do not exist.
    pub missing: Vec<OsString>,
    /// A directory on the way, or the last one, in which another user could exchange what this user has made.
    pub exposed: Option<PathBuf>,
}

/// Why a walk stops.
#[derive(Debug)]
pub enum WalkError {
    /// A symbolic link that another user has laid or could lay: the link, its owner, and its directory.
    Link(PathBuf, u32, PathBuf),
    /// Something that is not a directory.
    NoDirectory(PathBuf),
    /// The kernel's error at a step.
    Kernel(PathBuf, Errno),
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalkError::Link(link, owner, place) => write!(
                f,
                "{} is a symbolic link of user {owner}, or others may write to {}: links are followed only if this \
                 user or root owns them and nobody else can exchange them",
                link.display(),
                place.display()
            ),
            WalkError::NoDirectory(path) => write!(f, "{} is no directory", path.display()),
            WalkError::Kernel(path, errno) => {
                write!(f, "{}: {}", path.display(), io::Error::from(*errno))
            }
        }
    }
}

impl Walk {
    /// Goes towards `path` as far as directories exist.
    ///
    /// # Errors
    /// The way leads through a link that must not be followed, or through something that is not a directory, or the
    /// kernel refuses a step.
    pub fn along(path: &Path) -> Result<Self, WalkError> {
        let mut way = Way::of(path)?;
        while let Some(name) = way.names.pop_front() {
            match way.steps.step(&name)? {
                Step::Into => {}
                Step::Nothing => return way.end(name),
                Step::Link(target) => way.follow(&target)?,
                Step::File { shown, .. } => return Err(WalkError::NoDirectory(shown)),
            }
        }
        Ok(Walk { dir: way.steps.here, missing: Vec::new(), exposed: way.steps.exposed })
    }
}

/// The present place of a walk, and its remaining names.
struct Way<'p> {
    path: &'p Path,
    steps: Steps,
    names: VecDeque<OsString>,
    links: usize,
}

impl<'p> Way<'p> {
    fn of(path: &'p Path) -> Result<Self, WalkError> {
        let steps = Steps::from_start(path)?;
        let mut names = VecDeque::new();
        push_front(&mut names, path);
        Ok(Self { path, steps, names, links: 0 })
    }

    fn follow(&mut self, target: &Path) -> Result<(), WalkError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(WalkError::Kernel(self.path.to_owned(), Errno::LOOP));
        }
        if target.is_absolute() {
            self.steps.restart()?;
        }
        push_front(&mut self.names, target);
        Ok(())
    }

    /// Nothing has that name.
    fn end(self, name: OsString) -> Result<Walk, WalkError> {
        let missing: Vec<_> = std::iter::once(name).chain(self.names).collect();
        let Steps { here, shown, exposed, .. } = self.steps;
        if missing.iter().any(|name| name == "..") {
            let path = shown.join(missing.iter().collect::<PathBuf>());
            return Err(WalkError::Kernel(path, Errno::NOENT));
        }
        Ok(Walk { dir: here, missing, exposed })
    }
}

/// Puts the names of a path before the remaining ones.
fn push_front(names: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => names.push_front(name.to_owned()),
            Component::ParentDir => names.push_front("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

/// The directory that a walk has reached.
struct Steps {
    here: OwnedFd,
    stat: Stat,
    /// The path of `here`, for messages.
    shown: PathBuf,
    exposed: Option<PathBuf>,
}

enum Step {
    Into,
    Nothing,
    Link(PathBuf),
    /// Neither directory nor link; or a link in `/proc` that does not lead to a directory.
    File {
        shown: PathBuf,
        is_in_proc: bool,
    },
}

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Steps {
    fn from_start(path: &Path) -> Result<Self, WalkError> {
        let (start, name) = if path.is_absolute() { ("/", c"/") } else { (".", c".") };
        let failed = |errno| WalkError::Kernel(start.into(), errno);
        let here = openat(CWD, name, DIRECTORY, Mode::empty()).map_err(failed)?;
        let stat = fstat(&here).map_err(failed)?;
        let mut steps = Self { here, stat, shown: start.into(), exposed: None };
        steps.note_exposure();
        Ok(steps)
    }

    /// Starts again at the root, because a link is absolute.
    fn restart(&mut self) -> Result<(), WalkError> {
        let failed = |errno| WalkError::Kernel("/".into(), errno);
        let root = open(c"/", DIRECTORY, Mode::empty()).map_err(failed)?;
        let stat = fstat(&root).map_err(failed)?;
        self.shown = "/".into();
        self.go(root, stat);
        Ok(())
    }

    fn go(&mut self, dir: OwnedFd, stat: Stat) {
        (self.here, self.stat) = (dir, stat);
        self.note_exposure();
    }

    fn note_exposure(&mut self) {
        if self.exposed.is_none() && others_may_exchange_in(&self.stat) {
            self.exposed = Some(self.shown.clone());
        }
    }

    fn step(&mut self, name: &OsStr) -> Result<Step, WalkError> {
        let next = self.shown.join(name);
        let failed = |errno| WalkError::Kernel(next.clone(), errno);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = match openat(&self.here, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Step::Nothing),
            found => found.map_err(failed)?,
        };
        let stat = fstat(&found).map_err(failed)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.shown = next;
                self.go(found, stat);
                Ok(Step::Into)
            }
            FileType::Symlink if is_in_proc(&self.here) => {
                // It leads to something that this process has open; its text need not be a path.
                let found = match openat(&self.here, name, DIRECTORY, Mode::empty()) {
                    Err(Errno::NOTDIR) => {
                        return Ok(Step::File { shown: next, is_in_proc: true });
                    }
                    found => found.map_err(failed)?,
                };
                let stat = fstat(&found).map_err(failed)?;
                self.shown = next;
                self.go(found, stat);
                Ok(Step::Into)
            }
            FileType::Symlink if is_ours_or_roots(&stat) && !others_may_write_in(&self.stat) => {
                let target = readlinkat(&found, c"", Vec::new()).map_err(failed)?;
                Ok(Step::Link(OsString::from_vec(target.into_bytes()).into()))
            }
            FileType::Symlink => Err(WalkError::Link(next, stat.st_uid, self.shown.clone())),
            _ => Ok(Step::File { shown: next, is_in_proc: false }),
        }
    }
}

fn is_in_proc(dir: impl AsFd) -> bool {
    fstatfs(dir).is_ok_and(|file_system| file_system.f_type == PROC_SUPER_MAGIC)
}

fn is_ours_or_roots(stat: &Stat) -> bool {
    stat.st_uid == 0 || stat.st_uid == geteuid().as_raw()
}

/// Whether anybody but root and this user may create or exchange something in a directory.
fn others_may_write_in(dir: &Stat) -> bool {
    !is_ours_or_roots(dir) || dir.st_mode & 0o022 != 0
}

/// Whether anybody else may exchange what this user has made in a directory.
fn others_may_exchange_in(dir: &Stat) -> bool {
    !is_ours_or_roots(dir) || (dir.st_mode & 0o022 != 0 && dir.st_mode & STICKY == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn inode(fd: &OwnedFd) -> u64 {
        fstat(fd).unwrap().st_ino
    }

    #[test]
    fn a_walk_comes_where_the_kernel_comes_and_says_what_is_missing() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("a/b");
        fs::create_dir_all(&dir).unwrap();
        symlink("a", place.path().join("relative")).unwrap();
        symlink(place.path().join("relative/b"), place.path().join("absolute")).unwrap();
        let expected = fs::metadata(&dir).unwrap().ino();
        for path in ["a/b", "a/./b/", "a/b/../b", "relative/b", "absolute"] {
            let walk = Walk::along(&place.path().join(path)).unwrap();
            assert_eq!((inode(&walk.dir), walk.missing.len()), (expected, 0), "{path}");
        }
        let walk = Walk::along(&place.path().join("absolute/new/deeper")).unwrap();
        assert_eq!(inode(&walk.dir), expected);
        assert_eq!(walk.missing, ["new", "deeper"]);
        let refused = Walk::along(&place.path().join("new/../a"));
        assert!(matches!(refused, Err(WalkError::Kernel(_, Errno::NOENT))));
        fs::write(place.path().join("file"), "").unwrap();
        let refused = Walk::along(&place.path().join("file/x"));
        assert!(matches!(refused, Err(WalkError::NoDirectory(_))));
        symlink("loop", place.path().join("loop")).unwrap();
        let refused = Walk::along(&place.path().join("loop"));
        assert!(matches!(refused, Err(WalkError::Kernel(_, Errno::LOOP))));
    }

    #[test]
    fn a_link_that_others_could_have_laid_is_refused_and_named() {
        let place = tempfile::tempdir().unwrap();
        let open = place.path().join("open");
        fs::create_dir_all(&open).unwrap();
        symlink("/", open.join("link")).unwrap();
        for mode in [0o777, 0o1777, 0o770] {
            set_mode(&open, mode);
            let refused = Walk::along(&open.join("link/tmp"));
            let Err(WalkError::Link(link, ..)) = refused else { panic!("{mode:o}: {refused:?}") };
            assert!(link.ends_with("open/link"));
        }
        set_mode(&open, 0o755);
        Walk::along(&open.join("link/tmp")).unwrap();
    }

    #[test]
    fn a_directory_in_which_others_may_exchange_things_is_noted() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("dir");
        fs::create_dir_all(dir.join("below")).unwrap();
        for (mode, is_exposed) in [(0o755, false), (0o1777, false), (0o777, true), (0o775, true)] {
            set_mode(&dir, mode);
            let walk = Walk::along(&dir.join("below")).unwrap();
            assert_eq!(walk.exposed.is_some(), is_exposed, "{mode:o} {:?}", walk.exposed);
        }
    }

    #[test]
    fn what_a_process_has_open_is_reached_through_proc() {
        if !Path::new("/proc/self/fd").exists() {
            return eprintln!("SKIPPED: there is no /proc here");
        }
        let walk = Walk::along(Path::new("/proc/self/cwd")).unwrap();
        assert_eq!(inode(&walk.dir), fs::metadata(".").unwrap().ino());
    }
}
