//! `ust record`: runs a program with the consumer in this process, without a daemon or set-up.
//!
//! ```text
//!   look     program found?  output free?  options in range?     makes nothing
//!   make     summary file, private runtime directory, engine, output directory    undone if what follows fails
//!   publish  rules first, so that the first event of `main` is recorded
//!   spawn    the program, its UST_RUNTIME_DIR pointing here, everything else as this process inherited it
//!   serve    until it has ended: agents, full sub-buffers, signals to pass on
//!   close    takes in what is queued, completes the traces, prints one closing line
//! ```
//!
//! The program's input, output and fate are its own: it runs on if this process is killed, and its exit status
//! is this one's. Processes that it leaves behind run on too, unrecorded from then on.

mod child;
mod elf_file;
mod executable;
mod instrumented;
mod launch;
mod needed;
mod nobody;
mod preload;
mod private_dir;
mod program;
mod snapshots;

use crate::channel_args::ChannelArgs;
use crate::failure::Failure;
use crate::figures::{outcome, snapshots_outcome};
use crate::given_path::given_path;
use crate::rule_args::completed;
use crate::session_args::SessionArgs;
use crate::silence::{explain, still_running_text};
use crate::stamp::stamp;
use crate::summary::Summary;
use crate::summary_file::SummaryFile;
use crate::tell::tell;
use child::{Child, Ended};
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::descriptors;
use consumerd::engine::{Engine, Reach, SessionSummary, SessionUid};
use consumerd::engine_args::EngineArgs;
use consumerd::inherited::Inherited;
use consumerd::limits::MAX_NAMED_PROCESSES;
use consumerd::output_dir::OutputDir;
use consumerd::session::{
    ChannelOptions, DEFAULT_CHANNEL, SessionError, SnapshotsTaken, check_rules,
};
use consumerd::signals::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, Signals};
use ctf::printable;
use instrumented::Images;
use nobody::{Shim, left_running, nobody_connected};
use preload::PreloadArgs;
use private_dir::PrivateDir;
use program::Program;
use rustix::event::{PollFd, PollFlags, poll};
use snapshots::{SnapshotOn, Snapshots, explain_none};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::EventRule;

/// Run a program and record its events
///
/// Exits with the program's own status, or with 128 + n if signal n killed it; with 1 in place of 0 if what was
/// recorded is no longer where it was written.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directory for the traces: empty or new [default: ./PROGRAM-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR", value_parser = given_path())]
    output: Option<PathBuf>,
    /// Events to record, as provider:name with * and ? as wildcards, or a provider's name for all its events; may be
    /// repeated
    #[arg(long, short, value_name = "GLOB", value_delimiter = ',', default_value = "*")]
    event: Vec<String>,
    #[command(flatten)]
    preload: PreloadArgs,
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    /// Flight recorder: keep only the newest records, in the rings, and write a snapshot of them when this happens; may
    /// be repeated
    #[arg(long, value_name = "WHEN", value_enum, value_delimiter = ',')]
    snapshot_on: Vec<SnapshotOn>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Write what was recorded and lost to this file, as JSON
    #[arg(long, value_name = "FILE", value_parser = given_path())]
    summary: Option<PathBuf>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM")]
    command: Vec<OsString>,
}

/// Records it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    Inherited::get().adopt().map_err(Failure::system("signals cannot be set", Attempt::Own))?;
    if let Err(error) = descriptors::raise_limit() {
        let reason = error.into();
        tell(&format!("the limit of open files stays as it is: {}", why(Attempt::Own, &reason)));
    }
    let program = Program::find(&arguments.command)?;
    let shown = arguments
        .output
        .unwrap_or_else(|| PathBuf::from(format!("./{}-{}", program.name(), stamp())));
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(
            Cause::Failed,
            format_args!("--output {}: {}", printable::path(&shown), why(Attempt::Output, &error)),
        )
    })?;
    OutputDir::check(&output)?;
    let preload = arguments.preload;
    let has_shim = preload.is_wanted_for(&program);
    let events = completed(&arguments.event);
    let patterns = has_shim.then(|| preload.patterns(&events));
    let rules = rules(events, patterns);
    check_rules(&rules).map_err(own)?;
    let variables = has_shim.then(|| preload::variables_for(&program, &preload.options()));
    let mut shim = if has_shim { Shim::Loaded } else { Shim::NotWanted };
    let variables = variables.unwrap_or(Ok(Vec::new())).unwrap_or_else(|why| {
        shim = Shim::Refused;
        tell(&format!("{why}; the program runs without the shim"));
        Vec::new()
    });
    if let Some(why) = preload::stale_header(&program.file) {
        tell(&why);
    }
    let mut snapshots = Snapshots::new(arguments.snapshot_on, &output);
    let options = arguments.session.options(snapshots.are_wanted()).map_err(as_own)?;
    let mut config = options.session(output.clone()).map_err(own)?;
    let channel = ChannelOptions::from(arguments.channel);
    let channel = channel.channel(DEFAULT_CHANNEL, options.is_snapshot).map_err(own)?;

    let summary_file = arguments.summary.map(SummaryFile::open).transpose()?;
    let private_dir = PrivateDir::make()?;
    let mut engine = Engine::bind(private_dir.runtime_dir().clone(), arguments.engine.into())?;
    let output_dir = OutputDir::make(&output)?;
    config.shm_dir = options.make_shm_dir().map_err(|error| own(error.into()))?;
    let session = engine.add_session_to(config, output_dir.output().clone());
    let channel = engine.add_channel(session, channel);
    engine.set_rules(channel, rules);
    engine.set_active(session, true);
    engine.publish()?;
    let mut signals = Signals::handle(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT])
        .map_err(Failure::system("signals cannot be handled", Attempt::Own))?;
    let child = Child::spawn(&program, private_dir.runtime_dir(), variables);
    // Removing the session also removes the directory for ring files.
    let child = child.inspect_err(|_| drop(engine.remove_session(session)))?;

    // From here on the program runs, and nothing that goes wrong is undone.
    let _ = output_dir.keep();
    let mut images = Images::default();
    images.look(child.pid());
    let ended = serve(&mut engine, &child, &mut signals, |engine| {
        snapshots.answer(engine, session);
        images.look(child.pid());
    })?;
    let (all, snapshots) = close(&mut engine, session, snapshots, ended);
    let last = snapshots.as_ref().and_then(|taken| taken.last.clone());
    let reach = all.reach.clone();
    let summary = last.map_or(all, |last| SessionSummary { reach, ..last });
    let nobody = || nobody_connected(&program, &images, ended, shim);
    let mut notes = explain(&summary, snapshots.as_ref(), nobody);
    notes.extend(snapshots.as_ref().and_then(|taken| explain_none(taken, ended)));
    notes.extend(still_running(&summary, private_dir.runtime_dir()));
    summary.errors.iter().chain(&notes).for_each(|line| tell(line));
    if let Some(file) = summary_file {
        let snapshots = snapshots.as_ref().map(|taken| taken.count);
        file.write(&Summary::new(&summary, &notes, &shown, snapshots));
    }
    let outcome = snapshots.as_ref().map_or_else(|| outcome(&summary), snapshots_outcome);
    tell(&format!("{outcome}: {}", printable::path(&shown)));
    Ok(if summary.gone.is_some() { ended.code.max(1) } else { ended.code })
}

