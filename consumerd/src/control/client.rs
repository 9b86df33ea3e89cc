//! The client: finds the daemon, makes sure that it is this user's, sends one request.
//!
//! Looking for a daemon makes nothing: if there is none, no runtime directory appears.

use super::protocol::{self, Answer, LineError, MAX_REQUEST_BYTES, Request};
use crate::advice::{Attempt, unusable, why};
use crate::cause::Cause;
use crate::peer::Peer;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use ust_core::paths::{RuntimeDir, RuntimeDirError};

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No daemon listens there.
    #[error(
        "no daemon serves {0}: start one (`ustconsumerd --daemonize`), or set UST_RUNTIME_DIR to the \
         directory of one that runs"
    )]
    NoDaemon(PathBuf),
    /// The runtime directory is not this user's own, or its path is too long.
    #[error("{}", unusable(.0))]
    RuntimeDir(#[from] RuntimeDirError),
    /// Another user's process listens there.
    #[error(
        "the daemon at {0} belongs to user {1}: set UST_RUNTIME_DIR to a directory of your own"
    )]
    Stranger(PathBuf, u32),
    /// This user may not connect.
    #[error("{0} cannot be connected to: {why}", why = why(Attempt::Connect, .1))]
    Connect(PathBuf, #[source] io::Error),
    /// The request is longer than any may be.
    #[error(
        "the request has {0} bytes, and may have {MAX_REQUEST_BYTES} at most: give fewer events"
    )]
    TooLong(usize),
    /// The daemon closed the connection without an answer.
    #[error("the daemon at {0} gave no answer: {why}", why = why(Attempt::Connect, .1))]
    Lost(PathBuf, #[source] io::Error),
    /// The daemon's answer is not understood, or the request cannot be expressed.
    #[error(transparent)]
    Line(#[from] LineError),
}

impl ClientError {
    /// The kind of failure, for the exit code.
    pub fn cause(&self) -> Cause {
        match self {
            ClientError::NoDaemon(_) => Cause::NoDaemon,
            ClientError::RuntimeDir(_) | ClientError::Stranger(..) | ClientError::Connect(..) => {
                Cause::RuntimeDir
            }
            ClientError::TooLong(_) => Cause::TooMany,
            ClientError::Lost(..) | ClientError::Line(_) => Cause::Failed,
        }
    }
}

/// Asks the daemon that serves `dir`, and waits for its answer.
///
/// # Errors
/// There is no daemon, it is another user's, or its answer is not understood.
pub fn ask(dir: &RuntimeDir, request: Request) -> Result<Answer, ClientError> {
    let line = protocol::request_line(request)?;
    if line.len() > MAX_REQUEST_BYTES {
        return Err(ClientError::TooLong(line.len()));
    }
    let mut socket = connect(dir)?;
    let lost = |error| ClientError::Lost(dir.path().to_owned(), error);
    socket.write_all(&line).map_err(lost)?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).map_err(lost)?;
    if answer.is_empty() {
        return Err(lost(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(protocol::parse_answer(&answer)?)
}

fn connect(dir: &RuntimeDir) -> Result<UnixStream, ClientError> {
    dir.check_length(0)?;
    let no_daemon = || ClientError::NoDaemon(dir.path().to_owned());
    match std::fs::symlink_metadata(dir.path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_daemon()),
        // The directory exists.
        _ => drop(dir.open()?),
    }
    let path = dir.control_socket();
    let socket = UnixStream::connect(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => no_daemon(),
        _ => ClientError::Connect(path.clone(), error),
    })?;
    let peer =
        Peer::of(&socket).map_err(|errno| ClientError::Connect(path.clone(), errno.into()))?;
    if !peer.is_ours() {
        return Err(ClientError::Stranger(path, peer.uid.as_raw()));
    }
    Ok(socket)
}
