//! `ustconsumerd`: the daemon that takes rings from traced processes and writes them out as CTF.
//!
//! ```text
//!   arguments -> own signals -> background? -> log -> descriptors limit -> signals -> Daemon::bind -> ready -> run
//! ```
//!
//! Exits with 0 after SIGTERM or SIGINT, otherwise with the code of its [`Cause`]. The library `consumerd` does all the
//! work.
#![deny(unsafe_code)]

mod daemonize;
mod log;

use clap::Parser;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::daemon::{Daemon, DaemonError};
use consumerd::descriptors;
use consumerd::engine_args::EngineArgs;
use consumerd::given::{GivenError, GivenFile};
use consumerd::inherited::Inherited;
use consumerd::reserve::Reserving;
use consumerd::signals::{SIGINT, SIGTERM, Signals};
use ctf::printable::printable;
use daemonize::{Readiness, Side, daemonize};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;
use ust_core::paths::RuntimeDir;

/// Collects what traced processes record, for the sessions that `ust` controls.
///
/// It listens in $UST_RUNTIME_DIR (else $XDG_RUNTIME_DIR/ust, else /tmp/ust-UID) and runs until SIGTERM or
/// SIGINT, upon which it completes every trace and exits with 0.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Go into the background; return once the daemon listens
    #[arg(long, short)]
    daemonize: bool,
    #[command(flatten)]
    engine: EngineArgs,
    /// Log to this file instead of standard error
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Log more: what is done, and with -vv every detail
    #[arg(long, short, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("the log {0} cannot be opened: {1}")]
    Log(PathBuf, #[source] GivenError),
    #[error(
        "runtime directory {0} has no absolute path: {1}: set UST_RUNTIME_DIR to an absolute one"
    )]
    NoPath(PathBuf, #[source] io::Error),
    #[error("{0}: {why}", why = why(*.1, .2))]
    System(&'static str, Attempt, #[source] io::Error),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
}

impl StartError {
    fn cause(&self) -> Cause {
        match self {
            StartError::NoPath(..) => Cause::RuntimeDir,
            StartError::Log(..) | StartError::System(..) => Cause::Failed,
            StartError::Daemon(error) => error.cause(),
        }
    }
}

#[global_allocator]
static ALLOCATOR: Reserving = Reserving;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = Inherited::get().adopt() {
        return fail(&arguments, &StartError::System("signals cannot be set", Attempt::Own, error));
    }
    let mut readiness = None;
    if arguments.daemonize {
        match daemonize() {
            Ok(Side::Parent(code)) => return code.into(),
            Ok(Side::Daemon(word)) => readiness = Some(word),
            Err(error) => {
                return fail(
                    &arguments,
                    &StartError::System("cannot go into the background", Attempt::Fork, error),
                );
            }
        }
    }
    match serve(&arguments, &mut readiness) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = fail(&arguments, &error);
            if let Some(readiness) = readiness {
                // If this fails, there is no parent to tell.
                let _ = readiness.exit_parent(error.cause().exit_code());
            }
            code
        }
    }
}

/// Reports an error where the user looks: on standard error, which a daemon that has run no longer has, and in the log.
fn fail(arguments: &Arguments, error: &StartError) -> ExitCode {
    if arguments.log.is_some() {
        tracing::error!("{error}");
    }
    // If standard error cannot be written to, the user cannot be told.
    let _ = writeln!(io::stderr(), "ustconsumerd: {}", printable(&error.to_string()));
    error.cause().exit_code().into()
}

fn serve(arguments: &Arguments, readiness: &mut Option<Readiness>) -> Result<(), StartError> {
    // Made absolute before the working directory changes.
    let named_dir = RuntimeDir::from_environment();
    let dir = std::path::absolute(named_dir.path())
        .map_err(|error| StartError::NoPath(named_dir.path().to_owned(), error))?;
    start_log(arguments)?;
    // The daemon needs a ring file, a socket and a pidfd for each traced process.
    if let Err(error) = descriptors::raise_limit() {
        tracing::warn!(
            "the limit of open files stays as it is: {}",
            why(Attempt::Own, &error.into())
        );
    }
    let mut signals = Signals::handle(&[SIGTERM, SIGINT])
        .map_err(|error| StartError::System("signals cannot be handled", Attempt::Own, error))?;
    let options = arguments.engine.into();
    let daemon = Daemon::bind(RuntimeDir::at(dir), options)?;
    if let Some(readiness) = readiness.take() {
        readiness.ready().map_err(|error| {
            StartError::System("cannot go into the background", Attempt::Fork, error)
        })?;
    }
    Ok(daemon.run(&mut signals)?)
}

fn start_log(arguments: &Arguments) -> Result<(), StartError> {
    let level = match arguments.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    let open = |path: &PathBuf| {
        // Names of programs and files are in it, so it is for this user only.
        let opened = GivenFile::open(path, OFlags::APPEND, Mode::RUSR | Mode::WUSR);
        let given = opened.map_err(|error| StartError::Log(path.clone(), error))?;
        Ok::<File, StartError>(given.file)
    };
    log::start(arguments.log.as_ref().map(open).transpose()?, level);
    Ok(())
}
