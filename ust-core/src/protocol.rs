//! What traced processes and the daemon say to each other.
//!
//! ```text
//!   process                                                daemon
//!   constructor, fork     Introduction + process file ---->       on a connection of its own
//!   agent connects        Hello (+ process file) --------->
//!                         <---------- Welcome + doorbell, Rules
//!   agent                 Applied{generation}   ---------->       each time it has been given Rules
//!
//!   any thread's first    Handover + ring file (+ process file) ->   on a connection of its own,
//!   event in a new file                                              closed at once
//!   a panic               SnapshotWanted -------------------->       on a connection of its own,
//!                         <------------------------------ closed     once it has been taken
//!   constructor, agent    Lacking{what, errno}  ------------->       on a connection of its own, no descriptor
//! ```
//!
//! Sequenced-packet sockets: one send is one message, from whichever thread, and descriptors travel with
//! it. A message is [`PREAMBLE`] followed by a postcard value; one that does not parse ends the
//! connection. The rules also stand in a file, which a process reads before `main`.

use crate::abi::{Buffers, Mode, Residency};
use crate::clock::ClockKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Version of this protocol: both sides refuse any other.
pub const PROTOCOL_VERSION: u16 = 4;

/// First bytes of every message and of the rules file.
pub const PREAMBLE: [u8; 4] = [b'U', b'S', b'T', PROTOCOL_VERSION as u8];

/// The longest message.
pub const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The most channels that a process records into at once.
pub const MAX_CHANNELS: usize = crate::abi::CHANNEL_SLOTS;

/// What a process says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToDaemon {
    /// The process file, as soon as there is one: `main` may close every descriptor first thing.
    Introduction {
        /// Identity of the process, as in its process file.
        process_uid: [u8; 16],
    },
    /// First message of an agent's connection. With it comes the process file if the agent has it.
    Hello {
        /// Identity of the process, as in its process file.
        process_uid: [u8; 16],
    },
    /// A ring file, and behind it the process file if there still is a descriptor of it.
    Handover {
        /// Identity of the process.
        process_uid: [u8; 16],
        /// The channel whose streams the file holds.
        channel_uid: u64,
        /// Which of the channel's ring files it is.
        file_index: u32,
    },
    /// Something has gone wrong that a flight recorder is to show: the daemon takes a snapshot, where one is
    /// wanted, and closes the connection.
    SnapshotWanted {
        /// Identity of the process.
        process_uid: [u8; 16],
    },
    /// The process cannot have something without which it is not recorded, or not as the rules say. It needs no
    /// descriptor but the connection's: so even a process that can have no process file is heard of.
    Lacking {
        /// Identity of the process, if it has a process file.
        process_uid: Option<[u8; 16]>,
        /// Process id, in the process's own namespace.
        pid: u32,
        /// Process name, zero-padded.
        procname: [u8; 16],
        /// What cannot be had.
        what: Lack,
        /// Why, as the kernel says it.
        errno: u32,
    },
    /// The rules of this generation are in force: callsites are switched, classes logged.
    Applied {
        /// As in [`Rules`].
        generation: u64,
    },
}

/// What a process cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lack {
    /// A process file: none of its events is recorded or counted until it has one.
    ProcessFile,
    /// An agent: the rules stay as they were when the process began.
    Agent,
    /// The kernel's help with forks (MADV_WIPEONFORK): none of its events is recorded.
    Forks,
}

/// What the daemon says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToProcess {
    /// Answer to `Hello`. With it comes the doorbell.
    Welcome,
    /// What is to be recorded from now on. Replaces what was said before.
    Rules(Rules),
}

/// Everything that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Grows with each change.
    pub generation: u64,
    /// The channels of all started sessions.
    pub channels: Vec<ChannelRules>,
}

/// One channel, and which events go into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRules {
    /// Identity: never used again for another channel.
    pub channel_uid: u64,
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Sub-buffers of a stream.
    pub subbuf_count: u32,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does that finds no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// The directory in which the process makes its ring files, with names; none: they are memfds.
    pub shm_path: Option<String>,
    /// Which directory that is where the consumer runs: device and inode.
    pub shm_dir: Option<(u64, u64)>,
    /// Whether its session is started. A stopped channel keeps its streams.
    pub is_active: bool,
    /// Globs (`*`, `?`) over `provider:name`.
    pub events: Vec<String>,
}

/// What the class log says of an event class, besides its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBody<'a> {
    /// Part before the colon.
    pub provider: &'a str,
    /// Part behind the colon.
    pub name: &'a str,
    /// As [`Level`](crate::event::Level)'s discriminants.
    pub level: u8,
    /// Source file of the declaration.
    pub file: &'a str,
    /// Line of the declaration.
    pub line: u32,
    /// Rust module of the declaration.
    pub module_path: &'a str,
    /// Names and types, in the order of the record.
    #[serde(borrow)]
    pub fields: Vec<(&'a str, crate::wire::FieldType)>,
}

/// Writes a message into `buffer`; `None` if it does not fit. Allocates nothing.
pub fn encode_into<'b>(buffer: &'b mut [u8], message: &impl Serialize) -> Option<&'b [u8]> {
    let (preamble, rest) = buffer.split_at_mut_checked(PREAMBLE.len())?;
    preamble.copy_from_slice(&PREAMBLE);
    let length = postcard::to_slice(message, rest).ok()?.len();
    Some(&buffer[..PREAMBLE.len() + length])
}

/// A message as bytes.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    let mut bytes = PREAMBLE.to_vec();
    // Serialising plain data into memory cannot fail.
    bytes.extend(postcard::to_stdvec(message).unwrap_or_default());
    bytes
}

/// The version of the protocol that untrusted bytes are of; `None` if they are no message of any.
pub fn version(untrusted_bytes: &[u8]) -> Option<u8> {
    let (preamble, _) = untrusted_bytes.split_first_chunk()?;
    let [b'U', b'S', b'T', version] = *preamble else { return None };
    Some(version)
}

/// The message in untrusted bytes; `None` if it is none of this version.
pub fn decode<T: DeserializeOwned>(untrusted_bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(untrusted_bytes.strip_prefix(&PREAMBLE)?).ok()
}
