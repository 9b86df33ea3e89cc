//! `ust list`: sessions with their rules, and the connected processes with their events.

use crate::daemon::{ask, say_lines, unexpected};
use crate::failure::Failure;
use crate::overview::{processes_text, session_text};
use consumerd::control::protocol::{Reply, Request};

/// List sessions with their event rules, and connected processes with their events
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this session, and no processes
    session: Option<String>,
    /// Show of each event its fields, and where the program has it
    #[arg(long, conflicts_with = "session")]
    fields: bool,
}

/// Lists them.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let is_one = arguments.session.is_some();
    match ask(Request::List { session: arguments.session, in_detail: arguments.fields })? {
        Reply::Listed { overview, .. } => {
            let mut parts: Vec<String> = overview.sessions.iter().map(session_text).collect();
            if parts.is_empty() {
                parts.push("No session: `ust create` makes one.".to_owned());
            }
            if !is_one {
                parts.push(processes_text(&overview.processes));
            }
            say_lines(&parts.join("\n\n"))
        }
        other => Err(unexpected(&other)),
    }
}
