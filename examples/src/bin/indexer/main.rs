//! Counts the files, bytes and words of a directory tree, with several threads: a program to be traced.
//!
//! ```text
//! target/release/ust record -o /tmp/index -e 'indexer:*' -- target/release/indexer DIR
//! target/release/ust view /tmp/index                    (or: babeltrace2 /tmp/index)
//! ```
//!
//! ```text
//!   main ---- DIR --> queue <-- what a directory holds --.
//!                       |                                |
//!                       '--> worker, worker, ... --------'    events: directory_entered, file_indexed,
//!                                                                     queue_wait, thread_done
//!   every 10 ms: SIGALRM, in any thread                       event:  tick
//! ```
//!
//! `--counts FILE` writes how many events of each kind the program has emitted, by its own count. A trace can be checked
//! against it.

mod emitted;
mod events;
mod queue;
mod ticker;
mod totals;
mod worker;

use clap::Parser;
use queue::{Job, Queue};
use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};
use ticker::Ticker;
use totals::Totals;

/// Count the files, bytes and words of a directory tree
#[derive(Debug, Parser)]
struct Arguments {
    /// Number of worker threads [default: one a CPU]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Go over the tree so often: for a longer trace
    #[arg(long, value_name = "N", default_value = "1")]
    laps: NonZeroUsize,
    /// Write to this file, as JSON, how many events of each kind were emitted
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// The tree. May be a symbolic link; those inside it are not followed
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

const TICK_INTERVAL: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("indexer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let told = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    // Checked before anything starts. What cannot be read below it is only counted.
    fs::read_dir(&arguments.dir).map_err(|error| told(&arguments.dir, error))?;
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);

    let ticker = Ticker::start(TICK_INTERVAL).map_err(|error| format!("no timer: {error}"))?;
    let start = Instant::now();
    let mut totals = Totals::default();
    for _ in 0..arguments.laps.get() {
        totals += lap(&arguments.dir, threads);
    }
    let elapsed = start.elapsed();
    ticker.stop();

    if let Some(path) = &arguments.counts {
        let json = format!("{:#}\n", emitted::as_json());
        fs::write(path, json).map_err(|error| told(path, error))?;
    }
    let ticks = emitted::ticks();
    writeln!(io::stdout(), "{totals}\n{threads} threads, {elapsed:.3?}, {ticks} ticks")
        .map_err(|error| format!("standard output: {error}"))
}

/// Goes over the tree once.
fn lap(dir: &Path, threads: usize) -> Totals {
    let queue = Queue::default();
    queue.put(Job::Directory { path: dir.into(), depth: 0 });
    thread::scope(|scope| {
        let start = |number| {
            scope.spawn({
                let queue = &queue;
                move || worker::run(number, queue)
            })
        };
        let workers: Vec<_> = (0..threads as u32).map(start).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).sum()
    })
}
