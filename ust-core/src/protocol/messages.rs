//! The messages, by who says them.

use super::Rules;
use crate::version::Version;
use serde::{Deserialize, Serialize};

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
    /// The program holds a copy of the library that this copy cannot join. Each of the two is a process of its own in the
    /// trace. An agent says this once on each connection, behind Hello.
    Apart {
        /// What the two copies do not have in common.
        from: OtherCopy,
    },
}

/// A copy of the library that another copy in the same program cannot join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtherCopy {
    /// Its in-process table has this version.
    Table(Version),
    /// Its shared memory has this version.
    Abi(Version),
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
