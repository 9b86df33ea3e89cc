//! A process's file, as the consumer sees it: which process it is, which event classes it has, what it has lost.
//!
//! ```text
//!   process file    first page: identity, clocks, losses  --> ProcessFile, Losses (stays when the process is gone)
//!                   class log                             --> ClassLog
//! ```
//!
//! Everything in it is the process's word. The identity is copied and checked once; the rest is read as it grows.

mod class_body;
mod class_log;
mod losses;
mod program;

pub use losses::Losses;
pub use program::Program;

use super::budget::{Account, Held, OverBudget};
use super::clock::Clocks;
use super::header_bytes::HeaderBytes;
use super::mapped::{Mapped, Unmappable};
use super::resource::Resource;
use crate::advice::{Attempt, why};
use class_log::ClassLog;
use rustix::fd::OwnedFd;
use std::fmt;
use std::mem::offset_of;
use std::rc::Rc;
use ust_core::abi::{
    self, ABI, CLASS_LOG_OFFSET, PROCESS_MAGIC, PROGRAM_OFFSET, ProcessHeader, is_process_file_size,
};
use ust_core::shm::memfd;
use ust_core::sync::Ordering;
use ust_core::version::Version;

/// The mapped file and what has been read of it.
#[derive(Debug)]
pub struct ProcessFile {
    /// The classes that it describes.
    pub log: ClassLog,
    /// Its first page, which may have to stay after the process is gone.
    head: Rc<Mapped>,
    /// Inode of the memfd, which the process's `maps` shows as long as the process maps it.
    pub inode: u64,
    /// Identity of the process.
    pub uid: [u8; 16],
    /// Process id, in its own namespace.
    pub pid: u32,
    /// When the process file was made, in nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// What it runs.
    pub program: Program,
    /// How far its `CLOCK_MONOTONIC` is ahead of ours: 0, except in another time namespace.
    pub monotonic_lead_ns: i64,
    account: Rc<Account>,
    _held: [Held; 2],
}

/// Bytes of the first page.
const HEAD_BYTES: usize = CLASS_LOG_OFFSET;

/// Why a process file cannot be used, as a phrase.
#[derive(Debug)]
pub enum Unusable {
    /// A fault of the file.
    Reason(String),
    /// The process's budget is used up; the user has been told.
    OverBudget(OverBudget),
}

impl From<&str> for Unusable {
    fn from(reason: &str) -> Self {
        Self::Reason(reason.to_owned())
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Reason(reason) => f.write_str(reason),
            Unusable::OverBudget(refusal) => write!(f, "a process file: {refusal}"),
        }
    }
}

fn unmappable(reason: Unmappable) -> Unusable {
    Unusable::Reason(format!("the process file {reason}"))
}

