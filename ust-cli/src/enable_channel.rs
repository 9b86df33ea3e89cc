//! `ust enable-channel`: makes a channel of a session, with rings of its own.

use crate::channel_args::ChannelArgs;
use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use consumerd::control::protocol::{Reply, Request};

/// Add a channel, with rings of its own, to a session that was never started. All channels of a session write into one
/// trace
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name: letters, digits, `_`, `-` and `.`
    name: String,
    /// The session [default: the current one]
    #[arg(long, short)]
    session: Option<String>,
    #[command(flatten)]
    channel: ChannelArgs,
    /// Accepted for users of lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}

/// Makes it.
pub fn run(Arguments { name, session, channel, .. }: Arguments) -> Result<u8, Failure> {
    let text = format!("channel {name} enabled in session");
    match ask(Request::EnableChannel { session, name, options: channel.into() })? {
        Reply::ChannelEnabled { session } => say(&format!("{text} {session}")),
        other => Err(unexpected(&other)),
    }
}
