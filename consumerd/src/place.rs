//! The runtime directory while a consumer serves it: it is locked, and everything made in it is known by its inode.
//!
//! ```text
//!   take ---> listen, publish ----> look: all there? ---- no ----> retake: what is missing is made anew
//!   lock      each thing noted          ^   |                          |    or a successor has the lock
//!             by name and inode         '---' yes                      '--> reported
//!   leave     removes what is still this consumer's
//! ```
//!
//! All access goes through the descriptor of the directory ([`OwnDir`]). The path is looked up again only to see
//! whether it still leads there: directories in /tmp are cleaned away, and another consumer may make them anew. So
//! nothing is removed or renamed by its name alone, and a consumer that has lost its place notices that.
//!
//! Sockets are bound through `/proc/self/fd`. Without `/proc` they are bound by their path, and looked for in the
//! directory afterwards.

use crate::engine::EngineError;
use crate::held_dir::as_path;
use core::ffi::CStr;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, chmodat, flock, fstat};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};
use std::path::{Path, PathBuf};
use std::{fmt, io};
use ust_core::paths::{LOCK, RULES, RULES_NEW, RuntimeDir};
use ust_core::shm::own_dir::{FileId, OwnDir};

/// See the module page.
#[derive(Debug)]
pub struct Place {
    dir: RuntimeDir,
    own: OwnDir,
    /// The directory is this consumer's while this is open.
    lock: OwnedFd,
    lock_id: FileId,
    rules: Option<FileId>,
    sockets: Vec<Socket>,
}

#[derive(Debug)]
struct Socket {
    name: &'static CStr,
    kind: SocketType,
    backlog: i32,
    /// `None` while it has to be made anew.
    id: Option<FileId>,
}

/// How a place was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing has its path.
    Removed,
    /// Something else has its path.
    Exchanged,
    /// The file of this name is gone, or something else has the name.
    Name(&'static CStr),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Removed => f.write_str("was removed"),
            Loss::Exchanged => f.write_str("was exchanged for another"),
            Loss::Name(name) => write!(f, "lost its file {}", as_path(name).display()),
        }
    }
}

