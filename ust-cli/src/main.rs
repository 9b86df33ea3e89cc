//! `ust`: records programs, controls the daemon's sessions, shows traces.
//!
//! ```text
//!   ust record -- PROGRAM     engine in this process, private runtime directory     record/
//!   ust create, start, ...    one request to `ustconsumerd`                         create.rs, start.rs, ...
//!   ust recover DIR           traces from what a crash left                         recover.rs
//!   ust join DIR              traces of many processes as one                       join.rs
//!   ust view DIR              the `ctf` crate's reader                              view/
//!   ust stats DIR             figures of events and durations, differences              stats/
//!   ust analyze heap DIR      figures of the calls that the shim recorded           analyze/
//! ```
//!
//! One file for each command has its arguments and what it does. A command returns the exit code, or a
//! [`failure::Failure`], which is one line on standard error and the exit code of its [`Cause`]. `ust record` exits
//! with the traced program's own status; its own failures, wrong usage included, are above the codes that programs use.
#![deny(unsafe_code)]

mod analyze;
mod channel_args;
mod create;
mod daemon;
mod destroy;
mod disable_event;
mod enable_channel;
mod enable_event;
mod failure;
mod figures;
mod given_dir;
mod given_path;
mod join;
mod list;
mod mode;
mod overview;
mod record;
mod recover;
mod rule_args;
mod session_args;
mod silence;
mod size;
mod snapshot;
mod stamp;
mod start;
mod stats;
mod status;
mod stop;
mod summary;
mod summary_file;
mod tell;
mod view;

use clap::error::ContextValue;
use clap::{Parser, Subcommand};
use consumerd::cause::Cause;
use consumerd::reserve::Reserving;
use ctf::printable::{lines, printable};
use std::io::Write as _;
use std::process::ExitCode;

/// Records what instrumented programs do, and shows it.
///
/// `ust record -- PROGRAM` needs nothing else. The other commands control a daemon, ustconsumerd, that serves
/// $UST_RUNTIME_DIR (else $XDG_RUNTIME_DIR/ust, else /tmp/ust-UID).
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The exit codes of [`Cause`].
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    view, stats, analyze, join, recover: part of the input could not be read; stats, analyze: there is nothing of that
       kind;
       destroy, stop, snapshot, record: some of what was recorded is no longer where it was written
  2    wrong usage (record: 125)
  110  no daemon serves the runtime directory
  111  the runtime directory or its socket belongs to another user, or cannot be used
  112  the session's or channel's name is taken
  113  no such session, or no current one
  114  the output directory, or --shm-path, is not empty
  115  the output directory, or --shm-path, cannot be written to
  116  the session is started already, or is not started, or was started before
  117  the session has no such channel or event rule
  118  another daemon serves the runtime directory (ustconsumerd)
  119  too many sessions, channels or event rules
  125  any other failure of ust itself
  126  record: the program cannot be executed
  127  record: the program was not found
record exits with the program's own status, or with 128 + n if signal n killed it.";

#[derive(Debug, Subcommand)]
enum Command {
    Record(record::Arguments),
    Create(create::Arguments),
    EnableChannel(enable_channel::Arguments),
    EnableEvent(enable_event::Arguments),
    DisableEvent(disable_event::Arguments),
    Start(start::Arguments),
    Stop(stop::Arguments),
    Destroy(destroy::Arguments),
    Snapshot(snapshot::Arguments),
    List(list::Arguments),
    Status(status::Arguments),
    Recover(recover::Arguments),
    Join(join::Arguments),
    View(view::Arguments),
    Stats(stats::Arguments),
    Analyze(analyze::Arguments),
}

/// `ust record` embeds the engine.
#[global_allocator]
static ALLOCATOR: Reserving = Reserving;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(error),
    };
    let done = match arguments.command {
        Command::Record(arguments) => record::run(arguments),
        Command::Create(arguments) => create::run(arguments),
        Command::EnableChannel(arguments) => enable_channel::run(arguments),
        Command::EnableEvent(arguments) => enable_event::run(arguments),
        Command::DisableEvent(arguments) => disable_event::run(arguments),
        Command::Start(arguments) => start::run(arguments),
        Command::Stop(arguments) => stop::run(arguments),
        Command::Destroy(arguments) => destroy::run(arguments),
        Command::Snapshot(arguments) => snapshot::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Recover(arguments) => recover::run(arguments),
        Command::Join(arguments) => join::run(arguments),
        Command::View(arguments) => view::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
        Command::Analyze(arguments) => analyze::run(arguments),
    };
    match done {
        Ok(code) => code.into(),
        Err(failure) => {
            tell::tell(&failure.text);
            failure.cause.exit_code().into()
        }
    }
}

/// Prints help, the version, or what is wrong with the command line.
fn usage(error: clap::Error) -> ExitCode {
    // If this cannot be written, the user cannot be told either.
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // Without colours: they are escape sequences too.
    let text = quoting_harmlessly(error).render().to_string();
    let _ = write!(std::io::stderr(), "{}", lines(&text));
    // Exit code 2 could be the traced program's own.
    let is_record = std::env::args_os().nth(1).is_some_and(|command| command == "record");
    let cause = if is_record { Cause::Failed } else { Cause::Usage };
    cause.exit_code().into()
}

/// Makes the words that the error quotes printable, so that they begin no lines. One may be a file's name taken for a
/// command.
fn quoting_harmlessly(mut error: clap::Error) -> clap::Error {
    let quoted: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, printable(text).to_string())),
            _ => None,
        })
        .collect();
    for (kind, text) in quoted {
        error.insert(kind, ContextValue::String(text));
    }
    error
}
