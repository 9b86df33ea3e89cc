//! `ust recover`: writes what a crash left behind as traces that all readers read.
//!
//! ```text
//!   --shm-path directory   recorder and programs have died: what is in the rings        LeftBehind
//!   trace                  the machine went down: the packets whose checksum is right   ctf::recover
//! ```
//!
//! Nothing is removed or changed. So the command can be repeated, and what it could not recover can be recovered by
//! hand.

use crate::failure::Failure;
use crate::figures::{counted, outcome};
use crate::given_dir::{open_dir, tree_of};
use crate::given_path::given_path;
use crate::stamp::stamp;
use crate::summary::Summary;
use crate::summary_file::SummaryFile;
use crate::tell::tell;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::engine::{Counts, LeftBehind, SessionSummary, WHAT_TO_GIVE};
use consumerd::output::Output;
use consumerd::output_dir::OutputDir;
use ctf::dir::Tree;
use ctf::printable;
use ctf::read::ReadError;
use ctf::recover::DamagedTraces;
use std::path::{Path, PathBuf};

/// Write what a crash has left as traces: the rings in a --shm-path directory, or a damaged trace
///
/// Rings, after recorder and programs have died: the records that the recorder had not yet written to its own trace. If
/// it died while it was writing, records of up to a sub-buffer may be in both traces. Losses and overwritten records
/// are counted from each ring's beginning.
///
/// A trace, after the machine went down: the packets whose checksum is right and whose events the metadata describes.
/// Other packets are left out.
///
/// Nothing in DIR is changed: remove it when you have what you want.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The directory that was the recording's --shm-path, or its trace
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    /// Directory for the traces: empty or new [default: ./recovered-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR", value_parser = given_path())]
    output: Option<PathBuf>,
    /// Write what was recovered and lost to this file, as JSON
    #[arg(long, value_name = "FILE", value_parser = given_path())]
    summary: Option<PathBuf>,
}

/// Recovers it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let Arguments { dir, output, summary } = arguments;
    let left = Left::find(&dir)?;
    let shown = output.unwrap_or_else(|| PathBuf::from(format!("./recovered-{}", stamp())));
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(
            Cause::Usage,
            format_args!("--output {}: {}", printable::path(&shown), why(Attempt::Output, &error)),
        )
    })?;
    let summary_file = summary.map(SummaryFile::open).transpose()?;
    let output_dir = OutputDir::make(&output)?;
    let Outcome { summary, line, is_kept } = left.recover(output_dir.output())?;
    for error in &summary.errors {
        tell(error);
    }
    if let Some(file) = summary_file {
        file.write(&Summary::new(&summary, &[], &shown, None));
    }
    tell(&format!("{line}: {}", printable::path(&shown)));
    if is_kept {
        let _ = output_dir.keep();
    }
    Ok(if summary.errors.is_empty() { 0 } else { Cause::Unreadable.exit_code() })
}

/// What there is to recover.
enum Left {
    Rings(LeftBehind),
    Traces(DamagedTraces),
}

/// What was recovered.
struct Outcome {
    summary: SessionSummary,
    /// The closing line.
    line: String,
    is_kept: bool,
}

impl Left {
    fn find(dir: &Path) -> Result<Self, Failure> {
        let opened = open_dir(dir).map_err(|Failure { cause, text }| {
            Failure::new(cause, format_args!("{text}: {WHAT_TO_GIVE}"))
        })?;
        let tree = Tree::new(opened, dir.to_owned());
        match LeftBehind::find(tree.clone()) {
            Ok(rings) => Ok(Left::Rings(rings)),
            Err(of_rings) => match DamagedTraces::find(tree) {
                Ok(traces) => Ok(Left::Traces(traces)),
                // An error below `dir`, where traces may be.
                Err(ReadError::Io { path, source }) if path != dir => {
                    Err(Failure::new(Cause::Unreadable, ReadError::Io { path, source }))
                }
                Err(_) => Err(Failure::new(Cause::Unreadable, of_rings)),
            },
        }
    }

    fn recover(&self, output: &Output) -> Result<Outcome, Failure> {
        match self {
            Left::Rings(rings) => Ok(Outcome::of_rings(rings.recover(output))),
            Left::Traces(traces) => traces
                .recover(&tree_of(output)?)
                .map(Outcome::of_traces)
                .map_err(|error| Failure::new(Cause::OutputNotWritable, error)),
        }
    }
}

impl Outcome {
    fn of_rings(recovered: consumerd::engine::Recovered) -> Self {
        let unfinished = match recovered.holes {
            0 => String::new(),
            holes => format!("{}, ", counted(holes, "unfinished event", "unfinished events")),
        };
        let line = format!("{unfinished}{}", outcome(&recovered.summary));
        Self { line, is_kept: recovered.summary.all.recorded > 0, summary: recovered.summary }
    }

    fn of_traces(recovered: ctf::recover::Recovered) -> Self {
        let summary = SessionSummary {
            all: Counts { recorded: recovered.events, ..Counts::default() },
            processes: recovered.traces,
            errors: recovered.damages.iter().map(ToString::to_string).collect(),
            ..SessionSummary::default()
        };
        let line = format!(
            "{} recovered of {}",
            counted(recovered.events, "event", "events"),
            counted(recovered.traces, "process", "processes"),
        );
        Self { line, is_kept: recovered.traces > 0, summary }
    }
}