impl Place {
    /// Makes the directory if need be, and holds it until this is dropped. Two consumers cannot hold it, and the kernel
    /// releases it however this one ends.
    ///
    /// # Errors
    /// The directory is not this user's alone, or another consumer serves it.
    pub fn take(dir: RuntimeDir) -> Result<Self, EngineError> {
        let own = dir.create()?;
        let (lock, lock_id) = take_lock(&own, dir.path())?;
        Ok(Self { dir, own, lock, lock_id, rules: None, sockets: Vec::new() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The directory.
    pub fn own(&self) -> &OwnDir {
        &self.own
    }

    /// Listens at a socket of that name, in place of one that a killed consumer has left.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn listen(
        &mut self,
        name: &'static CStr,
        kind: SocketType,
        backlog: i32,
    ) -> io::Result<OwnedFd> {
        let (listener, id) = self.bind(name, kind, backlog)?;
        self.sockets.push(Socket { name, kind, backlog, id: Some(id) });
        Ok(listener)
    }

    fn bind(&self, name: &CStr, kind: SocketType, backlog: i32) -> io::Result<(OwnedFd, FileId)> {
        self.own.remove(name);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let listener = socket_with(AddressFamily::UNIX, kind, flags, None)?;
        let held = PathBuf::from(format!("/proc/self/fd/{}", self.own_fd()));
        let way = if self.own.is_reached_by(&held) { &held } else { self.path() };
        bind(&listener, &SocketAddrUnix::new(way.join(as_path(name)))?)?;
        let id = self.own.id_of(name).ok_or_else(|| {
            io::Error::other("the directory was exchanged while it was being made: try again")
        })?;
        // Whatever the umask: the directory itself keeps others out.
        chmodat(&self.own, name, Mode::RUSR | Mode::WUSR, AtFlags::empty())?;
        listen(&listener, backlog)?;
        Ok((listener, id))
    }

    fn own_fd(&self) -> i32 {
        use rustix::fd::AsFd;
        self.own.as_fd().as_raw_fd()
    }

    /// Writes the rules to the file that a process reads when it starts: whole, by renaming.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn write_rules(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rules = Some(self.own.replace(RULES, RULES_NEW, bytes)?);
        Ok(())
    }

    /// How it was lost, if not everything is as it was made.
    pub fn look(&self) -> Option<Loss> {
        if !self.own.is_at(self.path()) {
            let is_there = self.path().symlink_metadata().is_ok();
            return Some(if is_there { Loss::Exchanged } else { Loss::Removed });
        }
        let sockets = self.sockets.iter().map(|socket| (socket.name, socket.id));
        let rules = self.rules.map(|id| (RULES, Some(id)));
        let all = std::iter::once((LOCK, Some(self.lock_id))).chain(sockets).chain(rules);
        let lost = all.into_iter().find(|(name, id)| id.is_none() || self.own.id_of(name) != *id);
        lost.map(|(name, _)| Loss::Name(name))
    }

    /// Makes anew what is missing: the directory, the lock, sockets. Returns the new sockets. The caller writes the
    /// rules.
    ///
    /// # Errors
    /// The directory cannot be made, or a successor serves it now. The call can be repeated.
    pub fn retake(&mut self) -> Result<Vec<(&'static CStr, OwnedFd)>, EngineError> {
        let own = self.dir.create().or_else(|error| self.create_with_parent().ok_or(error))?;
        if own.id() != self.own.id() || own.id_of(LOCK) != Some(self.lock_id) {
            (self.lock, self.lock_id) = take_lock(&own, self.path())?;
        }
        if own.id() != self.own.id() {
            // The old directory may still exist under another name.
            self.remove_made();
            self.own = own;
        }
        let mut listeners = Vec::new();
        for index in 0..self.sockets.len() {
            let Socket { name, kind, backlog, id } = self.sockets[index];
            if id.is_some() && self.own.id_of(name) == id {
                continue;
            }
            self.sockets[index].id = None;
            let (listener, id) = self.bind(name, kind, backlog).map_err(|error| {
                let path = self.path().join(as_path(name));
                EngineError::Io(format!("cannot listen at {}", path.display()), error)
            })?;
            self.sockets[index].id = Some(id);
            listeners.push((name, listener));
        }
        Ok(listeners)
    }

    /// The directory of a single recording lies in one that may be gone with it.
    fn create_with_parent(&self) -> Option<OwnDir> {
        RuntimeDir::at(self.path().parent()?).create().ok()?;
        self.dir.create().ok()
    }

    /// Removes what this consumer has made, if it still has its name. What a successor has made stays.
    pub fn leave(&mut self) {
        self.remove_made();
        self.sockets.clear();
    }

    fn remove_made(&mut self) {
        let sockets = self.sockets.iter_mut();
        let sockets = sockets.filter_map(|socket| Some((socket.name, socket.id.take()?)));
        for (name, id) in sockets.chain(self.rules.take().map(|id| (RULES, id))) {
            self.own.remove_own(name, id);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Locks the directory. The lock is on the file that has the name once it is locked.
fn take_lock(own: &OwnDir, path: &Path) -> Result<(OwnedFd, FileId), EngineError> {
    let shown = path.join(as_path(LOCK));
    let failed =
        |error: io::Error| EngineError::Io(format!("cannot lock {}", shown.display()), error);
    loop {
        let lock = own
            .open_file(LOCK, OFlags::RDWR | OFlags::CREATE)
            .map_err(|error| failed(error.into()))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(EngineError::Taken(path.into())),
            Err(error) => return Err(failed(error.into())),
        }
        let id = FileId::of(&fstat(&lock).map_err(|error| failed(error.into()))?);
        if own.id_of(LOCK) == Some(id) {
            // Programs that clean /tmp by age leave locked directories alone.
            let _ = flock(own, FlockOperation::NonBlockingLockShared);
            return Ok((lock, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::net::UnixStream;
    use ust_core::paths::{AGENT_SOCKET, CONTROL_SOCKET};

    fn serve(path: &Path) -> (Place, OwnedFd) {
        let mut place = Place::take(RuntimeDir::at(path)).unwrap();
        let listener = place.listen(CONTROL_SOCKET, SocketType::STREAM, 8).unwrap();
        place.listen(AGENT_SOCKET, SocketType::SEQPACKET, 8).unwrap();
        place.write_rules(b"rules").unwrap();
        (place, listener)
    }

    #[test]
    fn what_is_lost_is_noticed_and_made_anew() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("sub/rt");
        fs::create_dir(parent.path().join("sub")).unwrap();
        let (mut place, _listener) = serve(&path);
        assert_eq!(place.look(), None);
        let connects = || UnixStream::connect(path.join("control.sock")).is_ok();

        fs::remove_file(path.join("control.sock")).unwrap();
        assert_eq!(place.look(), Some(Loss::Name(CONTROL_SOCKET)));
        let anew = place.retake().unwrap();
        assert_eq!(anew.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [CONTROL_SOCKET]);
        assert!(place.look().is_none() && connects());

        for lost in [&path, path.parent().unwrap()] {
            fs::remove_dir_all(lost).unwrap();
            assert_eq!(place.look(), Some(Loss::Removed));
            let anew = place.retake().unwrap();
            place.write_rules(b"rules").unwrap();
            assert_eq!(anew.len(), 2);
            assert!(place.look().is_none() && connects());
        }

        fs::remove_file(path.join("lock")).unwrap();
        assert_eq!(place.look(), Some(Loss::Name(LOCK)));
        assert!(place.retake().unwrap().is_empty());
        assert_eq!(place.look(), None);
        assert!(matches!(Place::take(RuntimeDir::at(&path)), Err(EngineError::Taken(_))));
    }

    #[test]
    fn a_successor_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("rt");
        for by_rename in [false, true] {
            let (mut place, _listener) = serve(&path);
            match by_rename {
                true => fs::rename(&path, parent.path().join("moved")).unwrap(),
                false => fs::remove_dir_all(&path).unwrap(),
            }
            let (successor, listener) = serve(&path);
            assert_eq!(place.look(), Some(Loss::Exchanged));
            assert!(matches!(place.retake(), Err(EngineError::Taken(_))));
            drop(place);
            assert_eq!(successor.look(), None);
            assert!(UnixStream::connect(path.join("control.sock")).is_ok());
            drop((successor, listener));
            assert!(!path.join("control.sock").exists() && !path.join("rules").exists());
        }
        let moved = fs::read_dir(parent.path().join("moved")).unwrap();
        let names: Vec<_> = moved.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["lock"], "what was its own is removed wherever it is");
    }
}
