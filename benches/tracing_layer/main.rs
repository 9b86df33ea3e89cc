//! What does an event of `tracing` cost if `ust-tracing` records it, or if nobody wants it?
//!
//! ```text
//! cargo bench -p ust-benches --bench tracing_layer [-- --check] [-- --rounds N] [-- --json FILE]
//! ```
//!
//! | contestant | what it does |
//! | --- | --- |
//! | no subscriber | an event of a program that has set none |
//! | ust-tracing, unwanted | the only subscriber; a session records, but not this event |
//! | ust-tracing | records: a number; or, as is usual, a message with two fields, in a span. Alone, and as a layer of a registry |
//! | fmt | tracing-subscriber's fmt layer formats the same, and tracing-appender's thread writes it (`lossy(false)`) |
//!
//! Every event is counted on both sides: in the trace, and as a line of the file. Rounds, sittings and `--check` are those of
//! `cost_per_event`. Without `--bench`, which `cargo bench` adds, it is a rehearsal.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use ust_benches::Result;
use ust_benches::contestant::OwnProgram;
use ust_benches::promise::{self, Promise};
use ust_benches::recorder::{Emitted, Recorder, Shape};
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::{Report, Row, Setting, write_json};
use ust_benches::rounds::{self, Contestant, Drain};
use ust_benches::statistics::Sample;
use ust_benches::worker::Worker;

const NONE: &str = "no subscriber";
const UNWANTED: &str = "ust-tracing, unwanted";
const RECORDED: &str = "ust-tracing, u32";
const RECORDED_USUAL: &str = "ust-tracing, the usual";
const LAYER: &str = "ust-tracing as a layer, u32";
const LAYER_USUAL: &str = "ust-tracing as a layer, the usual";
const FMT: &str = "fmt to tracing-appender, u32";
const FMT_USUAL: &str = "fmt to tracing-appender, the usual";

/// The recorded event is so many times cheaper.
const BAR: f64 = 8.0;

/// Name, body, when the consumer works, events of a measurement.
const CONTESTANTS: [(&str, &str, Drain, u64); 8] = [
    (NONE, "tracing_none", Drain::Never, 50_000),
    (UNWANTED, "tracing_unwanted", Drain::Never, 50_000),
    (RECORDED, "tracing_recorded", Drain::Between, 20_000),
    (RECORDED_USUAL, "tracing_recorded_usual", Drain::Between, 20_000),
    (LAYER, "tracing_layer", Drain::Between, 20_000),
    (LAYER_USUAL, "tracing_layer_usual", Drain::Between, 20_000),
    (FMT, "tracing_appender", Drain::Never, 2_000),
    (FMT_USUAL, "tracing_appender_usual", Drain::Never, 2_000),
];

/// What does an event of `tracing` cost?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often each contestant gets a new process
    #[arg(long, value_name = "N", default_value_t = 5)]
    sittings: usize,
    /// How often each of these processes is measured
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: usize,
    /// Where to write the result [default: bench/tracing_layer.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    if is_rehearsal() {
        print!("{}", measure(1, 1, 10)?);
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let report = measure(arguments.sittings, arguments.rounds, 1)?;
    print!("{report}");
    write_json(&report, arguments.json, "tracing_layer")?;
    let is_well = promise::show(&promises(&report), arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(sittings: usize, rounds: usize, divisor: u64) -> Result<Report> {
    let mut results: Vec<Sample> = vec![Sample::default(); CONTESTANTS.len()];
    for _ in 0..sittings {
        let started: Result<Vec<_>> =
            CONTESTANTS.into_iter().map(|contestant| start(contestant, divisor)).collect();
        let samples = rounds::run(&mut started?, rounds)?;
        results.iter_mut().zip(samples).for_each(|(result, sample)| result.extend(sample));
    }
    let row = |(contestant, sample): (&(&'static str, _, _, _), _)| Row::new(contestant.0, sample);
    let rows = CONTESTANTS.iter().zip(&results).map(row).collect();
    let setting = Setting::here(sittings, rounds);
    Ok(Report { setting, rows, instructions: Vec::new(), skipped: Vec::new() })
}

fn start(
    (name, body, drain, events): (&'static str, &'static str, Drain, u64),
    divisor: u64,
) -> Result<Contestant> {
    let mut recorder =
        Recorder::start(Shape::ROOMY, &std::env::temp_dir(), Emitted::BY_TRACEPOINTS)?;
    let path = env!("CARGO_BIN_EXE_ust-bench-contestant").into();
    let mut command = OwnProgram { path, body, threads: 1 }.command(recorder.runtime_dir());
    let worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
    let events = events / divisor;
    // A callsite registers at its first event, and what it interests is known some milliseconds later.
    let warm_up_events = 20 * events;
    Ok(Contestant {
        name,
        worker,
        recorder: Some(recorder),
        events,
        threads: 1,
        warm_up_events,
        drain,
    })
}

fn promises(report: &Report) -> Vec<Promise> {
    let times_cheaper = |ours: &str, other: &str| {
        let (ours_ns, other_ns) = (report.median(ours)?, report.median(other)?);
        let times = other_ns / ours_ns;
        let statement = format!(
            "{ours}: {BAR} x cheaper than {other}: {ours_ns:.1}, {other_ns:.1} ns ({times:.1} x)"
        );
        Some(Promise::new(statement, times >= BAR))
    };
    let unwanted = || {
        let (unwanted, none) = (report.median(UNWANTED)?, report.median(NONE)?);
        let statement = format!("{UNWANTED} <= 1 ns above {NONE}: {unwanted:.2}, {none:.2} ns");
        Some(Promise::new(statement, unwanted <= none + 1.0))
    };
    let pairs =
        [(RECORDED, FMT), (RECORDED_USUAL, FMT_USUAL), (LAYER, FMT), (LAYER_USUAL, FMT_USUAL)];
    let times_cheaper = pairs.map(|(ours, other)| times_cheaper(ours, other));
    times_cheaper.into_iter().chain([unwanted()]).flatten().collect()
}
