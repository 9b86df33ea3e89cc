//! What `ust` and the daemon say to each other: one request and one answer for each connection, a line of JSON each.
//!
//! ```text
//!   {"version":6,"minor":2,"request":{"Start":{"session":null}}}
//!   {"version":6,"minor":2,"answer":{"Ok":{"Started":{"session":"mysession","rules":1}}}}
//! ```
//!
//! A line that is no request of this version is answered with a refusal, in this form.

use crate::cause::Cause;
use crate::engine::SessionSummary;
use crate::session::{
    ChannelOptions, Overview, RuleOptions, SessionError, SessionOptions, SnapshotsTaken,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ust_core::version::{Mismatch, Version};

/// Version of this protocol.
pub const CONTROL: Version = Version { major: 6, minor: 2 };

/// The longest request, its line's end included.
pub const MAX_REQUEST_BYTES: usize = 64 << 10;

/// A client's request. `session` is `None` for the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Make a session.
    Create {
        /// Its name.
        name: String,
        /// Where its trace goes. Absolute: the daemon's working directory is not the client's.
        output: PathBuf,
        /// What holds for all its channels.
        options: SessionOptions,
        /// The options of its first channel, if no other is made.
        channel: ChannelOptions,
    },
    /// Make a channel.
    EnableChannel {
        /// In which session.
        session: Option<String>,
        /// Its name.
        name: String,
        /// Its options.
        options: ChannelOptions,
    },
    /// Add event rules.
    EnableEvent {
        /// To which session.
        session: Option<String>,
        /// To which channel of it; `None` for the one that is meant if no name is given.
        channel: Option<String>,
        /// The rules.
        rules: Vec<RuleOptions>,
    },
    /// Take event rules away.
    DisableEvent {
        /// From which session.
        session: Option<String>,
        /// From which channel of it; `None` for the one that is meant if no name is given.
        channel: Option<String>,
        /// Their patterns, as they were given; empty for all.
        patterns: Vec<String>,
    },
    /// Start recording.
    Start {
        /// Which session.
        session: Option<String>,
    },
    /// Stop recording; what was recorded is in the files when the answer comes.
    Stop {
        /// Which session.
        session: Option<String>,
    },
    /// Stop recording if need be, complete the trace, forget the session.
    Destroy {
        /// Which session.
        session: Option<String>,
    },
    /// Write what the rings hold now.
    Snapshot {
        /// Of which session.
        session: Option<String>,
    },
    /// The same as `List`, without the names of processes' events: its cost does not grow with them.
    Status,
    /// Show sessions and processes.
    List {
        /// Only this session; `None` for all.
        session: Option<String>,
        /// With the fields of events, and where programs have them.
        #[serde(default)]
        in_detail: bool,
    },
}

/// What the daemon did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The session exists and is the current one.
    Created,
    /// The channel exists.
    ChannelEnabled {
        /// In which session.
        session: String,
    },
    /// The rules are in force.
    Enabled {
        /// In which session.
        session: String,
        /// In which channel of it.
        channel: String,
        /// Patterns of those rules that it had before.
        already: Vec<String>,
    },
    /// The rules are gone.
    Disabled {
        /// From which session.
        session: String,
        /// From which channel of it.
        channel: String,
    },
    /// Connected processes are recording.
    Started {
        /// Which session.
        session: String,
        /// How many event rules it has.
        rules: usize,
    },
    /// Connected processes have stopped, and the files hold what they recorded.
    Stopped {
        /// Which session.
        session: String,
        /// What it has recorded so far.
        summary: SessionSummary,
        /// If it is a flight recorder, what it has written.
        snapshots: Option<SnapshotsTaken>,
    },
    /// The trace is complete.
    Destroyed {
        /// Which session.
        session: String,
        /// Where the trace is.
        output: PathBuf,
        /// What it recorded.
        summary: SessionSummary,
        /// If it was a flight recorder, what it wrote instead.
        snapshots: Option<SnapshotsTaken>,
    },
    /// What the session's rings held is in a trace.
    SnapshotTaken {
        /// Which session.
        session: String,
        /// Where the trace is.
        output: PathBuf,
        /// What is in it.
        summary: SessionSummary,
    },
    /// Sessions and processes.
    Listed {
        /// The daemon's process id.
        daemon_pid: u32,
        /// Sessions and processes.
        overview: Overview,
    },
}

/// Why the daemon refused a request. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The kind of reason, which becomes the exit code.
    pub cause: Cause,
    /// One line for the user.
    pub text: String,
}

