//! `ust stats`: figures of traces: events, losses, durations; and what changed between two recordings.
//!
//! ```text
//!   ctf_analysis::Stats --> Report --.--> text       tables
//!                                    |--> histogram  one name's durations as bars
//!                                    |--> JSON       the report as it is
//!                                    '--> Diff --> changes, JSON
//! ```
//!
//! What cannot be read is told on standard error, and everything else is counted.

mod changes;
mod histogram;
mod text;

use crate::failure::Failure;
use crate::given_dir::open_dir;
use crate::given_path::given_path;
use crate::tell::tell;
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use ctf::dir::Tree;
use ctf::printable::{self, printable};
use ctf::read::Records;
use ctf_analysis::diff::Diff;
use ctf_analysis::limits::PAIRS_MAX;
use ctf_analysis::report::Report;
use ctf_analysis::{Pair, Stats};
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;

/// Count a trace's events, what was lost, and how long functions and spans took
///
/// A duration is a field `duration` of an event (spans, async functions, calls of the C library), the time from an event
/// NAME_entry to NAME_exit of the same thread, or the time between two events that --pair names. p50, p90 and p99 are what
/// 50, 90 and 99 of 100 durations do not exceed; self is the time without what other spans of the thread took meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Traces, or directories with traces below them; all are counted together
    #[arg(value_name = "TRACE", value_parser = given_path(), default_value = ".")]
    traces: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Compare two traces, the one before and the one after: what got slower or faster, what became more or less
    #[arg(long)]
    diff: bool,
    /// Measure the time from each event BEGIN to the next event END: of the same thread, or with the same value of the field
    /// KEY in the same process
    #[arg(long = "pair", value_name = "BEGIN,END[,KEY]")]
    pairs: Vec<Pair>,
    /// Show how the durations of this name are distributed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["json", "diff"])]
    histogram: Option<String>,
    /// How long a list may be; JSON has all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

const EXAMPLES: &str = "\
Examples:
  ust record -o OUT -- ./server                      record
  ust stats OUT                                      what took how long
  ust stats --histogram shop:request OUT             how long requests took: one hump, or two?
  ust stats --pair shop:sent,shop:answered,id OUT    from each question to the answer with the same id
  ust stats --diff BEFORE AFTER                      what got slower";

/// Counts and prints.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let Arguments { traces, json, diff, pairs, histogram, top } = arguments;
    if pairs.len() > PAIRS_MAX {
        let text = format!("at most {PAIRS_MAX} pairs can be measured at once");
        return Err(Failure::new(Cause::Usage, text));
    }
    if diff {
        let [before, after] = &traces[..] else {
            let text = "--diff compares two traces: ust stats --diff BEFORE AFTER";
            return Err(Failure::new(Cause::Usage, text));
        };
        let before = counted(std::slice::from_ref(before), &pairs)?;
        let after = counted(std::slice::from_ref(after), &pairs)?;
        let diff = Diff::of(&before, &after);
        let shown = if json { as_json(&diff)? } else { changes::text(&diff, top) };
        return print(&shown, before.is_damaged || after.is_damaged);
    }
    let report = counted(&traces, &pairs)?;
    let shown = match histogram {
        Some(name) => histogram::text(&report, &name)?,
        None if json => as_json(&report)?,
        None => text::text(&report, top),
    };
    print(&shown, report.is_damaged)
}

/// The figures of these traces together.
fn counted(traces: &[PathBuf], pairs: &[Pair]) -> Result<Report, Failure> {
    let mut stats = Stats::new(pairs.to_vec());
    for path in traces {
        let tree = Tree::new(open_dir(path)?, path.clone());
        let records = Records::open_in(tree);
        let records = records.map_err(|error| Failure::new(Cause::Unreadable, error))?;
        stats.read(records, |error| tell(&error.to_string()));
    }
    let report = stats.report();
    for name in pairs.iter().flat_map(|pair| [&pair.begin, &pair.end]) {
        let shown = printable(name).to_string();
        if !report.classes.iter().any(|class| class.name == shown) {
            tell(&format!("--pair names {shown}, but there are no such events"));
        }
    }
    Ok(report)
}

fn as_json(document: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| Failure::new(Cause::Failed, error))?;
    Ok(printable::json(&text) + "\n")
}

fn print(text: &str, is_damaged: bool) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A pager that is closed is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
        _ if is_damaged => Ok(Cause::Unreadable.exit_code()),
        _ => Ok(0),
    }
}
