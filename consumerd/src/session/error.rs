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
    /// `create`: that is no name.
    #[error("{name:?} cannot be a session's name: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What a name must be like.
        reason: &'static str,
    },
    /// `create`: processes record into so many channels at once and no more.
    #[error("there are {0} sessions, which is the most there can be: `ust destroy` one first")]
    TooManySessions(usize),
    /// `create`: the directory is free but promised to another session.
    #[error("output directory {output} is that of session {session}: give another one")]
    OutputTaken {
        /// The directory.
        output: PathBuf,
        /// Whose it is.
        session: String,
    },
    /// `create`: the directory cannot take a trace.
    #[error(transparent)]
    Output(#[from] OutputDirError),
    /// `create`: the sub-buffers' size or number is out of range.
    #[error("{0}")]
    Geometry(#[from] GeometryError),
    /// `create`: a flight recorder that does not overwrite.
    #[error(
        "snapshots are taken of rings that overwrite: leave --mode away, or say --mode overwrite"
    )]
    SnapshotMode,
    /// `create`: not one stream may be locked into memory.
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
        /// Whose it is.
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
        /// What was asked for.
        name: String,
        /// What there is.
        sessions: Vec<String>,
    },
    /// No name was given, and there is no current session.
    #[error("there is no current session: {}", known(sessions))]
    NoCurrent {
        /// What there is.
        sessions: Vec<String>,
    },
    /// `start`: it is.
    #[error("session {0} is started already")]
    AlreadyStarted(String),
    /// `stop`: it is not started.
    #[error("session {0} is not started: `ust start {0}` starts it")]
    NotStarted(String),
    /// `enable-event`: that is no glob over event names.
    #[error("{glob:?} cannot be an event rule: {reason}")]
    Glob {
        /// What was given.
        glob: String,
        /// What a rule must be like.
        reason: &'static str,
    },
    /// `enable-event`: the rules of all sessions together have to fit one message to each process.
    #[error(
        "the event rules of all sessions come to {bytes} bytes, of which there can be {limit}: use wider globs"
    )]
    RulesTooLong {
        /// How long they would be.
        bytes: usize,
        /// How long they can be.
        limit: usize,
    },
    /// `disable-event`: the session has other rules.
    #[error("session {session} has no rule {glob:?}: `ust list {session}` shows those it has")]
    NoSuchRule {
        /// What was asked for.
        glob: String,
        /// Where.
        session: String,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SessionError {
    /// The kind of failure, as an exit code has it.
    pub fn cause(&self) -> Cause {
        match self {
            SessionError::NameTaken(_) => Cause::NameTaken,
            SessionError::Name { .. } | SessionError::Geometry(_) | SessionError::Glob { .. } => {
                Cause::Usage
            }
            SessionError::SnapshotMode | SessionError::LockLimit { .. } => Cause::Usage,
            SessionError::ShmDir(error) => error.cause(),
            SessionError::NoSnapshots(_) => Cause::WrongState,
            SessionError::Snapshot(..) => Cause::OutputNotWritable,
            SessionError::TooManySessions(_) | SessionError::RulesTooLong { .. } => Cause::TooMany,
            SessionError::OutputTaken { .. } | SessionError::ShmDirTaken { .. } => {
                Cause::OutputNotEmpty
            }
            SessionError::Output(error) => error.cause(),
            SessionError::NoSuch { .. } | SessionError::NoCurrent { .. } => Cause::NoSession,
            SessionError::AlreadyStarted(_) | SessionError::NotStarted(_) => Cause::WrongState,
            SessionError::NoSuchRule { .. } => Cause::NoSuchRule,
            SessionError::Engine(_) => Cause::Failed,
        }
    }
}

/// What can be named instead.
fn known(sessions: &[String]) -> String {
    if sessions.is_empty() {
        "`ust create` makes one".to_owned()
    } else {
        format!("name one of {}", sessions.join(", "))
    }
}
