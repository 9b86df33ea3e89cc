//! A traced process: what the consumer has of it, from the first ring file to the last packet.
//!
//! ```text
//!   Process
//!     file        who it is, its event classes
//!     channels    for each channel that it records into:
//!                    ring files -> StreamDrain, StreamDrain, ...
//!                    TraceFolder
//!     waiting     ring files that came before it had said who it is
//! ```
//!
//! How its end is noticed stands beside it (`tracked`). Then what was committed is recovered, and everything is closed.
//!
//! | file | what stands there |
//! | --- | --- |
//! | this one | what there is of a process, and how its files are taken |
//! | `turns`, `snapshot` | its streams have their turns (see `drain`); what they hold now |
//! | `sums`, `starved`, `errors` | what was recorded and lost, and what is said of that |
//! | `ring_file`, `ring_header`, `ring_kind`, `origin` | a ring file, what it claims, and what it has to be |
//! | `destination` | where a channel's records go |

mod destination;
mod errors;
mod origin;
mod ring_file;
mod ring_header;
mod ring_kind;
mod snapshot;
mod starved;
mod sums;
mod turns;

pub use destination::Destination;
pub use origin::Origin;
pub use ring_header::RingHeader;
pub use ring_kind::RingKind;

use super::api::ChannelUid;
use super::budget::{Account, Held};
use super::drain::TraceFolder;
use super::process_file::ProcessFile;
use super::resource::Resource;
use crate::limits::MAX_WAITING_RING_FILES;
use errors::Errors;
use ring_file::RingFile;
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::rc::Rc;
use ust_core::abi::MAX_RING_FILES;

/// What the consumer has of one process.
#[derive(Debug)]
pub struct Process {
    /// Who it is; none while only a ring file has come.
    pub file: Option<ProcessFile>,
    channels: BTreeMap<ChannelUid, ProcessChannel>,
    /// Files that came before the process file did.
    waiting: Vec<WaitingFile>,
    account: Rc<Account>,
}

/// A ring file of a process that has not said yet who it is.
#[derive(Debug)]
struct WaitingFile {
    channel: ChannelUid,
    index: u32,
    fd: OwnedFd,
    origin: Origin,
    /// Its descriptor is paid for.
    _held: Held,
}

/// One channel's streams in one process.
#[derive(Debug, Default)]
struct ProcessChannel {
    files: Vec<RingFile>,
    folder: Option<TraceFolder>,
    errors: Errors,
    /// It has been said that memory could not be locked.
    is_lock_failure_told: bool,
}

impl Process {
    /// A process of which nothing is known yet.
    pub fn new(account: Rc<Account>) -> Self {
        Self { file: None, channels: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// One that is dead, as its file was left behind.
    pub fn left_behind(file: ProcessFile) -> Self {
        let account = file.account().clone();
        Self { file: Some(file), channels: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// Takes the process file.
    pub fn set_file(&mut self, file: ProcessFile) {
        self.file.get_or_insert(file);
        for WaitingFile { channel, index, fd, origin, .. } in std::mem::take(&mut self.waiting) {
            self.add_ring_file(channel, index, fd, origin);
        }
    }

    /// Takes a ring file, checked. One that it has already is passed over.
    pub fn add_ring_file(&mut self, channel: ChannelUid, index: u32, fd: OwnedFd, origin: Origin) {
        let Some(process) = &self.file else {
            if self.waiting.len() < MAX_WAITING_RING_FILES
                && let Ok(held) = self.account.hold(Resource::Descriptors, 1)
            {
                self.waiting.push(WaitingFile { channel, index, fd, origin, _held: held });
            } else {
                let error = format!(
                    "a process that has not introduced itself hands over more than {MAX_WAITING_RING_FILES} ring files: \
                     the records in the others are lost"
                );
                self.channels.entry(channel).or_default().errors.note(error);
            }
            return;
        };
        let of_channel = self.channels.entry(channel).or_default();
        if of_channel.files.iter().any(|file| file.index == index) {
            return;
        }
        if index >= MAX_RING_FILES {
            let error = format!(
                "process {} ({}) hands over ring files numbered beyond {MAX_RING_FILES}: their records are lost",
                process.pid, process.procname
            );
            of_channel.errors.note(error);
            return;
        }
        match RingFile::new(&fd, channel, index, process.uid, origin, process.account()) {
            Ok(file) => of_channel.files.push(file),
            Err(reason) => {
                let error = format!(
                    "process {} ({}): {reason}: its records are lost",
                    process.pid, process.procname
                );
                of_channel.errors.note(error);
            }
        }
    }

    /// Ring files that came without their process ever saying what is in them, each as an error: nobody
    /// can read records whose classes are unknown.
    pub fn unexplained(&self) -> impl Iterator<Item = (ChannelUid, String)> {
        self.waiting.iter().map(|WaitingFile { channel, index, .. }| {
            let error = format!(
                "ring file {index} of a process that never introduced itself is unreadable"
            );
            (*channel, error)
        })
    }

    /// Whether it has streams in a channel.
    pub fn has_channel(&self, channel: ChannelUid) -> bool {
        self.channels.contains_key(&channel)
    }

    /// Whether it has streams in any.
    pub fn has_channels(&self) -> bool {
        !self.channels.is_empty()
    }

    /// Forgets a channel, whose memory is then the process's alone.
    pub fn remove_channel(&mut self, channel: ChannelUid) {
        self.channels.remove(&channel);
    }
}
