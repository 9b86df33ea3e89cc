//! A directory of its own for each test, with a runtime directory in it.

use crate::binaries;
use crate::command::Running;
use crate::wait::until;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir};

/// A directory, and in it, at `rt`, a runtime directory that is not there yet.
#[derive(Debug)]
pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    /// An empty one.
    #[allow(clippy::new_without_default)] // It makes a directory.
    pub fn new() -> Self {
        Self { dir: TempDir::with_prefix("ust-test-").expect("there is room for a directory") }
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The runtime directory.
    pub fn runtime_dir(&self) -> PathBuf {
        self.path("rt")
    }

    /// Any command, run in this directory. It finds this sandbox's daemon.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.dir()).env(RUNTIME_DIR_VARIABLE, self.runtime_dir());
        command
    }

    /// Starts a daemon; returns when it listens.
    #[track_caller]
    pub fn daemon(&self, options: &[&str]) -> Running {
        self.daemon_by(self.command(binaries::ustconsumerd()).args(options))
    }

    /// The same by another command, which must become the daemon.
    #[track_caller]
    pub fn daemon_by(&self, command: &mut Command) -> Running {
        let mut running = Running::start(command);
        let socket = RuntimeDir::at(self.runtime_dir()).control_socket();
        until("the daemon", || {
            assert!(running.is_running(), "the daemon has ended: {}", running.stderr());
            UnixStream::connect(&socket).is_ok()
        });
        running
    }
}
