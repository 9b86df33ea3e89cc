//! Goes into the background: two forks, and a parent that waits until the daemon listens.
//!
//! ```text
//!   parent --fork--> leader --fork--> daemon
//!     |              setsid, exit       | binds
//!     |                                 | stdio to /dev/null
//!     |<--------- one byte: exit code --| ready
//!   exits with it                       | works
//! ```
//!
//! Until the daemon is ready, its standard error is the parent's, so errors appear where the user looks. The daemon is
//! no session leader, so that no terminal that it opens becomes its own. If no byte comes at all, the daemon has died.
#![allow(unsafe_code)]

use rustix::fd::{AsFd, OwnedFd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use std::fs::OpenOptions;
use std::io;

/// How the daemon tells the parent that it listens.
#[derive(Debug)]
pub struct Readiness(OwnedFd);

/// The side of the forks that this process is on.
#[derive(Debug)]
pub enum Side {
    /// The process that the user started, which is to exit with this code.
    Parent(u8),
    /// The daemon.
    Daemon(Readiness),
}

/// Forks twice and, in the parent, waits for the daemon's word.
///
/// Must be called while there is one thread: locks of another thread would stay locked in the daemon.
///
/// # Errors
/// The kernel's error.
pub fn daemonize() -> io::Result<Side> {
    let (from_daemon, to_parent) = pipe_with(PipeFlags::CLOEXEC)?;
    if let Some(leader) = fork()? {
        drop(to_parent);
        rustix::io::retry_on_intr(|| waitpid(Some(leader), WaitOptions::empty()))?;
        let mut code = [0];
        let count = rustix::io::retry_on_intr(|| rustix::io::read(&from_daemon, &mut code))?;
        return Ok(Side::Parent(if count == 1 { code[0] } else { 1 }));
    }
    drop(from_daemon);
    rustix::process::setsid()?;
    if fork()?.is_some() {
        std::process::exit(0);
    }
    Ok(Side::Daemon(Readiness(to_parent)))
}

impl Readiness {
    /// Gives up the terminal and the working directory, and lets the parent exit with 0. If it is dropped without this
    /// call, the parent exits with 1.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn ready(self) -> io::Result<()> {
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        std::env::set_current_dir("/")?;
        dup2_stdin(null.as_fd())?;
        dup2_stdout(null.as_fd())?;
        // Last: until here errors are seen.
        dup2_stderr(null.as_fd())?;
        self.exit_parent(0)
    }

    /// Lets the parent exit with `code`.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn exit_parent(self, code: u8) -> io::Result<()> {
        rustix::io::write(&self.0, &[code])?;
        Ok(())
    }
}

/// Forks. Returns the child to the parent, and `None` to the child.
fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: `daemonize` requires a single thread, so the child finds no lock held and may do anything.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}
