//! Running commands: their output is kept, and none of them can hang a test.

use crate::wait::wait_until;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use tempfile::NamedTempFile;

/// What a command left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

impl Finished {
    /// Its exit code; 128 + n if signal n killed it.
    pub fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        self.status.code().or(self.status.signal().map(|n| 128 + n)).expect("it has ended")
    }

    /// The last line on standard error, in which commands say how it went.
    pub fn last_line(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }

    /// Itself, once it is certain that the command succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.status.success(), "{}\n{}{}", self.status, self.stdout, self.stderr);
        self
    }
}

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    // Files, not pipes: a grandchild that lives on would hold a pipe open.
    stdout: NamedTempFile,
    stderr: NamedTempFile,
    is_over: bool,
}

impl Running {
    /// Starts it, with nothing on standard input.
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(Stdio::null(), command)
    }

    /// Starts it. What is written to the second value is its standard input.
    pub fn start_at_input(command: &mut Command) -> (Self, ChildStdin) {
        let mut running = Self::start_with(Stdio::piped(), command);
        let input = running.child.stdin.take().expect("it is a pipe");
        (running, input)
    }

    fn start_with(input: Stdio, command: &mut Command) -> Self {
        let name = format!("{command:?}");
        let file = || NamedTempFile::new().expect("there is room for a temporary file");
        let (stdout, stderr) = (file(), file());
        let clone =
            |file: &NamedTempFile| file.as_file().try_clone().expect("there is a descriptor left");
        command.stdin(input).stdout(clone(&stdout)).stderr(clone(&stderr));
        hear_every_signal(command);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, child, stdout, stderr, is_over: false }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        send_signal(self.pid(), signal);
    }

    /// Stops it, at any instruction; returns when it has stopped.
    #[track_caller]
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
        let stat = format!("/proc/{}/stat", self.pid());
        wait_until("a stop", || {
            let stat = std::fs::read_to_string(&stat).expect("nobody has waited for it");
            let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
            assert_ne!(state, Some('Z'), "{} has ended before it was stopped", self.name);
            (state == Some('T')).then_some(())
        });
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Finished {
        let status = wait_until(&format!("the end of {}", self.name), || {
            self.child.try_wait().expect("it is our child")
        });
        self.is_over = true;
        Finished { status, stdout: content(&self.stdout), stderr: content(&self.stderr) }
    }

    /// Sends it a signal and waits for its end.
    pub fn end(self, signal: i32) -> Finished {
        self.signal(signal);
        self.wait()
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        content(&self.stdout)
    }

    /// What it has printed to standard error so far.
    pub fn stderr(&self) -> String {
        content(&self.stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            // A test has failed: none of its processes may go on.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn content(file: &NamedTempFile) -> String {
    // Opened anew by its name: the child's own descriptor keeps its position.
    String::from_utf8_lossy(&std::fs::read(file.path()).expect("it can be read")).into_owned()
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Finished {
    Running::start(command).wait()
}

/// Gives a command the default actions of the signals that a shell's background job ignores. The tests may run as such a
/// job, and a program that starts with an ignored signal leaves it ignored, by the convention that nohup relies on.
#[allow(unsafe_code)]
fn hear_every_signal(command: &mut Command) {
    // SAFETY: `signal` is async-signal-safe, and the closure does nothing else.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}

/// Sends a process a signal.
#[allow(unsafe_code)]
pub fn send_signal(pid: u32, signal: i32) {
    // SAFETY: a system call on plain numbers.
    let sent = unsafe { libc::kill(pid as libc::pid_t, signal) };
    assert_eq!(sent, 0, "signal {signal} to {pid}: {}", std::io::Error::last_os_error());
}
