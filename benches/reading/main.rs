//! What does reading a trace cost, beside babeltrace2?
//!
//! ```text
//! cargo bench -p ust-benches --bench reading [-- --check] [-- --rounds N] [-- --events N] [-- --json FILE]
//!
//!   text      babeltrace2      ust view       a decoder written by hand for this very layout
//!   JSON                       ust view --json
//!   count     babeltrace2's counter           the records of each class, without their values
//! ```
//!
//! All read one trace in memory, of events with a `u64`, a `u32` and a text, and write to `/dev/null`. In each round every
//! reader has a turn, as a process of its own; compared are the medians.
//!
//! Without `--bench`, which `cargo bench` adds, the trace is small, and it is a test that all readers write the same.

mod by_hand;
mod readers;
mod trace;

use clap::Parser;
use readers::{Reader, Readers};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use ust_benches::Result;
use ust_benches::promise::{self, Promise};
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::write_json;
use ust_benches::statistics::median;

/// What does reading a trace cost?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often each reader has a turn
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Events of the trace
    #[arg(long, value_name = "N", default_value_t = 6_000_000)]
    events: u64,
    /// Where to write the result [default: bench/reading.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Medians in seconds, by reader.
#[derive(Debug, Serialize)]
struct Report {
    events: u64,
    rounds: usize,
    seconds: BTreeMap<&'static str, f64>,
}

fn main() -> Result<ExitCode> {
    if let Some(outcome) = readers::is_one() {
        return outcome.map(|()| ExitCode::SUCCESS);
    }
    if is_rehearsal() {
        return rehearse().map(|()| ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let trace = trace::write(arguments.events)?;
    let readers = Readers::of(trace.path())?;
    let mut times: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for _ in 0..arguments.rounds {
        for reader in readers.all() {
            times.entry(reader.name()).or_default().push(readers.time(*reader)?);
        }
    }
    let seconds = times.into_iter().map(|(name, times)| (name, median(&times))).collect();
    let report = Report { events: arguments.events, rounds: arguments.rounds, seconds };
    show(&report);
    write_json(&report, arguments.json, "reading")?;
    let is_well = promise::show(&promises(&report), arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &Report) {
    println!("{} events, {} rounds", report.events, report.rounds);
    for (name, seconds) in &report.seconds {
        let each_ns = seconds * 1e9 / report.events as f64;
        println!("{name:<36}{seconds:>8.3} s{each_ns:>9.1} ns an event");
    }
}

fn promises(report: &Report) -> Vec<Promise> {
    let seconds = |reader: Reader| report.seconds.get(reader.name()).copied();
    let times = |fast: Reader, slow: Reader, least: f64| {
        let ratio = seconds(slow)? / seconds(fast)?;
        let statement =
            format!("{}: {ratio:.1} x as fast as {} >= {least}", fast.name(), slow.name());
        Some(Promise::new(statement, ratio >= least))
    };
    let by_hand = || {
        let ratio = seconds(Reader::Text)? / seconds(Reader::ByHand)?;
        let statement = format!("text: {ratio:.2} of what a decoder written by hand takes <= 1.5");
        Some(Promise::new(statement, ratio <= 1.5))
    };
    [
        times(Reader::Text, Reader::Babeltrace2, 25.0),
        by_hand(),
        times(Reader::Json, Reader::Babeltrace2, 12.0),
        times(Reader::Count, Reader::Babeltrace2Counter, 24.0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether all readers write the same.
fn rehearse() -> Result<()> {
    const EVENTS: u64 = 20_000;
    let trace = trace::write(EVENTS)?;
    let readers = Readers::of(trace.path())?;
    let text = readers.output(Reader::Text)?;
    assert_eq!(text.lines().count() as u64, EVENTS);
    assert!(
        text == readers.output(Reader::ByHand)?,
        "the decoder written by hand writes something else"
    );
    assert_eq!(readers.output(Reader::Json)?.lines().count() as u64, EVENTS);
    assert_eq!(readers.output(Reader::Count)?.trim(), EVENTS.to_string());
    if readers.all().contains(&Reader::Babeltrace2) {
        // It shows a field of the packet's context that frames the packet.
        let theirs = readers.output(Reader::Babeltrace2)?;
        let is_same = |(ours, theirs): (&str, &str)| {
            let values = |line: &str| line.rsplit_once("}, {").map(|(_, values)| values.to_owned());
            ours[..20] == theirs[..20] && values(ours) == values(theirs)
        };
        assert_eq!(theirs.lines().count() as u64, EVENTS);
        assert!(text.lines().zip(theirs.lines()).all(is_same), "babeltrace2 reads something else");
    }
    Ok(())
}
