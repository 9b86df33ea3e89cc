//! `ust create`: makes a session, inactive, which becomes the current one.

use crate::channel_args::ChannelArgs;
use crate::daemon::{ask, say, unexpected};
use crate::failure::Failure;
use crate::given_path::given_path;
use crate::session_args::SessionArgs;
use crate::stamp::stamp;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::control::protocol::{Reply, Request};
use ctf::printable;
use std::path::PathBuf;

/// Create a session; it becomes the current one
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name [default: auto-YYYYmmdd-HHMMSS]
    session: Option<String>,
    /// Directory for its traces: empty or new [default: ./SESSION-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR", value_parser = given_path())]
    output: Option<PathBuf>,
    /// Flight recorder: keep only the newest records, in the rings; `ust snapshot record` writes them
    #[arg(long)]
    snapshot: bool,
    #[command(flatten)]
    session_args: SessionArgs,
    #[command(
        flatten,
        next_help_heading = "The session's channel, unless `ust enable-channel` makes others"
    )]
    channel: ChannelArgs,
}

/// Creates it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let stamp = stamp();
    // The default name has the stamp already.
    let (name, default_output) = match arguments.session {
        Some(name) => (name.clone(), format!("{name}-{stamp}")),
        None => (format!("auto-{stamp}"), format!("auto-{stamp}")),
    };
    let shown = arguments.output.unwrap_or_else(|| default_output.into());
    // The daemon has a working directory of its own.
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(
            Cause::Usage,
            format_args!("--output {}: {}", printable::path(&shown), why(Attempt::Output, &error)),
        )
    })?;
    let text = format!("session {name} created, its traces go to {}", printable::path(&output));
    let options = arguments.session_args.options(arguments.snapshot)?;
    let channel = arguments.channel.into();
    match ask(Request::Create { name, output, options, channel })? {
        Reply::Created => say(&text),
        other => Err(unexpected(&other)),
    }
}
