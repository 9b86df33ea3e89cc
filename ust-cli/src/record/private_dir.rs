//! A runtime directory for one recording: `record-PID` in the user's own.
//!
//! ```text
//!   $UST_RUNTIME_DIR/            the user's, where a daemon may serve
//!     record-4242/               this recording's, flock(2)ed while the recording lives
//!       agent.sock, rules, wake
//! ```
//!
//! The lock shows whether the recording lives; a process id would not. If the lock of a directory can be taken, its
//! recording was killed, and the next recording removes the directory.
//!
//! All access goes through the descriptors of the two directories: no link in them is followed, and a directory is
//! removed only while it is the one that is locked.

use crate::failure::Failure;
use consumerd::cause::Cause;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Dir, FlockOperation, flock, unlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::io;
use std::path::Path;
use ust_core::paths::{RECORDING_PREFIX, RuntimeDir, RuntimeDirError};
use ust_core::shm::own_dir::{NotOwn, OwnDir};

/// Bytes of the longest name of such a directory, with the slash before it: a process id has seven digits, and up to
/// three more are there to tell namesakes apart.
const NAME_BYTES: usize = 1 + RECORDING_PREFIX.len() + 7 + 1 + 3;

/// This recording's runtime directory. Removed when dropped.
#[derive(Debug)]
pub struct PrivateDir {
    dir: RuntimeDir,
    parent: OwnDir,
    name: CString,
    /// Keeps the lock. Closed on exec, so that the program does not inherit it.
    locked: OwnDir,
}

impl PrivateDir {
    /// Makes it, and removes the directories of recordings that were killed.
    pub fn make() -> Result<Self, Failure> {
        let named = RuntimeDir::from_environment();
        let failed = |path: &Path, error: io::Error| {
            Failure::from(RuntimeDirError::Io(path.to_owned(), error))
        };
        let path =
            std::path::absolute(named.path()).map_err(|error| failed(named.path(), error))?;
        let of_user = RuntimeDir::at(&path);
        of_user.check_length(NAME_BYTES)?;
        let parent = of_user.create()?;
        remove_abandoned(&parent);
        for attempt in 1.. {
            let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
            let name = format!("{RECORDING_PREFIX}{}{suffix}", std::process::id());
            let dir = RuntimeDir::at(path.join(&name));
            let c_name = CString::new(name).unwrap_or_default();
            let locked =
                make_and_lock(&parent, &c_name).map_err(|error| failed(dir.path(), error))?;
            if let Some(locked) = locked {
                return Ok(Self { dir, parent, name: c_name, locked });
            }
        }
        Err(Failure::new(Cause::RuntimeDir, "there is no free name for a runtime directory"))
    }

    /// The directory, which is empty at first.
    pub fn runtime_dir(&self) -> &RuntimeDir {
        &self.dir
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // The next recording removes what is left of it.
        remove(&self.parent, &self.name, &self.locked);
    }
}

/// Makes a directory that is ours alone. `None` if another recording has it already (one in another container may share
/// the parent directory and the process id), or if another recording took it for abandoned before it was locked.
fn make_and_lock(parent: &OwnDir, name: &CString) -> io::Result<Option<OwnDir>> {
    match OwnDir::make_at(parent, name.as_c_str()) {
        Ok((dir, _)) => try_lock(parent, name, dir),
        // It was removed between the two steps, or something else has that name: another name will do.
        Err(
            NotOwn::Kernel(Errno::NOENT)
            | NotOwn::Link(_)
            | NotOwn::NoDirectory
            | NotOwn::Owner(_)
            | NotOwn::Mode(_),
        ) => Ok(None),
        Err(NotOwn::Kernel(errno)) => Err(errno.into()),
    }
}

/// Locks the directory. `None` if another recording has the lock, or has removed the directory meanwhile.
fn try_lock(parent: &OwnDir, name: &CString, dir: OwnDir) -> io::Result<Option<OwnDir>> {
    match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => return Ok(None),
        locked => locked?,
    }
    Ok((parent.id_of(name) == Some(dir.id())).then_some(dir))
}

/// Removes the directories of recordings that were killed. One that cannot be removed only takes room.
fn remove_abandoned(parent: &OwnDir) {
    for name in names_in(parent) {
        if !name.as_bytes().starts_with(RECORDING_PREFIX.as_bytes()) {
            continue;
        }
        let Ok(dir) = OwnDir::open_at(parent, name.as_c_str()) else { continue };
        // The lock is held until the directory is gone: a recording that has just made it finds it locked, and takes
        // another.
        if let Ok(Some(locked)) = try_lock(parent, &name, dir) {
            remove(parent, &name, &locked);
        }
    }
}

/// Removes the files in a locked directory, and the directory.
fn remove(parent: &OwnDir, name: &CString, locked: &OwnDir) {
    for file in names_in(locked) {
        locked.remove(&file);
    }
    if parent.id_of(name) == Some(locked.id()) {
        // Fails if it holds a directory, which is not ours.
        let _ = unlinkat(parent, name.as_c_str(), AtFlags::REMOVEDIR);
    }
}

fn names_in(dir: &OwnDir) -> Vec<CString> {
    let Ok(entries) = Dir::read_from(dir.as_fd()) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_owned());
    names.filter(|name| ![c".", c".."].contains(&name.as_c_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::CWD;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn own(path: &Path) -> OwnDir {
        OwnDir::make_at(CWD, path).unwrap().0
    }

    #[test]
    fn only_abandoned_directories_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("own");
        let parent = own(&place);
        for name in ["record-1", "record-2", "other", "victim"] {
            std::fs::create_dir(place.join(name)).unwrap();
            let mode = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(place.join(name), mode).unwrap();
        }
        std::fs::write(place.join("record-1/agent.sock"), "").unwrap();
        std::fs::write(place.join("victim/file"), "").unwrap();
        symlink("victim", place.join("record-3")).unwrap();
        symlink("../victim/file", place.join("record-1/rules")).unwrap();
        let living = make_and_lock(&parent, &c"record-2".to_owned()).unwrap();
        assert!(living.is_some());
        remove_abandoned(&parent);
        assert!(!place.join("record-1").exists());
        assert!(place.join("record-2").exists(), "its recording lives");
        assert!(place.join("other").exists(), "it is nobody's recording");
        assert!(place.join("victim/file").exists(), "a link is not followed");
        assert!(make_and_lock(&parent, &c"record-3".to_owned()).unwrap().is_none());
    }

    /// A directory that is made and not locked yet looks abandoned. Its recording must end up with one of its own.
    #[test]
    fn many_at_once_get_one_each() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("own");
        let make = || {
            let parent = own(&place);
            for index in 0..200 {
                remove_abandoned(&parent);
                let name = format!("{RECORDING_PREFIX}{}", index % 3);
                let c_name = CString::new(name.as_str()).unwrap();
                let Ok(Some(_lock)) = make_and_lock(&parent, &c_name) else { continue };
                let own = place.join(name).join("own");
                std::fs::create_dir(&own).expect("nobody else has it");
                std::thread::yield_now();
                std::fs::remove_dir(&own).expect("nobody takes it away");
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(make))));
    }
}
