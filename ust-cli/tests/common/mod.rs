//! A place of its own for each test, and ways to run `ust` and the daemon there.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod daemon;

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes longer on the slowest machine, unless it hangs.
pub const HANGS_AFTER: Duration = Duration::from_secs(300);

/// A directory, and in it, at `rt`, a runtime directory that is not there yet.
pub struct Sandbox {
    dir: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; 128 + n if signal n killed it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The last line on standard error, in which commands say how it went.
    pub fn last_line(&self) -> &str {
        self.stderr.lines().last().unwrap_or("")
    }
}

impl Sandbox {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Another user may look in: some tests are about what happens then.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn runtime_dir(&self) -> PathBuf {
        self.path("rt")
    }

    /// What is in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.dir.path())
    }

    /// Any command, in this place.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.dir.path()).env("UST_RUNTIME_DIR", self.runtime_dir());
        command.stdin(Stdio::null());
        command
    }

    /// `ust` with these arguments.
    pub fn ust(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(ust());
        command.args(arguments);
        command
    }

    /// Runs `ust`.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.ust(arguments))
    }

    /// Runs `ust`, which is to succeed, and returns what it prints.
    pub fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "ust {arguments:?}: {ended:?}");
        ended.stdout
    }

    /// Runs `ust`, which is to fail in one line and with this code, and returns the line.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, code, "ust {arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "ust {arguments:?}: {ended:?}");
        ended.stderr
    }

    /// Runs a shell script in which `$UST` is `ust`.
    pub fn shell(&self, script: &str) -> Ended {
        run(self.command("/bin/sh").env("UST", ust()).args(["-c", script]))
    }

    /// Makes a file with this mode, such as 755, that can be executed at once.
    ///
    /// By a process of its own: one that another test forks while we write would hold the file open for
    /// writing, and exec would find it busy.
    pub fn script(&self, name: &str, text: &str, mode: &str) {
        let script = format!("printf %s \"$1\" > {name} && chmod {mode} {name}");
        self.shell_done(&script, Path::new(text));
    }

    fn shell_done(&self, script: &str, argument: &Path) {
        let ended = run(self.command("/bin/sh").args(["-c", script, "sh"]).arg(argument));
        assert_eq!(ended.code, 0, "{script}: {ended:?}");
    }

    /// Runs `ust` as nobody if this is root's test, else as it is.
    pub fn unprivileged(&self, arguments: &[&str]) -> Ended {
        self.unprivileged_in(&self.runtime_dir(), ust(), arguments)
    }

    /// The same for any program of ours and any runtime directory.
    pub fn unprivileged_in(&self, runtime_dir: &Path, program: &Path, arguments: &[&str]) -> Ended {
        // Nobody cannot always reach the directory where cargo builds.
        let copy = self.path("for-nobody");
        self.shell_done("cp \"$1\" for-nobody", program);
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
    /// A daemon in the background outlives a test that fails; who listens is known to the kernel.
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

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ended {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait(child)
}

/// Waits for a child, whose standard output and error are pipes; they have to end with it.
pub fn wait(mut child: Child) -> Ended {
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stdout = std::thread::spawn(move || read_all(stdout));
    let stderr = std::thread::spawn(move || read_all(stderr));
    let started = Instant::now();
    let status = loop {
        let status = child.try_wait().unwrap();
        if let Some(status) = status.filter(|_| stdout.is_finished() && stderr.is_finished()) {
            break status;
        }
        if started.elapsed() > HANGS_AFTER {
            let _ = child.kill();
            panic!(
                "{}",
                if status.is_some() { "somebody holds its pipes open" } else { "it hangs" }
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
    Ended { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn read_all(mut source: impl Read) -> String {
    let mut text = Vec::new();
    source.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < HANGS_AFTER, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a file has a line, and returns what is in it.
pub fn until_written(path: &Path) -> String {
    until(&format!("{} is written", path.display()), || {
        std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'))
    });
    std::fs::read_to_string(path).unwrap()
}

/// Sends a signal.
pub fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}
