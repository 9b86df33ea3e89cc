//! The directory for rings that are to outlive both sides (`--shm-path`): made, checked, and removed again.
//!
//! ```text
//!   make            mkdir 0700, or an empty directory that is this user's alone
//!   remove_process  a process has been drained to its end: its files are not needed any more
//!   remove_all      the session is over; the directory goes too, if it is ours
//!   (neither)       both sides have died: `ust recover`
//! ```
//!
//! The directory is held by its descriptor, and files in it are removed by way of that. Programs reach it by its path,
//! so no other user may be able to put another directory in its place.

use crate::advice::{Attempt, why};
use crate::cause::Cause;
use crate::held_dir::{is_still, make_below, names_in};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, fstat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ust_core::abi::{
    MAX_SHM_PATH_BYTES, PROCESS_FILE_PREFIX, RING_FILE_PREFIX, SESSION_FILE, SESSION_FILE_NEW,
    ShmPath,
};
use ust_core::shm::own_dir::{NotOwn, OwnDir};
use ust_core::shm::walk::{Walk, WalkError};

/// Why a directory cannot take rings.
#[derive(Debug, thiserror::Error)]
pub enum ShmDirError {
    /// Something is in it.
    #[error(
        "--shm-path {0} is not empty: if rings were left behind there, `ust recover {0}` reads them; give another \
         directory, or remove what is in it"
    )]
    NotEmpty(PathBuf),
    /// Another user could truncate the rings.
    #[error(
        "--shm-path {0} belongs to user {1}, or others may enter it (mode {2:03o}): give a directory of your own, \
         mode 700"
    )]
    NotOurs(PathBuf, u32, u32),
    /// It is a symbolic link, owned by that user.
    #[error(
        "--shm-path {0} is a symbolic link (of user {1}), which is not followed: give the path of the directory"
    )]
    Link(PathBuf, u32),
    /// A link leads there that others laid or could lay.
    #[error("--shm-path {0}: {1}: give the path of a directory of your own")]
    Way(PathBuf, WalkError),
    /// Others could put another directory in its place.
    #[error(
        "--shm-path {0} could be exchanged by others, who may write to {1}: give one that lies in a directory of your \
         own (or chmod go-w {1})"
    )]
    Exposed(PathBuf, PathBuf),
    /// Messages and files cannot carry the path.
    #[error(
        "--shm-path {0} is not UTF-8, or longer than {MAX_SHM_PATH_BYTES} bytes: give another one"
    )]
    Path(PathBuf),
    /// It cannot be made or looked at.
    #[error("--shm-path {0} cannot be used: {why}", why = why(Attempt::RingDir, .1))]
    Io(PathBuf, #[source] io::Error),
}

impl ShmDirError {
    /// The kind of failure, for the exit code.
    pub fn cause(&self) -> Cause {
        match self {
            ShmDirError::NotEmpty(_) => Cause::OutputNotEmpty,
            ShmDirError::NotOurs(..)
            | ShmDirError::Link(..)
            | ShmDirError::Way(..)
            | ShmDirError::Exposed(..)
            | ShmDirError::Io(..) => Cause::OutputNotWritable,
            ShmDirError::Path(_) => Cause::Usage,
        }
    }
}

/// A directory that is ready for rings.
#[derive(Debug, Clone)]
pub struct ShmDir {
    /// Without symbolic links: the kernel is asked for the names of files in it, and gives such paths.
    path: PathBuf,
    shm_path: ShmPath,
    is_made: bool,
    /// The directory that it lies in.
    parent: Arc<OwnedFd>,
    own: Arc<OwnDir>,
}

impl ShmDir {
    /// Whether `path` can take rings, as far as can be told without making it.
    ///
    /// # Errors
    /// As for [`make`](Self::make).
    pub fn check(path: &Path) -> Result<(), ShmDirError> {
        let way = Self::way(path)?;
        let name = path.file_name().filter(|_| way.missing.is_empty());
        match name.map(|name| OwnDir::open_at(&way.dir, name)) {
            None | Some(Err(NotOwn::Kernel(Errno::NOENT))) => {
                fits(path).ok_or_else(|| ShmDirError::Path(path.to_owned())).map(drop)
            }
            Some(opened) => {
                let own = opened.map_err(|refusal| refused(path, refusal))?;
                Self::over(path, way.dir, own, false).map(drop)
            }
        }
    }

