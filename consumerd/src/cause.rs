//! Why a command failed, as a number: the exit codes of `ust` and `ustconsumerd`.
//!
//! One table for both; the same cause has the same code in every command. `ust record` exits with the traced program's
//! own status, so our codes stay out of the small numbers that programs use, and below 128 + n, which says that signal
//! n killed the program. 125 to 127 are the codes of env(1), timeout(1), nohup(1).

use serde::{Deserialize, Serialize};

/// What kind of thing went wrong. The discriminants are the exit codes: stable, listed by `ust --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Cause {
    /// `ust view`, `ust analyze`, `ust join`, `ust recover`: part of the trace, or of the rings, could not be read; the rest
    /// was. `ust analyze`: it has no events of that kind.
    /// `ust destroy`, `stop`, `snapshot`: some of what was recorded is no longer where it was written.
    Unreadable = 1,
    /// The command line, or a value in it, is wrong.
    Usage = 2,
    /// No daemon serves the runtime directory.
    NoDaemon = 110,
    /// The runtime directory or the socket in it is not this user's, or cannot be used.
    RuntimeDir = 111,
    /// A session or channel of that name exists.
    NameTaken = 112,
    /// There is no such session, or no current one.
    NoSession = 113,
    /// The output directory, or that for ring files, is not empty.
    OutputNotEmpty = 114,
    /// The output directory, or that for ring files, cannot be made or written to.
    OutputNotWritable = 115,
    /// The session is started already, is not started, or was started before.
    WrongState = 116,
    /// The session has no such channel or event rule. Version 6.0 of the control protocol calls it `NoSuchRule`.
    #[serde(rename = "NoSuchRule")]
    NotInSession = 117,
    /// Another daemon serves the runtime directory.
    DaemonTaken = 118,
    /// There are as many sessions, channels or rules as there may be, or a request is too long.
    TooMany = 119,
    /// Anything else that is not the traced program's doing.
    Failed = 125,
    /// The program to trace was found and cannot be executed.
    NotExecutable = 126,
    /// The program to trace was not found.
    NotFound = 127,
}

impl Cause {
    /// The exit code.
    pub const fn exit_code(self) -> u8 {
        self as u8
    }
}
