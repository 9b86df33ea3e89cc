//! LTTng, whose traces are a witness: a session daemon for the length of a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::skip;

/// For root, LTTng would use directories of the whole system.
const NOBODY: u32 = 65534;

/// The longest wait for LTTng to be up.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Programs wait for LTTng in memory that all daemons of a user share.
static TURN: Mutex<()> = Mutex::new(());

/// A session daemon of LTTng's, which ends when this is dropped. There is one at a time.
#[derive(Debug)]
pub struct Lttng {
    daemon: Child,
    home: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Drop for Lttng {
    fn drop(&mut self) {
        let id = self.daemon.id().to_string();
        _ = Command::new("kill").arg(id).status();
        _ = self.daemon.wait();
    }
}

/// Whether LTTng is installed; if not, says so.
pub fn is_here() -> bool {
    skip::has("lttng", &["--version"]) && skip::has("lttng-sessiond", &["--version"])
}

impl Lttng {
    /// Starts one whose files are in `home`, which anyone may write to.
    #[track_caller]
    pub fn start(home: &Path) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let home = home.to_owned();
        let daemon = as_nobody("lttng-sessiond", &home).args(["--no-kernel", "--quiet"]).spawn();
        let lttng = Self { daemon: daemon.expect("it is installed"), home, _turn: turn };
        let start = Instant::now();
        while !lttng.succeeds(&["list"]) {
            assert!(start.elapsed() < READY_WITHIN, "lttng-sessiond does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        lttng
    }

    /// Runs a command of `lttng`, and returns whether it succeeds.
    pub fn succeeds(&self, arguments: &[&str]) -> bool {
        let mut command = as_nobody("lttng", &self.home);
        command.arg("--no-sessiond").args(arguments).status().is_ok_and(|status| status.success())
    }

    /// Runs commands of `lttng`, each of which must succeed: their words are between blanks.
    #[track_caller]
    pub fn does(&self, commands: &[&str]) {
        for command in commands {
            let words: Vec<&str> = command.split(' ').collect();
            assert!(self.succeeds(&words), "lttng {command}");
        }
    }

    /// A command for a program that waits until LTTng knows it.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = as_nobody(program.to_str().expect("text"), &self.home);
        command.env("LTTNG_UST_REGISTER_TIMEOUT", READY_WITHIN.as_millis().to_string());
        command
    }
}

fn as_nobody(program: &str, home: &Path) -> Command {
    use std::os::unix::process::CommandExt;

    let mut command = Command::new(program);
    command.current_dir(home).env("HOME", home).env("LTTNG_HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
