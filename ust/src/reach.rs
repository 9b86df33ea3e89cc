//! What an `errno` means when a process looks for the consumer: there is none, or it cannot be reached.
//!
//! If there is no consumer, the runtime forgets the rules and counts nothing, because nobody would read the counts. If
//! a consumer cannot be reached, the rules stay, and every event ends in a record or in a count.
//!
//! | `connect`, `sendmsg` | because | consumer |
//! | --- | --- | --- |
//! | ECONNREFUSED, EPROTOTYPE | a killed consumer left the socket, or something else has that name | none |
//! | ENOENT, in the runtime directory as it was | a consumer that ended removed the socket | none |
//! | ENOENT, in another directory of that name or none | chroot, another mount namespace | out of reach |
//! | EACCES, EPERM, ENOTDIR, ELOOP | the program became another user's, or is in a sandbox | out of reach |
//! | EMFILE, ENFILE, ENOMEM, ENOBUFS, ETOOMANYREFS | a resource is short | out of reach |
//! | EAGAIN | the consumer's queue is full | out of reach |
//! | any other | | out of reach |
//!
//! What happens while the consumer is out of reach:
//!
//! | who | what |
//! | --- | --- |
//! | a constructor that introduces the process | leaves it to the agent's Hello |
//! | the agent | pauses, and tries again; its process records by the rules that it began with |
//! | a first event that sends a ring file | is counted in the process file, with the `errno` |
//! | a forked child | counts in its ancestor's process file, with the `errno`, and tries again |
//! | a process without a process file, an agent, ... | says so ([`Lack`](ust_core::protocol::Lack)), if it can connect |

use crate::lockfree::Announced64;
use rustix::io::Errno;
use ust_core::paths::RuntimeDir;
use ust_core::sync::{AtomicU64, Ordering};

/// The runtime directory when it was last used, by device and inode. Inode 0: none was noted.
pub(crate) struct NotedDirectory {
    device: AtomicU64,
    /// Stored after the device.
    inode: Announced64,
}

impl NotedDirectory {
    pub(crate) const fn new() -> Self {
        Self { device: AtomicU64::new(0), inode: Announced64::nothing() }
    }

    /// Notes the directory in which this process may expect the consumer.
    pub(crate) fn note(&self, dir: &RuntimeDir) {
        if let Some((device, inode)) = dir.identity() {
            self.device.store(device, Ordering::Relaxed);
            self.inode.set(inode);
        }
    }

    /// Whether `errno` says that there is no consumer. Async-signal-safe.
    pub(crate) fn is_absence(&self, errno: Errno, dir: &RuntimeDir) -> bool {
        match errno {
            Errno::CONNREFUSED | Errno::PROTOTYPE => true,
            Errno::NOENT => self.is_where_it_was(dir),
            _ => false,
        }
    }

    /// Whether the directory of that name still is the noted one. True if none was noted: then nothing can have been
    /// lost.
    pub(crate) fn is_where_it_was(&self, dir: &RuntimeDir) -> bool {
        let inode = self.inode.get();
        let noted = (self.device.load(Ordering::Relaxed), inode);
        inode == 0 || dir.identity() == Some(noted)
    }
}