    /// Makes `path`, which is absolute, or takes it if it is empty and this user's alone.
    ///
    /// # Errors
    /// The directory is neither, it cannot be made, its name is too long, or others could put another in its place.
    pub fn make(path: &Path) -> Result<Self, ShmDirError> {
        let failed = |errno: Errno| ShmDirError::Io(path.to_owned(), errno.into());
        Self::check(path)?;
        let Walk { dir: mut parent, missing, .. } = Self::way(path)?;
        for name in missing {
            let below = make_below(&parent, &name).map_err(failed)?;
            parent = below;
        }
        let name = path.file_name().ok_or_else(|| failed(Errno::INVAL))?;
        let (own, is_made) =
            OwnDir::make_at(&parent, name).map_err(|refusal| refused(path, refusal))?;
        Self::over(path, parent, own, is_made)
    }

    /// The way to the directory that it lies in.
    fn way(path: &Path) -> Result<Walk, ShmDirError> {
        let way =
            Walk::along(path.parent().unwrap_or(Path::new("/"))).map_err(|error| match error {
                WalkError::Kernel(_, errno) => ShmDirError::Io(path.to_owned(), errno.into()),
                WalkError::NoDirectory(_) => {
                    ShmDirError::Io(path.to_owned(), io::ErrorKind::NotADirectory.into())
                }
                WalkError::Link(..) => ShmDirError::Way(path.to_owned(), error),
            })?;
        match way.exposed {
            // Programs reach it by its path.
            Some(place) => Err(ShmDirError::Exposed(path.to_owned(), place)),
            None => Ok(way),
        }
    }

    fn over(
        given: &Path,
        parent: OwnedFd,
        own: OwnDir,
        is_made: bool,
    ) -> Result<Self, ShmDirError> {
        let failed = |error| ShmDirError::Io(given.to_owned(), error);
        let undo = || {
            if is_made {
                let _ =
                    unlinkat(&parent, given.file_name().unwrap_or_default(), AtFlags::REMOVEDIR);
            }
        };
        let make = || {
            let first = names_in(&own).and_then(|mut names| names.next().transpose());
            if first.map_err(|errno| failed(errno.into()))?.is_some() {
                return Err(ShmDirError::NotEmpty(given.to_owned()));
            }
            let path = fs::canonicalize(given).map_err(failed)?;
            let shm_path = fits(&path).ok_or_else(|| ShmDirError::Path(path.clone()))?;
            let stat = fstat(&own).map_err(|errno| failed(errno.into()))?;
            let shm_path = shm_path.in_directory(Some((stat.st_dev, stat.st_ino)));
            Ok((path, shm_path))
        };
        let (path, shm_path) = make().inspect_err(|_| undo())?;
        Ok(Self { path, shm_path, is_made, parent: Arc::new(parent), own: Arc::new(own) })
    }

