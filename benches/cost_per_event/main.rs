//! What does an event cost? Ours, the floor below it, and its peers, in one interleaved run.
//!
//! ```text
//! cargo bench -p ust-benches --bench cost_per_event [-- --check --json FILE --sittings N --rounds N]
//! ```
//!
//! | contestant | what it does for each event |
//! | --- | --- |
//! | empty loop | nothing |
//! | rdtsc alone | reads the clock |
//! | floor | the five instructions of `floor.rs` |
//! | ours | records, discard mode, into a ring that holds a whole measurement; or is switched off |
//! | ours, drained meanwhile | the same, with the consumer at work on another processor, if one is free |
//! | LTTng-UST | records, in a snapshot session, if it is installed |
//! | tracing | a disabled callsite; and a line of text, handed to a thread that writes it |
//!
//! The consumer is this process: each event must be in the trace, or the bench ends with an error. Wherever it
//! does not work "meanwhile" it does between measurements, as nobody reads LTTng's snapshot session either.
//!
//! `--check` ends with status 1 if a promise is broken. Without `--bench`, which `cargo bench` adds, it is a
//! rehearsal: one short round of everything but LTTng-UST, whose times mean nothing.

mod contestants;
mod floor;
mod ours;
mod peer_tracing;
mod promises;

use clap::Parser;
use contestants::Size;
use promises::Promise;
use std::path::PathBuf;
use std::process::ExitCode;
use ust_benches::Result;
use ust_benches::lttng::{Lttng, Unavailable};
use ust_benches::recorder::{Recorder, SUBBUF_COUNT, SUBBUF_SIZE_BYTES};
use ust_benches::report::{Report, Row, Setting};
use ust_benches::rounds;
use ust_benches::statistics::Sample;

/// What does an event cost?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often everybody gets a new process
    #[arg(long, value_name = "N", default_value_t = 7)]
    sittings: usize,
    /// How often each of those is measured
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
    /// Where to write the result [default: bench/cost_per_event.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
    /// Be a contestant
    #[arg(long, hide = true)]
    worker: Option<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(name) = arguments.worker {
        contestants::work(&name)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.bench {
        println!("A rehearsal: the times mean nothing. `cargo bench` measures.");
        print!("{}", measure(None, Size::REHEARSAL, 1, 1)?);
        return Ok(ExitCode::SUCCESS);
    }

    let (lttng, skipped) = match Lttng::start(SUBBUF_SIZE_BYTES, SUBBUF_COUNT) {
        Ok(lttng) => (Some(lttng), None),
        Err(Unavailable::Missing(why)) => {
            (None, Some(format!("{why}: not compared with LTTng-UST")))
        }
        Err(Unavailable::Broken(error)) => return Err(error),
    };
    let mut report = measure(lttng.as_ref(), Size::PROPER, arguments.sittings, arguments.rounds)?;
    report.skipped.extend(skipped);
    if let Some(lttng) = &lttng {
        // No record is smaller than its field.
        lttng.check_that_it_recorded(4 * Size::PROPER.lttng_events)?;
    }
    print!("{report}");
    let json = arguments.json.map_or_else(default_json, Ok)?;
    report.write_json(&json)?;
    println!("written to {}", json.display());

    let promises = promises::of(&report);
    promises.iter().for_each(|promise| println!("{promise}"));
    let is_broken =
        |promise: &Promise| promise.is_broken && (arguments.check || promise.is_of_bench);
    Ok(if promises.iter().any(is_broken) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn measure(lttng: Option<&Lttng>, size: Size, sittings: usize, rounds: usize) -> Result<Report> {
    let mut results: Vec<(&'static str, Sample)> = Vec::new();
    for _ in 0..sittings {
        let mut recorder = Recorder::start(ours::PROVIDER)?;
        let mut contestants = contestants::start(&mut recorder, lttng, size)?;
        let samples = rounds::run(&mut contestants, rounds, &mut recorder)?;
        results.resize_with(contestants.len(), Default::default);
        for ((result, contestant), sample) in results.iter_mut().zip(&contestants).zip(samples) {
            result.0 = contestant.name;
            result.1.extend(sample);
        }
    }
    let rows = results.iter().map(|(name, sample)| Row::new(name, sample)).collect();
    let setting = Setting::here(sittings, rounds);
    let mut report = Report { setting, rows, skipped: Vec::new() };
    report.compare(contestants::FLOOR, contestants::lttng_peer);
    Ok(report)
}

/// This program is `TARGET/release/deps/NAME`.
fn default_json() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target =
        program.ancestors().nth(3).ok_or("not in cargo's target directory: give --json")?;
    Ok(target.join("bench/cost_per_event.json"))
}
