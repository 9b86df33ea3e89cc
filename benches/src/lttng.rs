//! LTTng-UST, as it is installed: a private session daemon, sessions, and the contestant's program.
//!
//! ```text
//!   TempDir/  bench_provider.h contestant.h worker.c worker     built here, by cc
//!             .lttng/  lttng-traces/               LTTNG_HOME
//! ```
//!
//! A snapshot session keeps records in memory, overwrites the oldest, and has no reader while it records: this is LTTng at
//! its cheapest. A session with files loses nothing: its writers wait for the consumer.
//!
//! Under root LTTng would use directories of the whole system, so all of it runs as the user `nobody`.

use crate::Result;
use crate::recorder::Shape;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const NOBODY: u32 = 65534;

/// What the program consists of.
const SOURCES: &[(&str, &str)] = &[
    ("bench_provider.h", include_str!("../c/bench_provider.h")),
    ("contestant.h", include_str!("../c/contestant.h")),
    ("worker.c", include_str!("../c/lttng.c")),
    ("pairs.c", include_str!("../c/pairs.c")),
];

/// The longest wait for the session daemon to be up, and for a program to register with it.
const LTTNG_READY_WITHIN: Duration = Duration::from_secs(20);

/// The contestants' own events.
pub const TRACEPOINTS: &str = "bench:*";

/// Those of the wrapper of `malloc` and its family.
pub const WRAPPED: &str = "lttng_ust_libc:*";

/// The library that has them.
const WRAPPER: &str = "liblttng-ust-libc-wrapper.so";

/// The session daemon, and the contestant's program. Dropped, all of it is gone.
#[derive(Debug)]
pub struct Lttng {
    daemon: Child,
    home: TempDir,
}

/// Where a session's events go.
#[derive(Debug, Clone, Copy)]
pub enum Keep<'a> {
    /// Nowhere, until a snapshot is asked for.
    InMemory,
    /// Into files in this directory, which LTTng makes. Writers wait rather than lose events.
    InFiles(&'a Path),
}

