//! A daemon in a runtime directory of its own, and `ust` talking to it.

use crate::binaries;
use crate::report;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_core::paths::RUNTIME_DIR_VARIABLE;
use ust_test_support::command::{Finished, Running, run};
use ust_test_support::wait::wait_until;

/// A runtime directory in which daemons come and go, and a place for traces.
#[derive(Debug)]
pub struct Site {
    dir: TempDir,
}

impl Site {
    /// An empty one.
    #[allow(clippy::new_without_default)] // It makes a directory.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ust-acceptance-").tempdir();
        Self { dir: dir.expect("there is room for a temporary directory") }
    }

    /// A path beside the runtime directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The runtime directory.
    pub fn runtime_dir(&self) -> PathBuf {
        self.path("runtime")
    }

    /// A command that finds this site's daemon.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir.path())
            .env(RUNTIME_DIR_VARIABLE, self.runtime_dir())
            .env(report::VARIABLE, self.path("report"));
        command
    }

    /// Starts a daemon; returns when it listens.
    pub fn daemon(&self, options: &[&str]) -> Running {
        let mut running = Running::start(self.command(&binaries::ustconsumerd()).args(options));
        wait_until("the daemon's answer", || {
            assert!(running.is_running(), "the daemon has ended");
            self.ust(&["status"]).status.success().then_some(())
        });
        running
    }

    /// Starts one of this package's programs.
    pub fn program(&self, name: &str, arguments: &[&str]) -> Running {
        Running::start(self.command(&binaries::program(name)).args(arguments))
    }

    /// Runs a command of `ust`.
    pub fn ust(&self, arguments: &[&str]) -> Finished {
        run(self.command(&binaries::ust()).args(arguments))
    }

    /// Creates a session that records everything that `glob` matches, and starts it; where its trace goes.
    #[track_caller]
    pub fn start_session(&self, name: &str, glob: &str) -> PathBuf {
        let trace = self.path(name);
        let output = trace.to_str().expect("temporary paths are text");
        // Room for everything even while a busy machine gives the daemon no turn.
        self.ust(&["create", name, "-o", output, "--subbuf-size", "4M"]).succeeded();
        self.ust(&["enable-event", "-s", name, glob]).succeeded();
        self.ust(&["start", name]).succeeded();
        trace
    }

    /// Stops and destroys a session.
    #[track_caller]
    pub fn end_session(&self, name: &str) {
        self.ust(&["stop", name]).succeeded();
        self.ust(&["destroy", name]).succeeded();
    }
}
