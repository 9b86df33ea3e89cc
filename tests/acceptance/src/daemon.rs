//! A daemon in a runtime directory of its own, and `ust` talking to it.

use crate::report;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running, run};
use ust_test_support::sandbox::Sandbox;

/// A runtime directory in which daemons come and go, and a place for traces and the programs' reports.
#[derive(Debug)]
pub struct Site(Sandbox);

impl Deref for Site {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl Site {
    /// An empty one.
    #[allow(clippy::new_without_default)] // It makes a directory.
    pub fn new() -> Self {
        Self(Sandbox::new())
    }

    /// A command that finds this site's daemon, and has the path of its report.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = self.0.command(program);
        command.env(report::VARIABLE, self.path("report"));
        command
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
        // Room for everything, even while the daemon gets no turn on a busy machine.
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
