//! What does an event cost? Ours, the floor below it, and its peers, in one interleaved run.
//!
//! ```text
//! cargo bench -p ust-benches --bench cost_per_event [-- --check --json FILE --sittings N --rounds N]
//! ```
//!
//! | contestant | what it does for each event |
//! | --- | --- |
//! | empty loop | nothing |
//! | rdtsc, clock_gettime | reads the clock |
//! | floor, shared floor | the five instructions of `contestant/floor.rs`, for one thread's stream and a shared one |
//! | ours | records, discard mode, into a ring that holds a whole measurement; or is switched off |
//! | ours in C | the same by `include/ust.h`, with the shim preloaded |
//! | ours, drained meanwhile | the same, with the consumer at work on another processor, if one is free |
//! | LTTng-UST | records, in a snapshot session, if it is installed |
//! | tracing | a disabled callsite; and a line of text, handed to a thread that writes it |
//!
//! The consumer is this process. Each event must be in the trace, or the bench ends with an error. Except where the table
//! says "meanwhile", the consumer works between measurements: LTTng's snapshot session has no reader either.
//!
//! `docs/what-an-event-costs.md` says where the nanoseconds go. `--check` ends with status 1 if a promise is
//! broken. Without `--bench`, which `cargo bench` adds, it is a rehearsal: one short round of everything but
//! C, LTTng-UST and callgrind, whose times mean nothing.

mod contestants;
mod promises;

use clap::Parser;
use contestants::{Others, Size};
use std::path::PathBuf;
use std::process::ExitCode;
use ust_benches::c_program::CProgram;
use ust_benches::lttng::{Keep, Lttng, TRACEPOINTS, Unavailable};
use ust_benches::recorder::Shape;
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::{Instructions, Report, Row, Setting, write_json};
use ust_benches::statistics::Sample;
use ust_benches::typical::TYPICAL;
use ust_benches::{Result, callgrind, promise, rounds};

/// What does an event cost?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often each contestant gets a new process
    #[arg(long, value_name = "N", default_value_t = 7)]
    sittings: usize,
    /// How often each of these processes is measured
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: usize,
    /// Only contestants whose name contains this; may be given again
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Where to write the result [default: bench/cost_per_event.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    if is_rehearsal() {
        print!("{}", measure(Others::default(), Size::REHEARSAL, &[], 1, 1)?);
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let mut skipped = Vec::new();
    let lttng = match Lttng::start() {
        Ok(lttng) => Some(lttng),
        Err(Unavailable::Missing(why)) => {
            skipped.push(format!("{why}: not compared with LTTng-UST"));
            None
        }
        Err(Unavailable::Broken(error)) => return Err(error),
    };
    let c = match CProgram::build()? {
        Ok(program) => Some(program),
        Err(why) => {
            skipped.push(format!("{why}: tracepoints in C are not measured"));
            None
        }
    };
    let record = |lttng| Lttng::record(lttng, Shape::ROOMY, Keep::InMemory, TRACEPOINTS);
    let session = lttng.as_ref().map(record).transpose()?;
    let Arguments { sittings, rounds, only, .. } = &arguments;
    let others = Others { c: c.as_ref(), lttng: lttng.as_ref() };
    let mut report = measure(others, Size::PROPER, only, *sittings, *rounds)?;
    let has_lttng = report.rows.iter().any(|row| row.name == contestants::LTTNG_SMALL);
    if let Some(session) = session.as_ref().filter(|_| has_lttng) {
        // No record is smaller than its field.
        session.check_that_it_recorded(4 * Size::PROPER.lttng)?;
    }
    match callgrind::missing() {
        Some(why) => skipped.push(why),
        None => report.instructions = instructions(only)?,
    }
    report.skipped = skipped;
    print!("{report}");
    write_json(&report, arguments.json, "cost_per_event")?;
    let is_well = promise::show(&promises::of(&report), arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(
    others: Others<'_>,
    size: Size,
    only: &[String],
    sittings: usize,
    rounds: usize,
) -> Result<Report> {
    let mut results: Vec<(&'static str, Sample)> = Vec::new();
    for _ in 0..sittings {
        let mut contestants = contestants::start(others, size, only)?;
        let samples = rounds::run(&mut contestants, rounds)?;
        results.resize_with(contestants.len(), Default::default);
        for ((result, contestant), sample) in results.iter_mut().zip(&contestants).zip(samples) {
            result.0 = contestant.name;
            result.1.extend(sample);
        }
    }
    let rows = results.iter().map(|(name, sample)| Row::new(name, sample)).collect();
    let setting = Setting::here(sittings, rounds);
    let mut report = Report { setting, rows, instructions: Vec::new(), skipped: Vec::new() };
    report.compare(contestants::compared_with);
    Ok(report)
}

fn instructions(only: &[String]) -> Result<Vec<Instructions>> {
    let contestants = contestants::counted(only).map(|(name, program, function, is_recorded)| {
        let per_event = callgrind::instructions_per_event(&program, function, is_recorded.into())?;
        Ok(Instructions { name, per_event, by_hand: None })
    });
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part));
    let typical = TYPICAL.iter().filter(|typical| is_wanted(typical.name)).map(|typical| {
        let counted = typical.count(env!("CARGO_BIN_EXE_ust-bench-contestant"))?;
        let (per_event, by_hand) = (counted.typical, Some(counted.by_hand));
        Ok(Instructions { name: typical.name, per_event, by_hand })
    });
    contestants.chain(typical).collect()
}
