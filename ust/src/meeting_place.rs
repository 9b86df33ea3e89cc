//! Where this process meets the consumer: the runtime directory that the environment named before `main`.
//!
//! Computed once, because the environment may change and reading it allocates. Signal handlers use it.

use crate::reach::NotedDirectory;
use rustix::net::SocketAddrUnix;
use ust_core::paths::RuntimeDir;

/// The runtime directory, and what is computed from it.
pub(crate) struct MeetingPlace {
    pub(crate) dir: RuntimeDir,
    pub(crate) agent_socket: SocketAddrUnix,
    /// The identity of the directory when a consumer last answered there.
    pub(crate) noted: NotedDirectory,
}

impl MeetingPlace {
    /// The place that the environment names. `None` if the path is too long for a socket's address: then no consumer
    /// can listen there either.
    pub(crate) fn from_environment() -> Option<Self> {
        let dir = RuntimeDir::from_environment();
        dir.check_length(0).ok()?;
        let agent_socket = SocketAddrUnix::new(dir.agent_socket()).ok()?;
        Some(Self { dir, agent_socket, noted: NotedDirectory::new() })
    }

    /// Notes that a consumer answers in this directory now.
    pub(crate) fn note_directory(&self) {
        self.noted.note(&self.dir);
    }

    /// Whether `errno` says that there is no consumer. Async-signal-safe.
    pub(crate) fn is_absence(&self, errno: rustix::io::Errno) -> bool {
        self.noted.is_absence(errno, &self.dir)
    }
}