/// A session that records. Dropped, it ends.
#[derive(Debug)]
pub struct Session<'a> {
    lttng: &'a Lttng,
    traces: PathBuf,
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
    /// Builds the program and starts the daemon.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub fn start() -> std::result::Result<Self, Unavailable> {
        for (program, package) in
            [("lttng-sessiond", "lttng-tools"), ("lttng", "lttng-tools"), ("cc", "a C compiler")]
        {
            let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
            found.map_err(|_| Unavailable::Missing(format!("{package} is not installed")))?;
        }
        let home = tempfile::Builder::new().prefix("ust-bench-lttng-").tempdir()?;
        build(home.path())?;
        give_away(home.path())?;
        let daemon =
            command("lttng-sessiond", home.path()).args(["--no-kernel", "--quiet"]).spawn()?;
        let lttng = Self { daemon, home };
        lttng.wait_for_daemon()?;
        Ok(lttng)
    }

    /// Starts a session, one at a time, with sub-buffers of that size and number for each CPU, which records `events`.
    ///
    /// # Errors
    /// LTTng refuses it.
    pub fn record(&self, shape: Shape, keep: Keep<'_>, events: &str) -> Result<Session<'_>> {
        let size = format!("--subbuf-size={}", shape.subbuf_size_bytes);
        let count = format!("--num-subbuf={}", shape.subbuf_count);
        let channel = ["enable-channel", "--userspace", &size, &count, "channel"];
        let traces = match keep {
            Keep::InMemory => {
                self.control(&["create", "bench", "--snapshot"])?;
                self.control(&channel)?;
                self.home.path().join("lttng-traces")
            }
            Keep::InFiles(output) => {
                fs::create_dir(output)?;
                give_away(output)?;
                self.control(&["create", "bench", &format!("--output={}", output.display())])?;
                self.control(&[&channel[..], &["--blocking-timeout=inf"]].concat())?;
                output.into()
            }
        };
        let session = Session { lttng: self, traces };
        self.control(&["enable-event", "--userspace", "--channel=channel", events])?;
        self.control(&["start"])?;
        Ok(session)
    }

    /// The program, as a contestant: `small` or `large`, in so many threads.
    pub fn contestant(&self, event: &str, threads: u64) -> Command {
        let program = self.home.path().join("worker");
        let mut command = command(program.to_str().unwrap_or_default(), self.home.path());
        command.args([event, &threads.to_string()]);
        // The program begins once it is registered and its events are on.
        command.env("LTTNG_UST_REGISTER_TIMEOUT", LTTNG_READY_WITHIN.as_millis().to_string());
        // Without this a channel's --blocking-timeout is ignored.
        command.env("LTTNG_UST_ALLOW_BLOCKING", "1");
        command
    }

    /// A program that allocates and frees, with LTTng's wrapper; `is_recorded` if a session is to record it.
    pub fn pairs(&self, is_recorded: bool) -> Command {
        let program = self.home.path().join("pairs");
        let mut command = command(program.to_str().unwrap_or_default(), self.home.path());
        command.args(["pairs", "1"]).env("LD_PRELOAD", WRAPPER);
        if is_recorded {
            command.env("LTTNG_UST_REGISTER_TIMEOUT", LTTNG_READY_WITHIN.as_millis().to_string());
        } else {
            // Where there is no daemon.
            let nowhere = self.home.path().join("nowhere");
            command.env("LTTNG_HOME", &nowhere).env("HOME", nowhere);
        }
        command
    }

    fn wait_for_daemon(&self) -> Result<()> {
        let start = Instant::now();
        while self.control(&["list"]).is_err() {
            if start.elapsed() > LTTNG_READY_WITHIN {
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

impl Session<'_> {
    /// Takes a snapshot, and checks that it has about as many bytes as it must have.
    ///
    /// # Errors
    /// It has not, so LTTng did not record.
    pub fn check_that_it_recorded(&self, bytes: u64) -> Result<()> {
        self.lttng.control(&["snapshot", "record"])?;
        self.check_size(bytes)
    }

    /// Stops, waits for the consumer, and checks that every event is in the files: none was discarded, and the files have
    /// no fewer bytes than that takes.
    ///
    /// # Errors
    /// Something is missing.
    pub fn check_that_nothing_was_lost(self, bytes: u64) -> Result<()> {
        self.lttng.control(&["stop"])?;
        let (streams, discarded) = discarded_in(&self.traces)?;
        if streams == 0 || discarded != 0 {
            let complaint = format!("LTTng's {streams} streams discarded {discarded} events");
            return Err(complaint.into());
        }
        self.check_size(bytes)
    }

    fn check_size(&self, bytes: u64) -> Result<()> {
        let found = size_bytes(&self.traces)?;
        let complaint = || format!("LTTng's trace has {found} bytes, less than {bytes}").into();
        (found >= bytes).then_some(()).ok_or_else(complaint)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let _ = self.lttng.control(&["destroy", "bench"]);
    }
}

impl Drop for Lttng {
    fn drop(&mut self) {
        // By SIGTERM it ends its consumer daemon too.
        let pid = rustix::process::Pid::from_child(&self.daemon);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.daemon.wait();
    }
}

/// Builds the contestant's program in `dir`.
fn build(dir: &Path) -> std::result::Result<(), Unavailable> {
    for (name, source) in SOURCES {
        fs::write(dir.join(name), source)?;
    }
    let build = |program: &str, libraries: &[&str]| {
        let mut cc = Command::new("cc");
        cc.current_dir(dir).args(["-O2", "-I.", "-pthread", "-o", program]);
        run(cc.arg(format!("{program}.c")).args(libraries))
    };
    build("pairs", &[])?;
    build("worker", &["-llttng-ust", "-ldl"])
        .map_err(|error| Unavailable::Missing(format!("liblttng-ust-dev cannot be used ({error})")))
}

/// A command whose home is `home`, run as a user whose LTTng keeps its files there.
fn command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HOME", home).env("LTTNG_HOME", home);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Gives the directory to the user `nobody`, if LTTng runs as that user.
fn give_away(dir: &Path) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        chown(dir, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
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

/// How many streams the indexes below `path` describe, and how many events those lost. An entry has nine big-endian words;
/// the sixth is the number of lost events so far, so the last entry has the sum.
fn discarded_in(path: &Path) -> Result<(u64, u64)> {
    const ENTRY_BYTES: usize = 9 * 8;
    if !fs::symlink_metadata(path)?.is_dir() {
        if path.extension().is_none_or(|extension| extension != "idx") {
            return Ok((0, 0));
        }
        let bytes = fs::read(path)?;
        let last = bytes.last_chunk::<ENTRY_BYTES>().ok_or("an index without an entry")?;
        let discarded = last[5 * 8..].first_chunk().ok_or("an entry is that long")?;
        return Ok((1, u64::from_be_bytes(*discarded)));
    }
    fs::read_dir(path)?.try_fold((0, 0), |(streams, discarded), entry| {
        let (more_streams, more_discarded) = discarded_in(&entry?.path())?;
        Ok((streams + more_streams, discarded + more_discarded))
    })
}