/// The rules: the events that the user named, and those of the shim, if it is loaded: what is wanted of it, and all others. `*`
/// means the program's own events, and no set that was not asked for.
fn rules(events: Vec<String>, shim: Option<(Vec<String>, Vec<String>)>) -> Vec<EventRule> {
    let mut rules: Vec<_> = events.into_iter().map(EventRule::of).collect();
    if let Some((wanted, others)) = shim {
        for rule in rules.iter_mut().filter(|rule| ["*", "*:*"].contains(&rule.pattern.as_str())) {
            rule.exclusions.clone_from(&others);
        }
        rules.extend(wanted.into_iter().map(EventRule::of));
    }
    rules
}

/// The failure for a wrong value on `record`'s command line. Its exit code is not 2, which could be the program's own.
fn own(error: SessionError) -> Failure {
    match &error {
        SessionError::ShmDir(dir_error) if dir_error.cause() != Cause::Usage => {
            Failure::new(dir_error.cause(), error)
        }
        _ => Failure::new(Cause::Failed, error),
    }
}

/// The same for a failure that this crate found.
fn as_own(failure: Failure) -> Failure {
    Failure::new(Cause::Failed, failure.text)
}

/// Records until the program has ended, and calls `each_turn` after each turn of the engine.
fn serve(
    engine: &mut Engine,
    child: &Child,
    signals: &mut Signals,
    mut each_turn: impl FnMut(&mut Engine),
) -> Result<Ended, Failure> {
    loop {
        let polled = engine.poll(&[child.as_fd(), signals.as_fd()], None);
        each_turn(engine);
        match polled {
            Ok(ready) if ready.contains(&0) => return child.wait(),
            Ok(_) => {
                for arrived in signals.take() {
                    child.pass_on(arrived);
                }
            }
            Err(error) => {
                tell(&format!("recording has ended, the program runs on: {error}"));
                return see_out(child, signals);
            }
        }
    }
}

/// Waits for the program's end without an engine. Signals are still the program's.
fn see_out(child: &Child, signals: &mut Signals) -> Result<Ended, Failure> {
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended);
        }
        for arrived in signals.take() {
            child.pass_on(arrived);
        }
        let mut fds =
            [child.as_fd(), signals.as_fd()].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        if poll(&mut fds, None).is_err() {
            // Interrupted, or poll(2) failed as it did in the engine.
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Completes the traces: what was recorded, and the snapshots of a flight recorder.
fn close(
    engine: &mut Engine,
    session: SessionUid,
    mut snapshots: Snapshots,
    ended: Ended,
) -> (SessionSummary, Option<SnapshotsTaken>) {
    // One more look: processes that died with the program are recovered before their streams are closed.
    if let Err(error) = engine.poll(&[], Some(Duration::ZERO)) {
        tell(&format!("the last records may be missing: {error}"));
    }
    snapshots.end(engine, session, ended);
    let all = engine.remove_session(session);
    engine.shut_down();
    (all, snapshots.into_taken())
}

/// The line about processes that the program leaves behind.
fn still_running(summary: &SessionSummary, dir: &RuntimeDir) -> Option<String> {
    let Reach { connected, still_run, running, .. } = &summary.reach;
    match connected {
        0 => {
            let left = left_running(dir);
            still_running_text(left.len() as u64, &left[..left.len().min(MAX_NAMED_PROCESSES)])
        }
        _ => still_running_text(*still_run, running),
    }
}
