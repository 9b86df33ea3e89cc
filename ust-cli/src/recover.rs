//! `ust recover`: what is in rings that were left behind by the death of both sides, as traces.
//!
//! Nothing is removed or changed: it can be done again, and by hand what it could not do.

use crate::failure::Failure;
use crate::figures::{counted, outcome};
use crate::stamp::stamp;
use crate::summary_file::SummaryFile;
use crate::tell;
use consumerd::cause::Cause;
use consumerd::engine::LeftBehind;
use consumerd::output_dir::OutputDir;
use std::path::PathBuf;

/// Write what the rings in a --shm-path directory hold as traces, after recorder and programs have died
///
/// What the dead recorder had written to its own trace is not written again; only if it died while it was writing,
/// records of up to a sub-buffer may stand in both. Losses and overwritten records are counted from each ring's
/// beginning. Nothing in DIR is changed: remove it when you have what you want.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The directory that was the recording's --shm-path
    dir: PathBuf,
    /// Directory for the traces: empty, or made [default: ./recovered-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write what was recovered and lost to this file, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

/// Recovers it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let left =
        LeftBehind::find(&arguments.dir).map_err(|error| Failure::new(Cause::Unreadable, error))?;
    let shown =
        arguments.output.unwrap_or_else(|| PathBuf::from(format!("./recovered-{}", stamp())));
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(Cause::Usage, format_args!("--output {}: {error}", shown.display()))
    })?;
    let output_dir = OutputDir::make(&output)?;
    let summary_file = arguments.summary.map(SummaryFile::open).transpose()?;
    let recovered = left.recover(&output);
    for error in &recovered.summary.errors {
        tell(error);
    }
    if let Some(file) = summary_file {
        file.write(&recovered.summary, &shown);
    }
    let unfinished = match recovered.holes {
        0 => String::new(),
        holes => format!("{}, ", counted(holes, "unfinished event", "unfinished events")),
    };
    tell(&format!("{unfinished}{}: {}", outcome(&recovered.summary), shown.display()));
    if recovered.summary.recorded > 0 {
        output_dir.keep();
    }
    let is_whole = recovered.summary.errors.is_empty();
    Ok(if is_whole { 0 } else { Cause::Unreadable.exit_code() })
}
