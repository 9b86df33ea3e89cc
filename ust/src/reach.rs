//! What an `errno` means where a process looks for the daemon: that there is none, or that it cannot be reached.
//!
//! Where there is none the rules are forgotten and nothing is counted, because nobody wants to know. Where one cannot be
//! reached the rules stay, and every event ends in a record or in a count.
//!
//! | `connect`, `sendmsg` | because | so |
//! | --- | --- | --- |
//! | ECONNREFUSED, EPROTOTYPE | a daemon that was killed left the socket, or something else stands there | none |
//! | ENOENT, in the runtime directory as it was | a daemon that ended took the socket away | none |
//! | ENOENT, in another directory of that name or none | chroot, another mount namespace | out of reach |
//! | EACCES, EPERM, ENOTDIR, ELOOP | the program became another user's, or is in a sandbox | out of reach |
//! | EMFILE, ENFILE, ENOMEM, ENOBUFS, ETOOMANYREFS | something is short | out of reach |
//! | EAGAIN | the daemon's queue is full | out of reach |
//! | any other | | out of reach |
//!
//! What becomes of a process out of reach:
//!
//! | which | what |
//! | --- | --- |
//! | a constructor's introduction | the agent says Hello |
//! | the agent | pauses, and tries again; its process is recorded by the rules that it began with |
//! | a first event's ring file | the event is counted in the process file, with the `errno` |
//! | a forked child | it counts in its ancestor's process file, with the `errno`, and tries again |
//! | a process that can have no process file, agent, ... | says so ([`Lack`](ust_core::protocol::Lack)), if it can connect |

use crate::lockfree::Announced64;
use rustix::fs::stat;
use rustix::io::Errno;
use ust_core::paths::RuntimeDir;
use ust_core::sync::{AtomicU64, Ordering};

/// The runtime directory when it was last used: device, and inode; an inode of 0 is none.
pub(crate) struct NotedDirectory {
    device: AtomicU64,
    /// Behind the device.
    inode: Announced64,
}

impl NotedDirectory {
    pub(crate) const fn new() -> Self {
        Self { device: AtomicU64::new(0), inode: Announced64::nothing() }
    }

    /// Notes which directory it is: that is where this process may expect the consumer.
    pub(crate) fn note(&self, dir: &RuntimeDir) {
        if let Ok(stat) = stat(dir.path()) {
            self.device.store(stat.st_dev, Ordering::Relaxed);
            self.inode.set(stat.st_ino);
        }
    }

    /// Whether it says that there is no consumer. Async-signal-safe.
    pub(crate) fn is_absence(&self, errno: Errno, dir: &RuntimeDir) -> bool {
        match errno {
            Errno::CONNREFUSED | Errno::PROTOTYPE => true,
            Errno::NOENT => self.is_where_it_was(dir),
            _ => false,
        }
    }

    /// Whether the directory of that name is the one that was noted. True if none was: nothing can have been lost then.
    pub(crate) fn is_where_it_was(&self, dir: &RuntimeDir) -> bool {
        let inode = self.inode.get();
        let noted = (self.device.load(Ordering::Relaxed), inode);
        inode == 0 || stat(dir.path()).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == noted)
    }
}
