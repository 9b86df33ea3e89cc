//! `ust join`: writes the traces of many processes as one, for readers that cannot open as many files as there are.

use crate::failure::Failure;
use crate::figures::counted;
use crate::given_dir::{open_dir, tree_of};
use crate::given_path::given_path;
use crate::stamp::stamp;
use crate::summary_file::SummaryFile;
use crate::tell::tell;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::output_dir::OutputDir;
use consumerd::uuid;
use ctf::dir::Tree;
use ctf::join::{JoinError, Joined, Process, join};
use ctf::printable;
use serde::Serialize;
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Write the traces of many processes as one trace
///
/// Readers such as babeltrace2 hold every stream file open at once, so they cannot read a recording of more processes
/// than they may open files (ulimit -n). The joined trace has all events in one stream. Each event's context says whose
/// it is (vpid, vtid or cpu_id, procname), and lost events are counted where they are missing. Facts on which the
/// traces differ are in its environment, as process_VPID_NAME. Traces with different clocks are joined clock by clock,
/// into OUTPUT/1, OUTPUT/2, ...
///
/// Nothing in DIR is changed. Join when the recording has ended.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The recording: a directory with traces below it
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    /// Directory for the joined trace: empty or new [default: ./joined-YYYYmmdd-HHMMSS]
    #[arg(long, short, value_name = "DIR", value_parser = given_path())]
    output: Option<PathBuf>,
    /// Write what was joined and lost of each process to this file, as JSON
    #[arg(long, value_name = "FILE", value_parser = given_path())]
    summary: Option<PathBuf>,
}

/// At most this many processes get a line about what they lost; the summary has all.
const MAX_TOLD_PROCESSES: usize = 8;

/// Joins them.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let shown = arguments.output.unwrap_or_else(|| PathBuf::from(format!("./joined-{}", stamp())));
    let output = std::path::absolute(&shown).map_err(|error| {
        Failure::new(
            Cause::Usage,
            format_args!("--output {}: {}", printable::path(&shown), why(Attempt::Output, &error)),
        )
    })?;
    let from = Tree::new(open_dir(&arguments.dir)?, arguments.dir);
    let summary_file = arguments.summary.map(SummaryFile::open).transpose()?;
    let output_dir = OutputDir::make(&output)?;
    let joined = join(from, &tree_of(output_dir.output())?, uuid::new)?;
    output_dir.keep();
    joined.errors.iter().for_each(|error| tell(&error.to_string()));
    incomplete(&joined.processes).iter().for_each(|line| tell(line));
    if let Some(file) = summary_file {
        file.write(&Summary::of(&joined, &shown));
    }
    tell(&format!("{}: {}", outcome(&joined), printable::path(&shown)));
    Ok(if joined.errors.is_empty() { 0 } else { Cause::Unreadable.exit_code() })
}

/// A line for each process of which something is missing, those that lack most first, and one line for the rest.
fn incomplete(processes: &[Process]) -> Vec<String> {
    let lacks = |process: &&Process| (process.lost, process.missing_packets) != (0, 0);
    let mut lacking: Vec<&Process> = processes.iter().filter(lacks).collect();
    lacking.sort_by_key(|process| Reverse((process.lost, process.missing_packets)));
    let (told, rest) = lacking.split_at(lacking.len().min(MAX_TOLD_PROCESSES));
    let line = |process: &&Process| {
        let name = process.path.file_name().unwrap_or(process.path.as_os_str());
        let lack = lack(process.lost, process.missing_packets);
        format!("{}: {lack}", printable::os(name))
    };
    let mut lines: Vec<String> = told.iter().map(line).collect();
    if !rest.is_empty() {
        let sum = |of: fn(&Process) -> u64| {
            rest.iter().fold(0, |sum: u64, process| sum.saturating_add(of(process)))
        };
        let lack = lack(sum(|it| it.lost), sum(|it| it.missing_packets));
        let more = counted(rest.len() as u64, "more process", "more processes");
        lines.push(format!("{more}: {lack}: `--summary FILE` lists each"));
    }
    lines
}

fn lack(lost: u64, missing_packets: u64) -> String {
    let lost = counted(lost, "event lost while recording", "events lost while recording");
    match missing_packets {
        0 => lost,
        missing => {
            let missing = counted(missing, "packet is", "packets are");
            format!("{lost}, {missing} missing (`ust view` shows where)")
        }
    }
}

/// The summary.
#[derive(Debug, Serialize)]
struct Summary {
    events: u64,
    lost: u64,
    missing_packets: u64,
    processes: Vec<OfProcess>,
    errors: Vec<String>,
    trace: String,
}

#[derive(Debug, Serialize)]
struct OfProcess {
    trace: String,
    events: u64,
    lost: u64,
    missing_packets: u64,
}

impl Summary {
    fn of(joined: &Joined, output: &Path) -> Self {
        let of_process = |process: &Process| OfProcess {
            trace: process.path.to_string_lossy().into_owned(),
            events: process.events,
            lost: process.lost,
            missing_packets: process.missing_packets,
        };
        Self {
            events: joined.events,
            lost: joined.lost,
            missing_packets: joined.missing_packets,
            processes: joined.processes.iter().map(of_process).collect(),
            errors: joined.errors.iter().map(ToString::to_string).collect(),
            trace: output.to_string_lossy().into_owned(),
        }
    }
}

fn outcome(joined: &Joined) -> String {
    format!(
        "{} of {} joined, {} lost while recording",
        counted(joined.events, "event", "events"),
        counted(joined.processes.len() as u64, "process", "processes"),
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
