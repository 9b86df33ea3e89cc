//! `ust disable-event`: takes event rules away again.

use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use consumerd::control::protocol::{Reply, Request};

/// Take event rules from a session, in force at once if it is started
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Rules as they were given to enable-event; several in one word are parted by commas
    #[arg(value_name = "GLOB", value_delimiter = ',', required_unless_present = "all")]
    globs: Vec<String>,
    /// All rules of the session
    #[arg(long, short, conflicts_with = "globs")]
    all: bool,
    /// The session [default: the current one]
    #[arg(long, short)]
    session: Option<String>,
    /// For hands that know lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}

/// Disables them.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let globs = arguments.globs;
    let what = if arguments.all { "all event rules".to_owned() } else { globs.join(", ") };
    match ask(Request::DisableEvent { session: arguments.session, globs })? {
        Reply::Disabled { session } => say(&format!("{what} disabled in session {session}")),
        other => Err(unexpected(&other)),
    }
}
