//! A traced process: all state that the consumer has of it, from the first ring file to the last packet.
//!
//! ```text
//!   Process
//!     file        which process it is, its event classes
//!     sessions    for each session that it records into: a TraceFolder, and
//!        channels    ring files -> StreamDrain, StreamDrain, ...
//!     waiting     ring files that came before its process file
//! ```
//!
//! How its end is noticed is elsewhere (`tracked`). Then what was committed is recovered, and everything is closed.
//!
//! | file | what it has |
//! | --- | --- |
//! | this one | the state of a process, and how its files are taken |
//! | `turns`, `snapshot` | turns of its streams (see `drain`); a copy of what they hold now |
//! | `sums`, `starved`, `errors` | what was recorded and lost, and the messages about it |
//! | `ring_file`, `ring_header`, `ring_kind`, `origin` | a ring file, what it claims, and what it must be |
//! | `ring_name`, `destination` | which ring file it is; where a session's records go |

mod destination;
mod errors;
mod origin;
mod ring_file;
mod ring_header;
mod ring_kind;
mod ring_name;
mod snapshot;
mod starved;
mod sums;
mod turns;

pub use destination::Destination;
pub use origin::Origin;
pub use ring_header::RingHeader;
pub use ring_kind::RingKind;
pub use ring_name::RingName;

use super::api::{ChannelUid, SessionUid};
use super::budget::{Account, Held};
use super::drain::{StreamDrain, TraceFolder};
use super::process_file::ProcessFile;
use super::resource::Resource;
use crate::limits::MAX_WAITING_RING_FILES;
use errors::Errors;
use ring_file::RingFile;
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::rc::Rc;
use ust_core::abi::MAX_RING_FILES;

/// The consumer's state of one process.
#[derive(Debug)]
pub struct Process {
    /// The process file; `None` while only a ring file has come.
    pub file: Option<ProcessFile>,
    sessions: BTreeMap<SessionUid, ProcessSession>,
    /// Ring files that came before the process file did.
    waiting: Vec<WaitingFile>,
    account: Rc<Account>,
}

/// A ring file of a process whose process file has not come yet.
#[derive(Debug)]
struct WaitingFile {
    name: RingName,
    fd: OwnedFd,
    origin: Origin,
    /// Its descriptor is paid for.
    _held: Held,
}

/// The state of one process in one session.
#[derive(Debug, Default)]
struct ProcessSession {
    channels: BTreeMap<ChannelUid, ProcessChannel>,
    folder: Option<TraceFolder>,
    errors: Errors,
    /// The user has been told that memory could not be locked.
    is_lock_failure_told: bool,
}

/// One channel's streams in one process.
#[derive(Debug, Default)]
struct ProcessChannel {
    files: Vec<RingFile>,
}

impl ProcessSession {
    fn streams(&self) -> impl Iterator<Item = &StreamDrain> {
        self.channels.values().flat_map(ProcessChannel::streams)
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut RingFile> {
        self.channels.values_mut().flat_map(|of_channel| &mut of_channel.files)
    }
}

impl ProcessChannel {
    fn streams(&self) -> impl Iterator<Item = &StreamDrain> {
        self.files.iter().flat_map(|file| &file.streams)
    }
}

impl Process {
    /// A process of which nothing is known yet.
    pub fn new(account: Rc<Account>) -> Self {
        Self { file: None, sessions: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// A process that is dead and whose file was left behind.
    pub fn left_behind(file: ProcessFile) -> Self {
        let account = file.account().clone();
        Self { file: Some(file), sessions: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// Takes the process file.
    pub fn set_file(&mut self, file: ProcessFile) {
        self.file.get_or_insert(file);
        for WaitingFile { name, fd, origin, .. } in std::mem::take(&mut self.waiting) {
            self.add_ring_file(name, fd, origin);
        }
    }

    /// Checks and takes a ring file. A file that it has already is passed over.
    pub fn add_ring_file(&mut self, name: RingName, fd: OwnedFd, origin: Origin) {
        let of_session = self.sessions.entry(name.session).or_default();
        let Some(process) = &self.file else {
            if self.waiting.len() < MAX_WAITING_RING_FILES
                && let Ok(held) = self.account.hold(Resource::Descriptors, 1)
            {
                self.waiting.push(WaitingFile { name, fd, origin, _held: held });
            } else {
                let error = format!(
                    "a process that has not introduced itself hands over more than {MAX_WAITING_RING_FILES} ring files: \
                     the records in the others are lost"
                );
                of_session.errors.note(error);
            }
            return;
        };
        let of_channel = of_session.channels.entry(name.channel).or_default();
        if of_channel.files.iter().any(|file| file.index == name.index) {
            return;
        }
        if name.index >= MAX_RING_FILES {
            let error = format!(
                "process {} ({}) hands over ring files numbered beyond {MAX_RING_FILES}: their records are lost",
                process.pid, process.program.name
            );
            of_session.errors.note(error);
            return;
        }
        match RingFile::new(&fd, name, process.uid, origin, process.account()) {
            Ok(file) => of_channel.files.push(file),
            Err(reason) => {
                let error = format!(
                    "process {} ({}): {reason}: its records are lost",
                    process.pid, process.program.name
                );
                of_session.errors.note(error);
            }
        }
    }

    /// Ring files whose process file never came, each as an error: records of unknown classes cannot be read.
    pub fn unexplained(&self) -> impl Iterator<Item = (SessionUid, String)> {
        self.waiting.iter().map(|WaitingFile { name: RingName { session, index, .. }, .. }| {
            let error = format!(
                "ring file {index} of a process that never introduced itself is unreadable"
            );
            (*session, error)
        })
    }

    /// Whether it has streams in a session.
    pub fn has_session(&self, session: SessionUid) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Whether it has streams in any session.
    pub fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Forgets a session. The memory of its rings then belongs to the process alone.
    pub fn remove_session(&mut self, session: SessionUid) {
        self.sessions.remove(&session);
        self.waiting.retain(|waiting| waiting.name.session != session);
    }
}
