//! Which event rules of which session: what `enable-event` and `disable-event` are given, and `record` in part.

use crate::tell::tell;
use consumerd::session::{DEFAULT_CHANNEL, complete_glob};
use std::borrow::Cow;

/// Event rules and their session.
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// Events as provider:name, with * and ? as wildcards, or all events of a provider; several in one word are parted by
    /// commas
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
    /// For hands that know lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}

impl RuleArgs {
    /// The rules, completed.
    pub fn globs(&self) -> Vec<String> {
        completed(&self.globs)
    }
}

/// Where rules stand, for a line that says what became of them.
pub fn place(channel: &str, session: &str) -> String {
    match channel {
        DEFAULT_CHANNEL => format!("session {session}"),
        channel => format!("channel {channel} of session {session}"),
    }
}

/// Event rules as they are understood, which is told where it is not as they were given.
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
