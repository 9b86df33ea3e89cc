//! `ust enable-event`: event rules for a session. They stand whether or not anything matches yet.

use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use consumerd::control::protocol::{Reply, Request};

/// Add event rules to a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Events as provider:name, with * and ? as wildcards; several in one word are parted by commas
    #[arg(value_name = "GLOB", value_delimiter = ',', required_unless_present = "all")]
    globs: Vec<String>,
    /// All events, as '*'
    #[arg(long, short, conflicts_with = "globs")]
    all: bool,
    /// The session [default: the current one]
    #[arg(long, short)]
    session: Option<String>,
    /// For hands that know lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}

/// Enables them.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let globs = if arguments.all { vec!["*".to_owned()] } else { arguments.globs };
    let request = Request::EnableEvent { session: arguments.session, globs: globs.clone() };
    match ask(request)? {
        Reply::Enabled { session, already } => {
            let lines: Vec<String> = globs
                .iter()
                .map(|glob| {
                    let already = if already.contains(glob) { " already" } else { "" };
                    format!("event rule {glob} enabled{already} in session {session}")
                })
                .collect();
            say(&lines.join("\n"))
        }
        other => Err(unexpected(&other)),
    }
}
