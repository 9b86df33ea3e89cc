//! `ust disable-event`: takes event rules away again.

use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use crate::rule_args::RuleArgs;
use consumerd::control::protocol::{Reply, Request};

/// Take event rules from a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    rules: RuleArgs,
}

/// Disables them.
pub fn run(Arguments { rules }: Arguments) -> Result<u8, Failure> {
    let globs = rules.globs();
    let what = if rules.all { "all event rules".to_owned() } else { globs.join(", ") };
    match ask(Request::DisableEvent { session: rules.session, globs })? {
        Reply::Disabled { session } => say(&format!("{what} disabled in session {session}")),
        other => Err(unexpected(&other)),
    }
}
