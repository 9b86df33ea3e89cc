//! LTTng-UST, as it is installed: a private session daemon, a snapshot session, and the contestant's program.
//!
//! ```text
//!   TempDir/  bench_provider.h worker.c worker     built here, by cc
//!             .lttng/  lttng-traces/               LTTNG_HOME
//! ```
//!
//! A snapshot session keeps everything in memory, the oldest overwritten, and nobody reads meanwhile: this is
//! LTTng at its cheapest. For root it would use directories of the whole system; so all of it runs as `nobody`.

use crate::Result;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const NOBODY: u32 = 65534;

const HEADER: &str = include_str!("../lttng/bench_provider.h");
const PROGRAM: &str = include_str!("../lttng/worker.c");

/// The session daemon is up within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// A session that records. Dropped, all of it is gone.
#[derive(Debug)]
pub struct Lttng {
    daemon: Child,
    home: TempDir,
}

/// Why there is none.
#[derive(Debug)]
pub enum Unavailable {
    /// It is not installed.
    Missing(String),
    /// It is installed, and does not work.
    Broken(Box<dyn std::error::Error>),
}

impl<E: Into<Box<dyn std::error::Error>>> From<E> for Unavailable {
    fn from(error: E) -> Self {
        Unavailable::Broken(error.into())
    }
}

impl Lttng {
    /// Builds the program, starts the daemon and the session, with sub-buffers of that size and number.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub fn start(
        subbuf_size_bytes: u64,
        subbuf_count: u64,
    ) -> std::result::Result<Self, Unavailable> {
        for (program, package) in
            [("lttng-sessiond", "lttng-tools"), ("lttng", "lttng-tools"), ("cc", "a C compiler")]
        {
            let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
            found.map_err(|_| Unavailable::Missing(format!("{package} is not installed")))?;
        }
        let home = tempfile::Builder::new().prefix("ust-bench-lttng-").tempdir()?;
        build(home.path())?;
        if rustix::process::geteuid().is_root() {
            chown(home.path(), Some(NOBODY), Some(NOBODY))?;
        }
        let daemon =
            command("lttng-sessiond", home.path()).args(["--no-kernel", "--quiet"]).spawn()?;
        let lttng = Self { daemon, home };
        lttng.wait_for_daemon()?;
        lttng.control(&["create", "bench", "--snapshot"])?;
        let size = format!("--subbuf-size={subbuf_size_bytes}");
        let count = format!("--num-subbuf={subbuf_count}");
        lttng.control(&["enable-channel", "--userspace", &size, &count, "channel"])?;
        lttng.control(&["enable-event", "--userspace", "--channel=channel", "bench:*"])?;
        lttng.control(&["start"])?;
        Ok(lttng)
    }

    /// The program, as a contestant: `small` or `large`.
    pub fn contestant(&self, event: &str) -> Command {
        let program = self.home.path().join("worker");
        let mut command = command(program.to_str().unwrap_or_default(), self.home.path());
        // It does not begin before it is registered and its events are on.
        command.arg(event).env("LTTNG_UST_REGISTER_TIMEOUT", PATIENCE.as_millis().to_string());
        command
    }

    /// Takes a snapshot, and looks whether there are about as many bytes as there must be: it did record.
    ///
    /// # Errors
    /// It did not.
    pub fn check_that_it_recorded(&self, bytes: u64) -> Result<()> {
        self.control(&["snapshot", "record"])?;
        let found = size_bytes(&self.home.path().join("lttng-traces"))?;
        let complaint = || format!("LTTng's snapshot has {found} bytes, less than {bytes}").into();
        (found >= bytes).then_some(()).ok_or_else(complaint)
    }

    fn wait_for_daemon(&self) -> Result<()> {
        let start = Instant::now();
        while self.control(&["list"]).is_err() {
            if start.elapsed() > PATIENCE {
                return Err("lttng-sessiond does not answer".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn control(&self, arguments: &[&str]) -> Result<()> {
        run(command("lttng", self.home.path()).arg("--no-sessiond").args(arguments))
    }
}

impl Drop for Lttng {
    fn drop(&mut self) {
        let _ = self.control(&["destroy", "--all"]);
        // By SIGTERM it ends its consumer daemon too.
        let pid = rustix::process::Pid::from_child(&self.daemon);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.daemon.wait();
    }
}

/// Builds the contestant's program in `dir`.
fn build(dir: &Path) -> std::result::Result<(), Unavailable> {
    fs::write(dir.join("bench_provider.h"), HEADER)?;
    fs::write(dir.join("worker.c"), PROGRAM)?;
    let mut cc = Command::new("cc");
    cc.current_dir(dir).args(["-O2", "-I.", "-o", "worker", "worker.c", "-llttng-ust", "-ldl"]);
    run(&mut cc)
        .map_err(|error| Unavailable::Missing(format!("liblttng-ust-dev cannot be used ({error})")))
}

/// A command whose home is `home`, as somebody whose LTTng stays in there.
fn command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HOME", home).env("LTTNG_HOME", home);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Runs a command that says nothing unless it fails.
fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", command.get_program().display(), said.trim()).into())
}

fn size_bytes(path: &Path) -> Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.try_fold(0, |sum, entry| Ok(sum + size_bytes(&entry?.path())?))
}
