//! The event rules, and their session, that `enable-event` and `disable-event` are given. `record` uses a part.

use crate::tell::tell;
use consumerd::session::{DEFAULT_CHANNEL, complete_glob};
use std::borrow::Cow;

/// Event rules and their session.
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// Events as provider:name with * and ? as wildcards, or a provider's name for all its events; commas separate
    /// several
    #[arg(value_name = "GLOB", value_delimiter = ',', required_unless_present = "all")]
    globs: Vec<String>,
    /// All of them
    #[arg(long, short, conflicts_with = "globs")]
    pub all: bool,
    /// The session [default: the current one]
    #[arg(long, short)]
    pub session: Option<String>,
    /// The channel [default: channel0, or the only one there is]
    #[arg(long, short)]
    pub channel: Option<String>,
    /// Accepted for users of lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}

impl RuleArgs {
    /// The rules, completed.
    pub fn globs(&self) -> Vec<String> {
        completed(&self.globs)
    }
}

/// Names the place of rules, for a line that says what became of them.
pub fn place(channel: &str, session: &str) -> String {
    match channel {
        DEFAULT_CHANNEL => format!("session {session}"),
        channel => format!("channel {channel} of session {session}"),
    }
}

/// Completes event rules. The user gets a line for each that is not taken as it was given.
pub fn completed(given: &[String]) -> Vec<String> {
    let complete = |given: &String| match complete_glob(given) {
        Cow::Borrowed(glob) => glob.to_owned(),
        Cow::Owned(glob) => {
            tell(&format!("event rule {given} has no colon and is taken as {glob}"));
            glob
        }
    };
    given.iter().map(complete).collect()
}
