//! `ust analyze`: what a program did with its memory, its locks and its files, from the calls that the shim recorded.
//!
//! ```text
//!   feed        events --> calls, each with its process
//!   heap        libc_mem --> bytes live, peak, leaks, sizes              amounts, timeline
//!   locks       pthread  --> waits, holds, who held
//!   io          libc_io  --> slow calls, descriptors, errors             descriptors, errno
//!   sites       addresses --> call sites in objects                      symbols: functions and lines
//!   stacks      call sites --> call stacks
//!   report      what is printed, as text and as JSON                     text
//! ```
//!
//! Memory is bounded by what is alive (blocks, locks, descriptors) and by the number of call sites and stacks, not by the number
//! of events. Everything that comes from the trace is untrusted and escaped.

mod amounts;
mod descriptors;
mod errno;
mod feed;
mod heap;
mod io;
mod locks;
mod report;
mod sites;
mod stacks;
mod symbols;
mod text;
mod timeline;

use crate::failure::Failure;
use crate::given_dir::open_dir;
use crate::given_path::given_path;
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use ctf::dir::Tree;
use ctf::printable;
use ctf::read::Reader;
use feed::{Figures, Process, feed};
use heap::Heap;
use io::Io;
use locks::Locks;
use report::{OfProcess, Report};
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;
use text::Text;

/// Report what a recorded C program did with memory, locks or files
///
/// Needs a trace with the calls of the C library in it, which `ust record --preload SET -- PROGRAM` records. With the set
/// `dl` beside it, call sites have names.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Live bytes, peak, leaks by call site and, with --call-stacks, by call stack, sizes (set libc_mem)
    Heap(Options),
    /// The most contended locks: waits, holds, who held them (set pthread)
    Locks(Options),
    /// The slowest calls, bytes and time by descriptor, errors (set libc_io)
    Io(Options),
}

#[derive(Debug, clap::Args)]
struct Options {
    /// The trace, or a directory with traces below it
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only the process with this id
    #[arg(long)]
    pid: Option<u64>,
    /// How long a list may be
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

/// Analyses it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.what {
        What::Heap(options) => analyze(options, |process: Process<Heap>, top| {
            process.figures.report(&process.sites, top)
        }),
        What::Locks(options) => analyze(options, |process: Process<Locks>, top| {
            let Process { pid, name, sites, figures, .. } = process;
            figures.report(&sites, pid, &name, top)
        }),
        What::Io(options) => {
            analyze(options, |process: Process<Io>, top| process.figures.report(top))
        }
    }
}

/// Reads, reports, prints. The figures of a process become its report by `of_process`.
fn analyze<F: Figures, R: Serialize + Text>(
    options: Options,
    of_process: impl Fn(Process<F>, usize) -> R,
) -> Result<u8, Failure> {
    let unreadable = |error| Failure::new(Cause::Unreadable, error);
    let tree = Tree::new(open_dir(&options.dir)?, options.dir.clone());
    let fed = feed::<F>(Reader::open_in(tree).map_err(unreadable)?, options.pid);
    if fed.processes.is_empty() {
        let set = F::PROVIDER;
        let whose = options.pid.map_or(String::new(), |pid| format!(" of process {pid}"));
        return Err(Failure::new(
            Cause::Unreadable,
            format_args!(
                "no events {set}:*{whose} in {}: record them with `ust record --preload {set},dl -- PROGRAM`",
                printable::path(&options.dir)
            ),
        ));
    }
    let processes = fed.processes.into_iter().map(|process| {
        let (pid, name, events) = (process.pid, process.name.clone(), process.events);
        OfProcess { pid, name, events, figures: of_process(process, options.top) }
    });
    let mut report = Report {
        lost_events: fed.lost.events,
        missing_packets: fed.lost.packets,
        is_uncertain: fed.is_damaged || !fed.lost.is_nothing(),
        is_damaged: fed.is_damaged,
        notes: vec![],
        processes: processes.collect(),
    };
    report.notes = symbols::fill(
        report.processes.iter_mut().flat_map(|process| process.figures.sites()).collect(),
    );
    let shown = match options.json {
        true => {
            let failed = |error| Failure::new(Cause::Failed, error);
            printable::json(&serde_json::to_string_pretty(&report).map_err(failed)?) + "\n"
        }
        false => report.text(),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(shown.as_bytes()).and_then(|()| out.flush()) {
        // A pager that is closed is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
        _ if report.is_damaged => Ok(Cause::Unreadable.exit_code()),
        _ => Ok(0),
    }
}
