//! The messages, by sender.

use super::Rules;
use super::coded::enumeration;
use crate::version::Mismatch;

/// What a process says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum ToDaemon {
    /// The process file, as soon as there is one: `main` may begin by closing every descriptor.
    Introduction {
        /// Identity of the process, as in its process file.
        process_uid: [u8; 16],
    },
    /// First message of an agent's connection. The process file comes with it if the agent has the descriptor.
    Hello {
        /// Identity of the process, as in its process file.
        process_uid: [u8; 16],
    },
    /// A ring file, followed by the process file if its descriptor is still open.
    Handover {
        /// Identity of the process.
        process_uid: [u8; 16],
        /// The channel whose streams the file holds.
        channel_uid: u64,
        /// Which of the channel's ring files it is.
        file_index: u32,
    },
    /// Something has happened that a flight recorder should show. The consumer takes a snapshot for each
    /// session that wants one, and closes the connection.
    SnapshotWanted {
        /// Identity of the process.
        process_uid: [u8; 16],
    },
    /// The process lacks something, so it is not recorded, or not by the rules. The message needs no descriptor
    /// but the connection's, so even a process that can have no process file can send it.
    Lacking {
        /// Identity of the process, if it has a process file.
        process_uid: Option<[u8; 16]>,
        /// Process id, in the process's own namespace.
        pid: u32,
        /// Process name, zero-padded.
        procname: [u8; 16],
        /// What cannot be had.
        what: Lack,
        /// Why: the kernel's `errno`.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum OtherCopy {
    /// Its in-process table has another version than this copy's.
    Table(Mismatch),
    /// Its shared memory has another version than this copy's.
    Abi(Mismatch),
}

/// What a process cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum Lack {
    /// A process file. The consumer records and counts none of the process's events until the process has one.
    ProcessFile,
    /// An agent. The rules stay as they were when the process began.
    Agent,
    /// The kernel's help with forks (MADV_WIPEONFORK). None of the process's events is recorded.
    Forks,
}

/// What the consumer says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum ToProcess {
    /// Answer to `Hello`. The doorbell comes with it.
    Welcome,
    /// What to record from now on. Replaces all earlier rules.
    Rules(Rules),
}

enumeration!(ToDaemon {
    0 => Introduction { process_uid },
    1 => Hello { process_uid },
    2 => Handover { process_uid, channel_uid, file_index },
    3 => SnapshotWanted { process_uid },
    4 => Lacking { process_uid, pid, procname, what, errno },
    5 => Applied { generation },
    6 => Apart { from },
});
enumeration!(OtherCopy { 0 => Table(versions), 1 => Abi(versions) });
enumeration!(Lack { 0 => ProcessFile, 1 => Agent, 2 => Forks });
enumeration!(ToProcess { 0 => Welcome, 1 => Rules(rules) });
