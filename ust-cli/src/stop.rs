//! `ust stop`: when it returns, the files hold everything that was recorded.

use crate::daemon::{ask, code_of, nobody_connected, say, unexpected};
use crate::failure::Failure;
use crate::silence::explain;
use crate::tell::tell;
use consumerd::control::protocol::{Reply, Request};

/// Stop recording; what was recorded is in the files when this returns
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The session [default: the current one]
    session: Option<String>,
}

/// Stops it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    match ask(Request::Stop { session: arguments.session })? {
        Reply::Stopped { session, summary, snapshots } => {
            let lines = explain(&summary, snapshots.as_ref(), nobody_connected);
            lines.iter().for_each(|line| tell(line));
            summary.gone.iter().for_each(|gone| tell(gone));
            say(&format!("session {session} stopped"))?;
            Ok(code_of(&summary))
        }
        other => Err(unexpected(&other)),
    }
}
