//! `ust destroy`: completes a session's traces and forgets it. The traces stay.

use crate::daemon::{ask, code_of, nobody_connected, say, unexpected};
use crate::failure::Failure;
use crate::figures::{outcome, snapshots_outcome};
use crate::silence::explain;
use crate::tell::tell;
use consumerd::control::protocol::{Reply, Request};
use ctf::printable;

/// Forget a session, stopping it if need be; its traces stay
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The session [default: the current one]
    session: Option<String>,
}

/// Destroys it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    match ask(Request::Destroy { session: arguments.session })? {
        Reply::Destroyed { session, output, summary, snapshots } => {
            summary.errors.iter().for_each(|error| tell(error));
            let lines = explain(&summary, snapshots.as_ref(), nobody_connected);
            lines.iter().for_each(|line| tell(line));
            let outcome = snapshots.as_ref().map_or_else(|| outcome(&summary), snapshots_outcome);
            say(&format!("session {session} destroyed: {outcome}: {}", printable::path(&output)))?;
            Ok(code_of(&summary))
        }
        other => Err(unexpected(&other)),
    }
}
