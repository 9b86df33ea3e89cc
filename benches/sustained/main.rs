//! How many events a second reach files without loss, when two threads emit as fast as they can?
//!
//! ```text
//! cargo bench -p ust-benches --bench sustained [-- --check --json FILE --dir DIR --rounds N]
//!
//!   writer  -->  ring  --\                       both rings together: 8 MiB
//!                         >-->  consumer  -->  files in DIR (default: /dev/shm, so that no disk is measured)
//!   writer  -->  ring  --/                       a writer that finds no room waits
//! ```
//!
//! | contestant | writers | consumer | rings |
//! | --- | --- | --- | --- |
//! | ours | two threads of one process | this process: the engine of `ust record` | a thread's: 2 x 8 sub-buffers |
//! | LTTng-UST | the same | lttng-consumerd | a CPU's, `--blocking-timeout=inf`: as many bytes in all |
//! | sequential write | | | blocks of 1 MiB into one file of DIR, as dd does: what DIR can take |
//!
//! Each contestant has a turn in every round, with a fresh session and a fresh program. Its rings are filled once before
//! anything counts. A turn ends when the last writer is done; the rings then hold a hundredth of what was written, or less.
//! Afterwards every event must be in the trace.
//!
//! `--check` ends with status 1 if a promise is broken. Without `--bench`, which `cargo bench` adds, it is a
//! rehearsal: one short round of everything but LTTng-UST, whose numbers mean nothing.

mod report;
mod turns;

use clap::Parser;
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use turns::Size;
use ust_benches::lttng::{Lttng, Unavailable};
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::write_json;
use ust_benches::{Result, promise};

/// Files that are memory.
const MEMORY: &str = "/dev/shm";

/// How many events a second reach files without loss?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often each contestant is measured
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
    /// Where the traces go
    #[arg(long, value_name = "DIR", default_value = MEMORY)]
    dir: PathBuf,
    /// Where to write the result [default: bench/sustained.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    if is_rehearsal() {
        let dir = Path::new(MEMORY);
        let mut report = Report::new(dir, None);
        report.ours.push(turns::ours(Size::REHEARSAL, dir)?);
        report.sequential.push(turns::sequential_write(Size::REHEARSAL, dir)?);
        print!("{report}");
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let (lttng, skipped) = match Lttng::start() {
        Ok(lttng) => (Some(lttng), None),
        Err(Unavailable::Missing(why)) => {
            (None, Some(format!("{why}: not compared with LTTng-UST")))
        }
        Err(Unavailable::Broken(error)) => return Err(error),
    };
    let mut report = Report::new(&arguments.dir, skipped);
    for _ in 0..arguments.rounds {
        report.ours.push(turns::ours(Size::PROPER, &arguments.dir)?);
        if let Some(lttng) = &lttng {
            report.lttng.push(turns::lttng(lttng, Size::PROPER, &arguments.dir)?);
        }
        report.sequential.push(turns::sequential_write(Size::PROPER, &arguments.dir)?);
    }
    print!("{report}");
    write_json(&report, arguments.json, "sustained")?;
    let is_well = promise::show(&report.promises(), arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
