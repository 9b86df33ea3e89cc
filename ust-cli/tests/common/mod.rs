//! The command `ust` in a sandbox.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod calls;

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Signal, kill_process};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use ust_test_support::command::{Finished, run};
use ust_test_support::sandbox;

/// A sandbox that any user may look into.
pub struct Sandbox(sandbox::Sandbox);

impl Deref for Sandbox {
    type Target = sandbox::Sandbox;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = sandbox::Sandbox::new();
        // Some tests are about what happens then.
        std::fs::set_permissions(sandbox.dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(sandbox)
    }

    /// What is in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.dir())
    }

    /// `ust` with these arguments.
    pub fn ust(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(ust());
        command.args(arguments);
        command
    }

    /// Runs `ust`.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        run(&mut self.ust(arguments))
    }

    /// Runs `ust`, which must succeed, and returns what it prints.
    pub fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code(), 0, "ust {arguments:?}: {ended:?}");
        ended.stdout
    }

    /// Runs `ust`, which must fail in one line and with this code, and returns the line.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code(), code, "ust {arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "ust {arguments:?}: {ended:?}");
        ended.stderr
    }

    /// Runs a shell script in which `$UST` is `ust`.
    pub fn shell(&self, script: &str) -> Finished {
        run(self.command("/bin/sh").env("UST", ust()).args(["-c", script]))
    }

    /// Makes a file with this mode, such as 755, that can be executed at once.
    ///
    /// It is written by a process of its own. A process that another test forks while this one writes would hold the
    /// file open for writing, and exec would find it busy.
    pub fn script(&self, name: &str, text: &str, mode: &str) {
        let script = format!("printf %s \"$1\" > {name} && chmod {mode} {name}");
        self.shell_done(&script, Path::new(text));
    }

    fn shell_done(&self, script: &str, argument: &Path) {
        let ended = run(self.command("/bin/sh").args(["-c", script, "sh"]).arg(argument));
        assert_eq!(ended.code(), 0, "{script}: {ended:?}");
    }

    /// Runs `ust` as nobody if the test runs as root, otherwise as the test's user.
    pub fn unprivileged(&self, arguments: &[&str]) -> Finished {
        self.unprivileged_in(&self.runtime_dir(), ust(), arguments)
    }

    /// The same for any program of ours and any runtime directory.
    pub fn unprivileged_in(
        &self,
        runtime_dir: &Path,
        program: impl AsRef<Path>,
        arguments: &[&str],
    ) -> Finished {
        // Nobody cannot always reach the directory in which cargo builds.
        let copy = self.path("for-nobody");
        self.shell_done("cp \"$1\" for-nobody", program.as_ref());
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = self.command("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy);
            command
        } else {
            self.command(&copy)
        };
        let ended = run(command.args(arguments).env("UST_RUNTIME_DIR", runtime_dir));
        std::fs::remove_file(copy).unwrap();
        ended
    }
}

impl Drop for Sandbox {
    /// A daemon in the background outlives a test that fails; the kernel knows which process listens.
    fn drop(&mut self) {
        let socket = UnixStream::connect(self.runtime_dir().join("control.sock"));
        if let Some(daemon) = socket.ok().and_then(|socket| socket_peercred(socket).ok()) {
            let _ = kill_process(daemon.pid, Signal::KILL);
        }
    }
}

/// The `ust` binary.
pub fn ust() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ust"))
}

pub fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
