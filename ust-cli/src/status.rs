//! `ust status`: the daemon and the current session.

use crate::daemon::{ask, say_lines, unexpected};
use crate::failure::Failure;
use crate::figures::counted;
use crate::overview::session_text;
use consumerd::control::protocol::{Reply, Request};
use ctf::printable;
use ust_core::paths::RuntimeDir;

/// Show the daemon and the current session
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Shows it.
pub fn run(_: Arguments) -> Result<u8, Failure> {
    match ask(Request::Status)? {
        Reply::Listed { daemon_pid, overview } => {
            let daemon = format!(
                "Daemon {daemon_pid} serves {}: {}, {}.",
                printable::path(RuntimeDir::from_environment().path()),
                counted(overview.sessions.len() as u64, "session", "sessions"),
                counted(
                    overview.processes.len() as u64,
                    "connected process",
                    "connected processes"
                ),
            );
            let current = overview.sessions.iter().find(|session| session.is_current);
            let session = current.map_or_else(
                || "No current session: `ust create` makes one.".to_owned(),
                session_text,
            );
            let notes: String = overview.notes.iter().map(|note| format!("{note}\n")).collect();
            say_lines(&format!("{daemon}\n{notes}\n{session}"))
        }
        other => Err(unexpected(&other)),
    }
}
