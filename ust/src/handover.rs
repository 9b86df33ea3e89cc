//! What a thread of the program says to the consumer itself, each message on a connection of its own.
//!
//! When a call returns, what it sent has been handed over: if the process is killed right after, the kernel's
//! queue keeps the message, the message keeps the memfd, and the memfd the records. The connection is a new
//! one, not the agent's: a descriptor that was opened a moment ago is surely still ours.
//!
//! Async-signal-safe: nothing allocates, nothing locks, nothing waits for the consumer, but for [`want_snapshot`], which
//! waits for so long as its caller says.
//!
//! [`want_snapshot`]: MeetingPlace::want_snapshot

use crate::meeting_place::MeetingPlace;
use crate::process_file::{ProcessFile, procname};
use crate::ring_file::RingFile;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::{self, Errno};
use rustix::net::SendFlags;
use std::time::Duration;
use ust_core::protocol::{Lack, ToDaemon, encode_into};
use ust_core::socket;

/// What is known of how this process came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The handler of `fork` says it: there is one thread, and the parent has marked its file.
    Fork,
    /// An event, or the agent, asks: perhaps a raw clone, perhaps with threads by now.
    Any,
}

impl MeetingPlace {
    /// Sends a ring file, and the process file if there still is a descriptor of it.
    pub(crate) fn send_ring(&self, file: &RingFile, process: &ProcessFile) -> io::Result<()> {
        let message = ToDaemon::Handover {
            process_uid: process.uid,
            channel_uid: file.channel_uid,
            file_index: file.index,
        };
        // The program has closed it.
        let ring = file.descriptor().ok_or(Errno::BADF)?;
        match process.descriptor() {
            Some(process) => self.send(&message, &[ring, process]),
            None => self.send(&message, &[ring]),
        }
    }

    /// Sends the process file, so that nothing is lost if `main` begins by closing every descriptor.
    pub(crate) fn introduce(&self, file: &ProcessFile) -> io::Result<()> {
        let fd = file.descriptor().ok_or(Errno::BADF)?;
        self.send(&ToDaemon::Introduction { process_uid: file.uid }, &[fd])
    }

    /// Sends a forked child's file. It fails if there is a consumer that has not got it: for want of a descriptor, say,
    /// or because the process has become another user's, or another root directory is its own.
    pub(crate) fn introduce_child(&self, file: &ProcessFile, origin: Origin) -> io::Result<()> {
        match self.introduce(file) {
            Err(errno) if self.is_absence(errno) => Ok(()),
            // The consumer has its hands full. It will hear it from the agent, if one is about to be started.
            Err(Errno::AGAIN) if origin == Origin::Fork => Ok(()),
            sent => {
                if sent.is_ok() {
                    // One answers there, perhaps in a directory that it has made anew since the parent looked.
                    self.note_directory();
                }
                sent
            }
        }
    }

    /// Tells the consumer what this process cannot have, if there is a consumer, and a descriptor to say it with.
    pub(crate) fn tell_lack(&self, process: Option<&ProcessFile>, what: Lack, reason: Errno) {
        let _ = self.send(&lacking(process, what, reason), &[]);
    }

    /// Asks for a snapshot, and waits until it has been taken or the time is over.
    pub(crate) fn want_snapshot(&self, process: &ProcessFile, timeout: Duration) {
        let message = ToDaemon::SnapshotWanted { process_uid: process.uid };
        if let Ok(connection) = self.say(&message, &[]) {
            let timeout =
                Timespec { tv_sec: timeout.as_secs() as _, tv_nsec: timeout.subsec_nanos().into() };
            // The consumer says nothing; it hangs up.
            let _ = poll(&mut [PollFd::new(&connection, PollFlags::IN)], Some(&timeout));
        }
    }

    fn send(&self, message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.say(message, fds).map(drop)
    }

    fn say(&self, message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
        let mut buffer = [0; 96];
        let bytes = encode_into(&mut buffer, message).ok_or(Errno::MSGSIZE)?;
        let connection = socket::connect_to(&self.agent_socket, false)?;
        socket::send(&connection, bytes, fds, SendFlags::DONTWAIT)?;
        Ok(connection)
    }
}

/// The message that says what this process, of which `process` is the file if it has one, cannot have. Allocates nothing.
pub(crate) fn lacking(process: Option<&ProcessFile>, what: Lack, reason: Errno) -> ToDaemon {
    ToDaemon::Lacking {
        process_uid: process.map(|process| process.uid),
        pid: rustix::process::getpid().as_raw_nonzero().get() as u32,
        procname: procname(),
        what,
        errno: reason.raw_os_error() as u32,
    }
}
