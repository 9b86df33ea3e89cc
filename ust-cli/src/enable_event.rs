//! `ust enable-event`: adds event rules to a session. A rule holds whether or not any event matches yet.

use crate::daemon::{ask, say_lines, unexpected};
use crate::failure::Failure;
use crate::rule_args::{RuleArgs, place};
use consumerd::control::protocol::{Reply, Request};
use consumerd::session::RuleOptions;
use ctf::printable::printable;

/// Add event rules to a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    rules: RuleArgs,
}

/// Enables them.
pub fn run(Arguments { rules: given }: Arguments) -> Result<u8, Failure> {
    let globs = if given.all { vec!["*".to_owned()] } else { given.globs() };
    let rules = globs.iter().map(RuleOptions::of).collect();
    let RuleArgs { session, channel, .. } = given;
    match ask(Request::EnableEvent { session, channel, rules })? {
        Reply::Enabled { session, channel, already } => {
            let place = place(&channel, &session);
            let lines: Vec<String> = globs
                .iter()
                .map(|glob| {
                    let already = if already.contains(glob) { " already" } else { "" };
                    let (glob, place) = (printable(glob), printable(&place));
                    format!("event rule {glob} enabled{already} in {place}")
                })
                .collect();
            say_lines(&lines.join("\n"))
        }
        other => Err(unexpected(&other)),
    }
}
