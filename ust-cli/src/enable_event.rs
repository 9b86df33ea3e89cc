//! `ust enable-event`: event rules for a session. They stand whether or not anything matches yet.

use crate::daemon::{ask, say_lines, unexpected};
use crate::failure::Failure;
use crate::rule_args::RuleArgs;
use consumerd::control::protocol::{Reply, Request};
use ctf::printable::printable;

/// Add event rules to a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    rules: RuleArgs,
}

/// Enables them.
pub fn run(Arguments { rules }: Arguments) -> Result<u8, Failure> {
    let globs = if rules.all { vec!["*".to_owned()] } else { rules.globs() };
    let request = Request::EnableEvent { session: rules.session, globs: globs.clone() };
    match ask(request)? {
        Reply::Enabled { session, already } => {
            let lines: Vec<String> = globs
                .iter()
                .map(|glob| {
                    let already = if already.contains(glob) { " already" } else { "" };
                    let (glob, session) = (printable(glob), printable(&session));
                    format!("event rule {glob} enabled{already} in session {session}")
                })
                .collect();
            say_lines(&lines.join("\n"))
        }
        other => Err(unexpected(&other)),
    }
}
