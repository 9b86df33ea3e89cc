//! Where this process meets the consumer: the runtime directory, as the environment named it before `main`.
//!
//! Worked out once, because the environment may change and reading it allocates. Read in signal handlers.

use crate::reach::NotedDirectory;
use rustix::net::SocketAddrUnix;
use ust_core::paths::RuntimeDir;

/// The runtime directory, and what is worked out from it once.
pub(crate) struct MeetingPlace {
    pub(crate) dir: RuntimeDir,
    pub(crate) agent_socket: SocketAddrUnix,
    /// Which directory it was when a consumer answered there.
    pub(crate) noted: NotedDirectory,
}

impl MeetingPlace {
    /// The place that the environment names. `None` if its path is longer than a socket's address can be: no consumer can
    /// listen there either.
    pub(crate) fn from_environment() -> Option<Self> {
        let dir = RuntimeDir::from_environment();
        dir.check_length(0).ok()?;
        let agent_socket = SocketAddrUnix::new(dir.agent_socket()).ok()?;
        Some(Self { dir, agent_socket, noted: NotedDirectory::new() })
    }

    /// Notes that a consumer answers there now.
    pub(crate) fn note_directory(&self) {
        self.noted.note(&self.dir);
    }

    /// Whether the error says that there is no consumer. Async-signal-safe.
    pub(crate) fn is_absence(&self, errno: rustix::io::Errno) -> bool {
        self.noted.is_absence(errno, &self.dir)
    }
}
