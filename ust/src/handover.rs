//! What the program's own threads say to the consumer, each message on a connection of its own.
//!
//! When a call returns, its message has been handed over. If the process is killed right after, the kernel's queue
//! keeps the message, the message keeps the memfd, and the memfd keeps the records. The connection is a new one, not
//! the agent's: a descriptor opened a moment ago is surely still ours.
//!
//! Async-signal-safe: nothing allocates, locks, or waits for the consumer. Only [`want_snapshot`] waits, for as long as
//! its caller allows.
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

/// How this process came to be, as far as the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `fork`'s handler calls: there is one thread, and the parent has marked its file.
    Fork,
    /// An event or the agent calls: perhaps after a raw clone, perhaps with more threads by now.
    Any,
}

impl MeetingPlace {
    /// Sends a ring file, and the process file if its descriptor is still open.
    pub(crate) fn send_ring(&self, file: &RingFile, process: &ProcessFile) -> io::Result<()> {
        let message = ToDaemon::Handover {
            process_uid: process.uid,
            channel_uid: file.channel_uid,
            file_index: file.index,
        };
        // The program has closed the descriptor.
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

    /// Sends a forked child's file. Fails if there is a consumer but it did not get the file: no descriptor is free,
    /// say, or the process now runs as another user or in another root directory.
    pub(crate) fn introduce_child(&self, file: &ProcessFile, origin: Origin) -> io::Result<()> {
        match self.introduce(file) {
            Err(errno) if self.is_absence(errno) => Ok(()),
            // The consumer's queue is full. The agent will introduce the process again, if one is about to be started.
            Err(Errno::AGAIN) if origin == Origin::Fork => Ok(()),
            sent => {
                if sent.is_ok() {
                    // A consumer answers there, perhaps in a directory that it has recreated since the parent looked.
                    self.note_directory();
                }
                sent
            }
        }
    }

    /// Tells the consumer what this process cannot have, if there is a consumer and a free descriptor for the
    /// connection.
    pub(crate) fn tell_lack(&self, process: Option<&ProcessFile>, what: Lack, reason: Errno) {
        let _ = self.send(&lacking(process, what, reason), &[]);
    }

    /// Asks for a snapshot, and waits until it has been taken or the timeout is over.
    pub(crate) fn want_snapshot(&self, process: &ProcessFile, timeout: Duration) {
        let message = ToDaemon::SnapshotWanted { process_uid: process.uid };
        if let Ok(connection) = self.say(&message, &[]) {
            let timeout =
                Timespec { tv_sec: timeout.as_secs() as _, tv_nsec: timeout.subsec_nanos().into() };
            // The consumer answers by closing the connection.
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

/// The message that says what this process cannot have. `process` is its file, if it has one. Allocates nothing.
pub(crate) fn lacking(process: Option<&ProcessFile>, what: Lack, reason: Errno) -> ToDaemon {
    ToDaemon::Lacking {
        process_uid: process.map(|process| process.uid),
        pid: rustix::process::getpid().as_raw_nonzero().get() as u32,
        procname: procname(),
        what,
        errno: reason.raw_os_error() as u32,
    }
}
