//! Why a session command was refused: what happened, to what, and what to do next.

use crate::advice::{Attempt, why};
use crate::cause::Cause;
use crate::engine::EngineError;
use crate::output_dir::OutputDirError;
use crate::shm_dir::ShmDirError;
use std::path::PathBuf;
use ust_core::abi::GeometryError;

/// A refused command. It has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// `create`: there is a session of that name.
    #[error("session {0} exists already: give another name, or `ust destroy {0}` first")]
    NameTaken(String),
    /// `create`: the name is invalid.
    #[error("{name:?} cannot be a session's name: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What a name must be like.
        reason: &'static str,
    },
    /// `create`: there are as many sessions as there may be.
    #[error("there are {0} sessions, which is the most there can be: `ust destroy` one first")]
    TooManySessions(usize),
    /// `enable-channel`, `enable-event`, `start`: processes cannot record into more channels at once.
    #[error(
        "there are {0} channels in all sessions together, the most that a process records into at once: \
         `ust destroy` a session first"
    )]
    TooManyChannels(usize),
    /// `enable-channel`: the name is invalid.
    #[error(
        "{0:?} cannot be a channel's name: give 1 to {1} letters, digits, `_`, `-` and `.`, the first no `-` or `.`"
    )]
    ChannelName(String, usize),
    /// `enable-channel`: there is a channel of that name.
    #[error("session {1} has a channel {0} already: give another name")]
    ChannelTaken(String, String),
    /// `enable-channel`: traces of the session may have begun.
    #[error(
        "session {0} was started already, and its traces begin with its channels: give it channels before `ust start`, or \
         create another session"
    )]
    ChannelsFixed(String),
    /// There are channels, but none of that name.
    #[error(
        "session {session} has no channel {channel}: {}",
        known_or(channels, "`ust enable-channel` makes one, before the session is started")
    )]
    NoSuchChannel {
        /// The name that was given.
        channel: String,
        /// The session.
        session: String,
        /// The channels that it has.
        channels: Vec<String>,
    },
    /// No channel was named, and several may be meant.
    #[error("session {0} has several channels: name one of {list} with --channel", list = .1.join(", "))]
    WhichChannel(String, Vec<String>),
    /// `create`: the directory is empty but promised to another session.
    #[error("output directory {output} is that of session {session}: give another one")]
    OutputTaken {
        /// The directory.
        output: PathBuf,
        /// The session that has it.
        session: String,
    },
    /// `create`: the directory cannot take a trace.
    #[error(transparent)]
    Output(#[from] OutputDirError),
    /// `create`: the sub-buffers' size or number is out of range.
    #[error("{0}")]
    Geometry(#[from] GeometryError),
    /// `create`: a flight recorder's mode does not overwrite.
    #[error("snapshots need rings that overwrite: leave out --mode, or give --mode overwrite")]
    SnapshotMode,
    /// `create`: not even one stream may be locked into memory.
    #[error(
        "a stream of {wanted} bytes cannot be locked, the limit is {limit}: raise it (ulimit -l), or make \
         sub-buffers smaller or fewer"
    )]
    LockLimit {
        /// Bytes of one stream.
        wanted: u64,
        /// RLIMIT_MEMLOCK.
        limit: u64,
    },
    /// `create`: the directory cannot take ring files.
    #[error(transparent)]
    ShmDir(#[from] ShmDirError),
    /// `create`: the directory for ring files is another session's.
    #[error("--shm-path {dir} is that of session {session}: give another one")]
    ShmDirTaken {
        /// The directory.
        dir: PathBuf,
        /// The session that has it.
        session: String,
    },
    /// `snapshot record`: the session writes everything as it comes.
    #[error(
        "session {0} takes no snapshots, it writes everything as it comes: `ust create --snapshot` makes one \
         that does"
    )]
    NoSnapshots(String),
    /// `snapshot record`: the snapshot's directory cannot be made.
    #[error("snapshot {0} cannot be made: {why}", why = why(Attempt::Trace, .1))]
    Snapshot(PathBuf, #[source] std::io::Error),
    /// There are sessions, but none of that name.
    #[error("there is no session {name}: {}", known(sessions))]
    NoSuch {
        /// The name that was given.
        name: String,
        /// The sessions that there are.
        sessions: Vec<String>,
    },
    /// No name was given, and there is no current session.
    #[error("there is no current session: {}", known(sessions))]
    NoCurrent {
        /// The sessions that there are.
        sessions: Vec<String>,
    },
    /// `start`: it is started already.
    #[error("session {0} is started already: `ust stop {0}` stops it")]
    AlreadyStarted(String),
    /// `stop`: it is not started.
    #[error("session {0} is not started: `ust start {0}` starts it")]
    NotStarted(String),
    /// `enable-event`: the glob can match no event's name.
    #[error("{glob:?} cannot be an event rule: {reason}")]
    Glob {
        /// What was given.
        glob: String,
        /// What a rule must be like.
        reason: &'static str,
    },
    /// `enable-event`: the rules of all sessions together have to fit one message to each process.
    #[error(
        "the event rules of all sessions have {bytes} bytes, and may have {limit} at most: use wider globs"
    )]
    RulesTooLong {
        /// The bytes that they would have.
        bytes: usize,
        /// The bytes that they may have.
        limit: usize,
    },
    /// `disable-event`: the session has other rules.
    #[error("session {session} has no rule {glob:?}: `ust list {session}` shows those it has")]
    NoSuchRule {
        /// The glob that was given.
        glob: String,
        /// The session.
        session: String,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SessionError {
    /// The kind of failure, for the exit code.
    pub fn cause(&self) -> Cause {
        match self {
            SessionError::NameTaken(_) => Cause::NameTaken,
            SessionError::Name { .. } | SessionError::Geometry(_) | SessionError::Glob { .. } => {
                Cause::Usage
            }
            SessionError::SnapshotMode
            | SessionError::LockLimit { .. }
            | SessionError::ChannelName(..)
            | SessionError::WhichChannel(..) => Cause::Usage,
            SessionError::ChannelTaken(..) => Cause::NameTaken,
            SessionError::ShmDir(error) => error.cause(),
            SessionError::NoSnapshots(_) | SessionError::ChannelsFixed(_) => Cause::WrongState,
            SessionError::Snapshot(..) => Cause::OutputNotWritable,
            SessionError::TooManySessions(_)
            | SessionError::TooManyChannels(_)
            | SessionError::RulesTooLong { .. } => Cause::TooMany,
            SessionError::OutputTaken { .. } | SessionError::ShmDirTaken { .. } => {
                Cause::OutputNotEmpty
            }
            SessionError::Output(error) => error.cause(),
            SessionError::NoSuch { .. } | SessionError::NoCurrent { .. } => Cause::NoSession,
            SessionError::AlreadyStarted(_) | SessionError::NotStarted(_) => Cause::WrongState,
            SessionError::NoSuchChannel { .. } | SessionError::NoSuchRule { .. } => {
                Cause::NotInSession
            }
            SessionError::Engine(_) => Cause::Failed,
        }
    }
}

/// The names that can be given instead.
fn known(sessions: &[String]) -> String {
    known_or(sessions, "`ust create` makes one")
}

/// The names that can be given instead; if there are none, how one is made.
fn known_or(names: &[String], otherwise: &str) -> String {
    match names {
        [] => otherwise.to_owned(),
        names => format!("name one of {}", names.join(", ")),
    }
}
