//! What is said of a process that could get no ring for some of its events: how many, why, and what to do.

use super::ChannelUid;
use super::class_log::ProcessFile;
use rustix::io::Errno;
use std::{fmt, io};

/// See the module page.
#[derive(Debug)]
pub struct Starved<'a> {
    process: &'a ProcessFile,
    events: u64,
    /// Of the last of them.
    reason: Option<Errno>,
}

impl<'a> Starved<'a> {
    /// `None` if there were no such events in that channel.
    pub fn of(process: &'a ProcessFile, channel: ChannelUid) -> Option<Self> {
        let losses = process.losses();
        let events = losses.lost_no_stream(channel.0);
        (events > 0).then(|| Self { process, events, reason: losses.reason(channel.0) })
    }
}

impl fmt::Display for Starved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, events, reason } = self;
        let (pid, name) = (process.pid, &process.procname);
        write!(f, "process {pid} ({name}): no ring could be had for {events} events")?;
        let Some(reason) = *reason else { return Ok(()) };
        write!(f, ", of the last because: {}", io::Error::from(reason))?;
        advice(reason).map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}

/// What is to be done about it, if anybody knows.
fn advice(reason: Errno) -> Option<&'static str> {
    Some(match reason {
        Errno::MFILE => "let it open more files (ulimit -n)",
        Errno::NFILE => "let the machine open more files (sysctl fs.file-max)",
        Errno::NOMEM => {
            "let it have more addresses (ulimit -v), and see that the machine or its control group has memory"
        }
        Errno::FBIG => {
            "let it write larger files (ulimit -f), or make sub-buffers smaller or fewer"
        }
        Errno::NOSPC => {
            "make room where its rings are: in the directory of --shm-path, or in memory"
        }
        Errno::ACCESS | Errno::PERM => {
            "see that it may use the daemon's socket, and the directory of --shm-path; it may not if it has become \
             another user's"
        }
        Errno::AGAIN => {
            "it, or the daemon, was too busy at that moment; later events are not affected"
        }
        Errno::NOENT | Errno::CONNREFUSED => "the daemon was about to end",
        Errno::BADF => {
            "the program closes descriptors that it has not opened; later rings are not affected"
        }
        Errno::USERS => {
            "it has more threads at once than a channel has streams; --buffers per-cpu needs none for each"
        }
        _ => return None,
    })
}