impl ProcessFile {
    /// Checks and maps a file that a process sent, whose account pays for it.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn new(fd: &OwnedFd, account: &Rc<Account>) -> Result<Self, Unusable> {
        let size = Mapped::check_sealed(fd).map_err(unmappable)?;
        if is_process_file_size(size).is_none() {
            return Err("the process file has an impossible size".into());
        }
        Self::of_checked(fd, size, account)
    }

    /// Maps a file after it is certain that its pages stay.
    fn of_checked(fd: &OwnedFd, size: usize, account: &Rc<Account>) -> Result<Self, Unusable> {
        let hold = |what, amount| account.hold(what, amount).map_err(Unusable::OverBudget);
        let held = [
            hold(Resource::Identities, 1)?,
            hold(Resource::MappedBytes, (size + HEAD_BYTES) as u64)?,
        ];
        let held_classes = hold(Resource::Classes, 0)?;
        let (_, inode) = memfd::identity(fd).map_err(|errno| {
            let why = why(Attempt::Read, &errno.into()).to_string();
            Unusable::Reason(format!("the process file cannot be looked at: {why}"))
        })?;
        let map_first = |bytes| Mapped::new(fd, bytes).map_err(unmappable);
        let (head, map) = (map_first(HEAD_BYTES)?, map_first(size)?);
        let untrusted = head.copy_out(0, size_of::<ProcessHeader>()).unwrap_or_default();
        let header =
            HeaderBytes::of::<ProcessHeader>(&untrusted).ok_or("the process file is too short")?;
        if header.long(offset_of!(ProcessHeader, magic)) != PROCESS_MAGIC {
            return Err("the process file has a wrong magic number".into());
        }
        ABI.check(Version::from_word(header.word(offset_of!(ProcessHeader, abi_version))))
            .map_err(|mismatch| Unusable::Reason(format!("the process file is of {mismatch}")))?;
        if header.long(offset_of!(ProcessHeader, file_bytes)) != size as u64 {
            return Err("the process file has not the size that it claims".into());
        }
        let name: [u8; 16] = header.bytes(offset_of!(ProcessHeader, procname));
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let untrusted_program = head.copy_out(PROGRAM_OFFSET, size_of::<abi::Program>());
        let untrusted_program = untrusted_program.unwrap_or_default();
        Ok(Self {
            log: ClassLog::new(map, held_classes),
            head: Rc::new(head),
            inode,
            uid: header.bytes(offset_of!(ProcessHeader, process_uid)),
            pid: header.word(offset_of!(ProcessHeader, pid)),
            created_realtime_ns: header.long(offset_of!(ProcessHeader, created_realtime_ns)),
            program: Program::of(&untrusted_program, name),
            monotonic_lead_ns: 0,
            account: account.clone(),
            _held: held,
        })
    }

    /// Finds out how far its `CLOCK_MONOTONIC` is ahead, from what it says of its clocks and from our clocks: those of
    /// now if it lives, or those of the recording.
    pub fn compare_clocks(&mut self, ours: Clocks) {
        let Some(header) = self.head.at::<ProcessHeader>(0) else { return };
        let untrusted = Clocks {
            time_namespace: header.time_namespace,
            realtime_less_monotonic_ns: header.realtime_less_monotonic_ns.load(Ordering::Relaxed),
        };
        self.monotonic_lead_ns = ours.lead_of(untrusted);
    }

    /// Event classes for which its log had no room: their events are not recorded.
    pub fn classes_left_out(&self) -> u32 {
        let header = self.head.at::<ProcessHeader>(0);
        header.map_or(0, |header| header.classes_left_out.load(Ordering::Relaxed))
    }

    /// Whether part of it is gone: then nothing in it can be used.
    pub fn is_damaged(&self) -> bool {
        self.log.is_damaged() || self.head.has_faulted()
    }

    /// Its counts of losses, which stay readable after it is dropped.
    pub fn losses(&self) -> Losses {
        Losses::new(self.head.clone())
    }

    /// The account that pays for what the consumer holds for this process.
    pub fn account(&self) -> &Rc<Account> {
        &self.account
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::played::{Player, number};
    use ust_core::abi::PROCESS_FILE_BYTES;

    #[test]
    fn a_process_file_that_is_taken_away_reads_as_zeroes_and_is_told() {
        let fd: OwnedFd = tempfile::tempfile().unwrap().into();
        memfd::set_size(&fd, PROCESS_FILE_BYTES).unwrap();
        let player = Player::of(fd, 1, [b'p'; 16]);
        let (first, second) = (player.add_class("first", 2), player.add_class("second", 1));
        number(&player.map, first, 0);
        number(&player.map, second, 1);
        // No check would accept such a file.
        let size = PROCESS_FILE_BYTES;
        let mut process = ProcessFile::of_checked(&player.fd, size, &Account::alone()).unwrap();
        assert_eq!(process.log.class(0).unwrap().name, "test:first");
        assert!(!process.is_damaged());
        memfd::set_size(&player.fd, 0).unwrap();
        process.log.refresh();
        assert_eq!((process.log.class(1), process.log.names().count()), (None, 0));
        assert_eq!(process.losses().lost_no_stream(7), 0);
        assert!(process.is_damaged());
    }
}