    /// The directory, open.
    pub fn own(&self) -> &OwnDir {
        &self.own
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same, in the form that processes are sent.
    pub fn shm_path(&self) -> ShmPath {
        self.shm_path
    }

    /// Removes what a process has made here.
    pub fn remove_process(&self, process_uid: [u8; 16]) {
        let hex: String = process_uid.iter().map(|byte| format!("{byte:02x}")).collect();
        let rings = format!("{RING_FILE_PREFIX}{hex}-");
        self.remove(|name| name.starts_with(&rings));
        // Removed last: rings without it would be unreadable, and look like a loss.
        self.own.remove(self.shm_path.process_file(process_uid).file_name());
    }

    /// Removes everything that is ours, and the directory if that is ours.
    pub fn remove_all(&self) {
        self.remove(|name| {
            [RING_FILE_PREFIX, PROCESS_FILE_PREFIX].iter().any(|prefix| name.starts_with(prefix))
                || [SESSION_FILE, SESSION_FILE_NEW]
                    .iter()
                    .any(|own| own.to_bytes() == name.as_bytes())
        });
        let name = self.path.file_name().unwrap_or_default();
        if self.is_made && is_still(&*self.parent, name, self.own.id()) {
            let _ = unlinkat(&*self.parent, name, AtFlags::REMOVEDIR);
        }
    }

    fn remove(&self, is_wanted: impl Fn(&str) -> bool) {
        // Listed first, because removing files meanwhile could shift the rest.
        let names: Result<Vec<_>, _> = names_in(&*self.own).and_then(Iterator::collect);
        for name in names.unwrap_or_default() {
            if name.to_str().is_ok_and(&is_wanted) {
                self.own.remove(&name);
            }
        }
    }
}

fn refused(path: &Path, refusal: NotOwn) -> ShmDirError {
    let path = path.to_owned();
    match refusal {
        NotOwn::Link(owner) => ShmDirError::Link(path, owner),
        NotOwn::NoDirectory => ShmDirError::Io(path, io::ErrorKind::NotADirectory.into()),
        NotOwn::Owner(owner) => ShmDirError::NotOurs(path, owner, 0o700),
        NotOwn::Mode(mode) => ShmDirError::NotOurs(path, geteuid().as_raw(), mode),
        NotOwn::Kernel(errno) => ShmDirError::Io(path, errno.into()),
    }
}

/// The path in the form that processes are sent, if it fits.
fn fits(path: &Path) -> Option<ShmPath> {
    ShmPath::new(path.to_str()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn one_that_is_a_link_or_that_others_could_exchange_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let own = parent.path().join("own");
        ShmDir::make(&own).unwrap();
        symlink(&own, parent.path().join("link")).unwrap();
        let refused = ShmDir::make(&parent.path().join("link"));
        assert!(matches!(refused, Err(ShmDirError::Link(..))), "{refused:?}");
        let open = parent.path().join("open");
        fs::create_dir(&open).unwrap();
        symlink(parent.path(), open.join("way")).unwrap();
        set_mode(&open, 0o777);
        let refused = ShmDir::make(&open.join("rings"));
        assert!(matches!(refused, Err(ShmDirError::Exposed(..))), "{refused:?}");
        let refused = ShmDir::make(&open.join("way/rings"));
        assert!(matches!(refused, Err(ShmDirError::Way(..))), "{refused:?}");
        set_mode(&open, 0o1777);
        ShmDir::make(&open.join("rings")).unwrap();
    }

    /// The directory is exchanged for a link while the session goes on.
    #[test]
    fn what_is_removed_is_removed_where_it_was_made() {
        let parent = tempfile::tempdir().unwrap();
        let (path, victim) = (parent.path().join("rings"), parent.path().join("victim"));
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("ring-x"), "").unwrap();
        let dir = ShmDir::make(&path).unwrap();
        fs::write(path.join("ring-x"), "").unwrap();
        fs::rename(&path, parent.path().join("moved")).unwrap();
        symlink(&victim, &path).unwrap();
        dir.remove_all();
        assert!(victim.join("ring-x").exists() && path.is_symlink());
        assert!(!parent.path().join("moved/ring-x").exists());
    }

    #[test]
    fn a_directory_that_others_may_enter_or_that_holds_anything_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/rings");
        let dir = ShmDir::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        ShmDir::check(&path).unwrap();

        fs::write(path.join("ring-x"), "").unwrap();
        assert!(matches!(ShmDir::make(&path), Err(ShmDirError::NotEmpty(_))));
        dir.remove_all();
        assert!(!path.exists());

        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ShmDir::make(&path), Err(ShmDirError::NotOurs(_, _, 0o755))));
        let long = parent.path().join("n".repeat(200));
        assert!(matches!(ShmDir::make(&long), Err(ShmDirError::Path(_))));
        assert!(!long.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("rings");
        let dir = ShmDir::make(&path).unwrap();
        let uid = [0x5a; 16];
        let hex = "5a".repeat(16);
        let names = [format!("process-{hex}"), format!("ring-{hex}-0-0-1"), "ring-other".into()];
        for name in names.iter().chain([&"theirs".to_owned()]) {
            fs::write(path.join(name), "").unwrap();
        }
        dir.remove_process(uid);
        assert!(!path.join(&names[0]).exists() && !path.join(&names[1]).exists());
        assert!(path.join(&names[2]).exists());
        dir.remove_all();
        assert!(!path.join(&names[2]).exists());
        assert!(path.join("theirs").exists());
    }
}
