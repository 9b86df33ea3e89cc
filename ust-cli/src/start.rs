//! `ust start`: when it returns, connected processes are recording.

use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use crate::tell::tell;
use consumerd::control::protocol::{Reply, Request};

/// Start recording
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The session [default: the current one]
    session: Option<String>,
}

/// Starts it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    match ask(Request::Start { session: arguments.session })? {
        Reply::Started { session, rules } => {
            if rules == 0 {
                tell(&format!(
                    "session {session} records nothing: it has no event rules, `ust enable-event` adds some"
                ));
            }
            say(&format!("session {session} started"))
        }
        other => Err(unexpected(&other)),
    }
}
