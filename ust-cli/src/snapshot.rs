//! `ust snapshot record`: writes what a flight recorder holds now as a trace of its own.

use crate::daemon::{ask, code_of, say, unexpected};
use crate::failure::Failure;
use crate::figures::outcome;
use crate::tell::tell;
use consumerd::control::protocol::{Reply, Request};
use ctf::printable;

/// Take a snapshot of a session that was created with --snapshot
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Write what its rings hold now to OUTPUT/snapshot-N. Recording goes on, and more snapshots can be taken
    Record {
        /// The session [default: the current one]
        session: Option<String>,
    },
}

/// Takes it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let Verb::Record { session } = arguments.verb;
    match ask(Request::Snapshot { session })? {
        Reply::SnapshotTaken { session, output, summary } => {
            summary.errors.iter().for_each(|error| tell(error));
            let outcome = outcome(&summary);
            say(&format!(
                "snapshot of session {session}: {outcome}: {}",
                printable::path(&output)
            ))?;
            Ok(code_of(&summary))
        }
        other => Err(unexpected(&other)),
    }
}