impl From<SessionError> for Refusal {
    fn from(error: SessionError) -> Self {
        Self { cause: error.cause(), text: error.to_string() }
    }
}

/// The answer to a request.
pub type Answer = Result<Reply, Refusal>;

#[derive(Serialize, Deserialize)]
struct RequestLine {
    #[serde(flatten)]
    version: Version,
    request: Request,
}

#[derive(Serialize, Deserialize)]
struct AnswerLine {
    #[serde(flatten)]
    version: Version,
    answer: Answer,
}

/// Why a line could not be understood, or not be made.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other side speaks another version.
    #[error(
        "the other side speaks the control protocol of {0}: use `ust` and `ustconsumerd` of the same release"
    )]
    Version(#[from] Mismatch),
    /// The other side speaks a later minor, and the line has something that only that minor knows.
    #[error(
        "the other side sent something that version {0} of the control protocol has, and version {CONTROL} has not: \
         use `ust` and `ustconsumerd` of the same release"
    )]
    Later(Version),
    /// It is no such line, or a path in it is not UTF-8, which JSON cannot carry.
    #[error("not a line of the control protocol: {0}")]
    Json(#[from] serde_json::Error),
}

/// A request as a line, its end included.
///
/// # Errors
/// A path in it is not UTF-8.
pub fn request_line(request: Request) -> Result<Vec<u8>, LineError> {
    line(&RequestLine { version: CONTROL, request })
}

/// An answer as a line, its end included.
///
/// # Errors
/// A path in it is not UTF-8.
pub fn answer_line(answer: Answer) -> Result<Vec<u8>, LineError> {
    line(&AnswerLine { version: CONTROL, answer })
}

/// The request in an untrusted line.
///
/// # Errors
/// It is no request of this version.
pub fn parse_request(untrusted_line: &[u8]) -> Result<Request, LineError> {
    Ok(parse::<RequestLine>(untrusted_line)?.request)
}

/// The answer in a line.
///
/// # Errors
/// It is no answer of this version.
pub fn parse_answer(line: &[u8]) -> Result<Answer, LineError> {
    Ok(parse::<AnswerLine>(line)?.answer)
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, LineError> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, LineError> {
    // The version is parsed first: the rest of another version's line may have any form.
    let version: Version = serde_json::from_slice(line)?;
    CONTROL.check(version)?;
    serde_json::from_slice(line).map_err(|error| match version.minor > CONTROL.minor {
        true => LineError::Later(version),
        false => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_told_apart_from_garbage() {
        let line = request_line(Request::Start { session: None }).unwrap();
        assert_eq!(parse_request(&line).unwrap(), Request::Start { session: None });
        // A later version may say things that this one cannot parse.
        let version = |major, minor| {
            format!(r#"{{"version":{major},"minor":{minor},"request":{{"Rotate":{{}}}}}}"#)
        };
        let parse = |line: &str| parse_request(line.as_bytes());
        let Version { major, minor } = CONTROL;
        assert!(matches!(parse(&version(major + 1, 0)), Err(LineError::Version(_))));
        assert!(matches!(parse(&version(major, minor + 1)), Err(LineError::Later(_))));
        assert!(matches!(parse(&version(major, minor)), Err(LineError::Json(_))));
        // Before there were minors.
        assert!(matches!(parse(r#"{"version":5,"request":{}}"#), Err(LineError::Version(_))));
        assert!(matches!(parse("\x7fELF"), Err(LineError::Json(_))));
        let later = request_line(Request::Status).unwrap();
        let later = String::from_utf8(later).unwrap().replace(r#""minor":1"#, r#""minor":7"#);
        assert_eq!(parse(&later).unwrap(), Request::Status, "what is known is understood");
    }

    #[test]
    fn a_refusal_keeps_its_cause() {
        let refusal = Refusal { cause: Cause::NameTaken, text: "taken".into() };
        let line = answer_line(Err(refusal.clone())).unwrap();
        assert_eq!(line.last(), Some(&b'\n'));
        assert_eq!(parse_answer(&line).unwrap(), Err(refusal));
    }

    /// Its name in the program is another one.
    #[test]
    fn what_is_not_in_a_session_is_told_as_in_version_6_0() {
        let refusal = Refusal { cause: Cause::NotInSession, text: "no".into() };
        let line = String::from_utf8(answer_line(Err(refusal)).unwrap()).unwrap();
        assert!(line.contains(r#""cause":"NoSuchRule""#), "{line}");
    }
}
