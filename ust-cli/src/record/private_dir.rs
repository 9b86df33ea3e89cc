//! A runtime directory for one recording: `record-PID` in the user's own.
//!
//! ```text
//!   $UST_RUNTIME_DIR/            the user's, where a daemon may serve
//!     record-4242/               this recording's, flock(2)ed as long as it lives
//!       agent.sock, rules, wake
//! ```
//!
//! The lock says who lives, where a process id would not: a directory whose lock can be had is that of a
//! recording that was killed, and the next one removes it.

use crate::failure::Failure;
use consumerd::cause::Cause;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use ust_core::agent::paths::{RuntimeDir, RuntimeDirError};

const PREFIX: &str = "record-";

/// Bytes of the longest name of such a directory, with the slash before it: a process id has seven digits, and up to
/// three more are there to tell namesakes apart.
const NAME_BYTES: usize = 1 + PREFIX.len() + 7 + 1 + 3;

/// This recording's runtime directory. Removed when dropped.
#[derive(Debug)]
pub struct PrivateDir {
    dir: RuntimeDir,
    /// Keeps the lock. Closed on exec, so that the program does not inherit it.
    _lock: File,
}

impl PrivateDir {
    /// Makes it, and removes those of recordings that were killed.
    pub fn make() -> Result<Self, Failure> {
        let named = RuntimeDir::from_environment();
        let parent = std::path::absolute(named.path()).map_err(|error| {
            let path = named.path().display();
            Failure::new(Cause::RuntimeDir, format_args!("runtime directory {path}: {error}"))
        })?;
        RuntimeDir::at(&parent).check_length(NAME_BYTES)?;
        RuntimeDir::at(&parent).create()?;
        remove_abandoned(&parent);
        let own_name = format!("{PREFIX}{}", std::process::id());
        let mut name = own_name.clone();
        let mut attempt = 1;
        loop {
            let dir = RuntimeDir::at(parent.join(name));
            if let Some(lock) = make_and_lock(&dir)? {
                return Ok(Self { dir, _lock: lock });
            }
            attempt += 1;
            name = format!("{own_name}-{attempt}");
        }
    }

    /// The directory, which is empty at first.
    pub fn runtime_dir(&self) -> &RuntimeDir {
        &self.dir
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // What is left of it is removed by the next recording.
        let _ = std::fs::remove_dir_all(self.dir.path());
    }
}

/// Makes a directory that is ours alone. `None` if it is somebody's already (another container's recording
/// may share the parent directory, and the process id), or if somebody took it for abandoned before it was
/// locked.
fn make_and_lock(dir: &RuntimeDir) -> Result<Option<File>, Failure> {
    match dir.create() {
        Err(RuntimeDirError::Io(path, error))
            if error.kind() == io::ErrorKind::NotFound
                && path.parent().is_some_and(Path::exists) =>
        {
            return Ok(None);
        }
        made => made?,
    }
    try_lock(dir.path()).map_err(|error| {
        let path = dir.path().display();
        Failure::new(Cause::RuntimeDir, format_args!("runtime directory {path}: {error}"))
    })
}

/// The lock on a directory, unless somebody has it, or has removed the directory meanwhile.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let dir = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        locked => locked?,
    }
    let is_same =
        |metadata: std::fs::Metadata| dir.metadata().is_ok_and(|own| own.ino() == metadata.ino());
    let is_there = std::fs::metadata(path).is_ok_and(is_same);
    Ok(is_there.then_some(dir))
}

/// Removes the directories of recordings that were killed. Whatever goes wrong, they only take room.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_recording = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // The lock is kept meanwhile: one that has just been made must not be taken for ours to remove.
        if is_recording && let Ok(Some(_lock)) = try_lock(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_directories_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["record-1", "record-2", "other"] {
            std::fs::create_dir(parent.path().join(name)).unwrap();
        }
        std::fs::write(parent.path().join("record-1/agent.sock"), "").unwrap();
        let living = try_lock(&parent.path().join("record-2")).unwrap();
        assert!(living.is_some());
        remove_abandoned(parent.path());
        assert!(!parent.path().join("record-1").exists());
        assert!(parent.path().join("record-2").exists(), "its recording lives");
        assert!(parent.path().join("other").exists(), "it is nobody's recording");
    }

    /// Whoever has made one and not locked it yet looks abandoned: it must end up with one of its own.
    #[test]
    fn many_at_once_get_one_each() {
        let parent = tempfile::tempdir().unwrap();
        let make = || {
            for index in 0..200 {
                remove_abandoned(parent.path());
                let dir = RuntimeDir::at(parent.path().join(format!("{PREFIX}{}", index % 3)));
                let Ok(Some(_lock)) = make_and_lock(&dir) else { continue };
                let own = dir.path().join("own");
                std::fs::create_dir(&own).expect("nobody else has it");
                std::thread::yield_now();
                std::fs::remove_dir(&own).expect("nobody takes it away");
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(make))));
    }
}
