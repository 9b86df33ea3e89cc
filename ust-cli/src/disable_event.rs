//! `ust disable-event`: takes event rules away again.

use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use crate::rule_args::{RuleArgs, place};
use consumerd::control::protocol::{Reply, Request};

/// Take event rules from a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    rules: RuleArgs,
}

/// Disables them.
pub fn run(Arguments { rules }: Arguments) -> Result<u8, Failure> {
    let patterns = rules.globs();
    let what = if rules.all { "all event rules".to_owned() } else { patterns.join(", ") };
    let RuleArgs { session, channel, .. } = rules;
    match ask(Request::DisableEvent { session, channel, patterns })? {
        Reply::Disabled { session, channel } => {
            say(&format!("{what} disabled in {}", place(&channel, &session)))
        }
        other => Err(unexpected(&other)),
    }
}
