//! A daemon for a test.
//!
//! `ustconsumerd` belongs to another package, and cargo builds only the own package's binaries for a test;
//! so it is asked to build this one too, beside `ust`.

use super::{Ended, Sandbox, kill, until, ust, wait};
use rustix::process::Signal;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The `ustconsumerd` binary, of these sources.
pub fn ustconsumerd() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let dir = ust().parent().unwrap();
        let profile = match dir.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            profile => profile,
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "consumerd", "--bin", "ustconsumerd"])
            .args(["--profile", profile, "--target-dir"])
            .arg(dir.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success(), "ustconsumerd cannot be built");
        dir.join("ustconsumerd")
    })
}

/// A daemon in the foreground. Stopped when dropped.
pub struct Daemon(Option<Child>);

impl Daemon {
    /// Starts it and waits until it listens.
    pub fn start(sandbox: &Sandbox) -> Self {
        Self::start_with(sandbox, &[])
    }

    /// The same with arguments.
    pub fn start_with(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut command = sandbox.command(ustconsumerd());
        command.args(arguments);
        Self::start_as(sandbox, command)
    }

    /// The same by a command of its own, which has to become the daemon.
    pub fn start_as(sandbox: &Sandbox, mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let socket = sandbox.runtime_dir().join("control.sock");
        until("the daemon listens", || UnixStream::connect(&socket).is_ok());
        Self(Some(child))
    }

    pub fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Sends it a signal and waits for its end.
    pub fn end(mut self, signal: Signal) -> Ended {
        let child = self.0.take().unwrap();
        kill(child.id(), signal);
        wait(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
