//! `ust join`: the traces of many processes as one, for readers that cannot open as many files as there are.

use crate::failure::Failure;
use crate::figures::counted;
use crate::given_path::given_path;
use crate::stamp::stamp;
use crate::tell;
use consumerd::cause::Cause;
use consumerd::output_dir::OutputDir;
use consumerd::uuid;
use ctf::join::{JoinError, Joined, join};
use ctf::printable;
use std::path::PathBuf;

/// Write the traces of many processes as one trace
///
/// Readers such as babeltrace2 hold every stream file open at once: a recording of more processes than they may open
/// files (ulimit -n) is closed to them. The joined trace has all events in one stream; whose each is (vpid, vtid or
/// cpu_id, procname) stands in its context, and lost events are counted where they are missing. Traces with different
/// clocks are joined clock by clock, into OUTPUT/1, OUTPUT/2, ...
///
/// Nothing in DIR is changed. Join when the recording has ended.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The recording: a directory with traces below it
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    /// Directory for the joined trace: empty, or made [default: ./joined-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR", value_parser = given_path())]
    output: Option<PathBuf>,
}

/// Joins them.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let shown = arguments.output.unwrap_or_else(|| PathBuf::from(format!("./joined-{}", stamp())));
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(Cause::Usage, format_args!("--output {}: {error}", printable::path(&shown)))
    })?;
    let output_dir = OutputDir::make(&output)?;
    let joined = join(&arguments.dir, &output, uuid::new)?;
    output_dir.keep();
    joined.errors.iter().for_each(|error| tell(&error.to_string()));
    if joined.missing_packets > 0 {
        let missing = counted(joined.missing_packets, "packet is", "packets are");
        tell(&format!("{missing} missing: `ust view` tells where"));
    }
    tell(&format!("{}: {}", outcome(&joined), printable::path(&shown)));
    Ok(if joined.errors.is_empty() { 0 } else { Cause::Unreadable.exit_code() })
}

fn outcome(joined: &Joined) -> String {
    format!(
        "{} of {} joined, {} lost when recorded",
        counted(joined.events, "event", "events"),
        counted(joined.traces, "process", "processes"),
        counted(joined.lost, "event", "events"),
    )
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        let cause = match error {
            JoinError::Read(_) | JoinError::Foreign(_) => Cause::Unreadable,
            JoinError::Write { .. } => Cause::OutputNotWritable,
        };
        Self::new(cause, error)
    }
}
