//! The traced program as a child process: starts it as a shell would, passes signals on to it, waits for it.
//!
//! It has what it would have without `ust`: the terminal, the process group, the standard streams and everything else
//! that `exec` hands on ([`launch`](super::launch)). This process does not tie it to itself in any way: no parent-death
//! signal, no pipe.
//!
//! Signals that come here are for the program, once each. Some have reached it already, as it is in our group:
//!
//! ```text
//!   a key at the terminal             to each of the foreground group       not passed on
//!   the terminal hangs up             to the leader of its session          passed on if that is us
//!                                     to the group when the leader ends     not passed on
//!   kill(2) of us, by anybody         to us                                 passed on
//!   kill(2) of our group              to each of it                         passed on: it looks like the case above
//! ```

use super::launch::{Image, StartError};
use super::program::{Program, not_startable};
use crate::failure::Failure;
use consumerd::advice::Attempt;
use consumerd::signals::{Arrived, SIGHUP};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, geteuid, getpgid, getpgrp, getpid, getsid, pidfd_open,
    pidfd_send_signal, waitpid,
};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir};

/// The message if the program cannot be waited for.
const MISSED: &str = "the program's exit status could not be read";

/// The running program.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    pidfd: OwnedFd,
}

impl Child {
    /// Starts it, with these variables too.
    pub fn spawn(
        program: &Program<'_>,
        dir: &RuntimeDir,
        others: Vec<(&'static str, OsString)>,
    ) -> Result<Self, Failure> {
        let arguments = program.arguments.iter().map(|argument| argument.as_os_str());
        let arguments = std::iter::once(program.given).chain(arguments);
        let dir = dir.path().as_os_str().to_owned();
        let mut variables = vec![(RUNTIME_DIR_VARIABLE, dir)];
        variables.extend(others);
        let image = Image::new(program.file.as_os_str(), arguments, &variables)
            .map_err(|error| not_startable(program.given, &program.file, &error))?;
        let pid = image.start().map_err(|error| match error {
            StartError::Exec(error) => not_startable(program.given, &program.file, &error),
            StartError::Fork(error) => {
                Failure::system("the program's process could not be made", Attempt::Fork)(error)
            }
        })?;
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { pid, pidfd }),
            Err(errno) => {
                // Nothing is recorded and everything will be undone, so the program must not go on either.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
                let _ = waitpid(Some(pid), WaitOptions::empty());
                Err(Failure::system("the program cannot be watched", Attempt::Watch)(errno.into()))
            }
        }
    }

    /// Its process id, which is its own until it has been waited for.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Readable once it has ended.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Sends it a signal that came here, unless the program has had it.
    pub fn pass_on(&self, arrived: Arrived) {
        let is_in_own_group = getpgid(Some(self.pid)).is_ok_and(|group| group == getpgrp());
        let is_for_leader = arrived.signal == SIGHUP && getsid(None) == Ok(getpid());
        if arrived.is_from_kernel && is_in_own_group && !is_for_leader {
            return;
        }
        if let Some(signal) = Signal::from_named_raw(arrived.signal) {
            // It may have ended meanwhile.
            let _ = pidfd_send_signal(&self.pidfd, signal);
        }
    }

    /// Waits for its end.
    pub fn wait(&self) -> Result<Ended, Failure> {
        loop {
            // Until it has been waited for, the kernel still knows the user that it ended as.
            let changed_user = self.changed_user();
            if let Some(ended) = self.wait_with(WaitOptions::empty())? {
                return Ok(Ended { changed_user, ..ended });
            }
        }
    }

    /// Its effective user, if that is not ours.
    fn changed_user(&self) -> Option<u32> {
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let status = std::fs::read_to_string(path).ok()?;
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        let effective = users.split_whitespace().nth(1)?.parse().ok()?;
        (effective != geteuid().as_raw()).then_some(effective)
    }

    /// Its end, if it has ended.
    pub fn try_wait(&self) -> Result<Option<Ended>, Failure> {
        self.wait_with(WaitOptions::NOHANG)
    }

    fn wait_with(&self, options: WaitOptions) -> Result<Option<Ended>, Failure> {
        let waited = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), options))
            .map_err(|errno| Failure::system(MISSED, Attempt::Own)(io::Error::from(errno)))?;
        Ok(waited.map(|(_, status)| Ended::new(ExitStatus::from_raw(status.as_raw()))))
    }
}

/// How the program ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Its status, or 128 + n if signal n killed it.
    pub code: u8,
    /// A signal ended it.
    pub is_killed: bool,
    /// The user that it ended as, if that is not the user who records.
    pub changed_user: Option<u32>,
}

impl Ended {
    fn new(status: ExitStatus) -> Self {
        Self { code: exit_code(status), is_killed: status.signal().is_some(), changed_user: None }
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let killed_by = status.signal().map(|signal| 128 + signal);
    // Both fit: statuses are 8 bits, signals at most 64.
    status.code().or(killed_by).and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_program_has_the_status_a_shell_gives_it() {
        for (raw, code) in
            [(0, 0), (7 << 8, 7), (255 << 8, 255), (9, 137), (15, 143), (11 | 0x80, 139), (64, 192)]
        {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), code, "{raw:#x}");
        }
    }
}
