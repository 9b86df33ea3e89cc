//! What do tracepoints add to a program: crates, bytes, and time to build it?
//!
//! ```text
//! cargo bench -p ust-benches --bench weight [-- --check] [-- --rounds N] [-- --json FILE]
//!
//!   hello world        without the library     with 1 tracepoint     with 100
//!     crates           cargo tree              those of other projects only
//!     bytes            of the stripped executable, built with --release
//!     cold build       from nothing, as a ratio to that without the library
//!     built again      after its source has changed: what a tracepoint adds
//! ```
//!
//! Crates and bytes are the same in each run with one compiler, and have bounds. Times depend on the machine, and have none.
//!
//! Without `--bench`, which `cargo bench` adds, times are left out, and the bounds are a test.

mod program;

use clap::Parser;
use program::Program;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::TempDir;
use ust_benches::Result;
use ust_benches::promise::{self, Promise};
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::write_json;
use ust_benches::statistics::median;

/// The third program's tracepoints.
const MANY: usize = 100;

/// The most crates of other projects that are compiled for a program with tracepoints.
const CRATES_MAX: usize = 13;

/// The most bytes that the first tracepoint adds, with the library: a twelfth more than rustc 1.95 makes on x86-64.
const FIRST_BYTES_MAX: u64 = 228_000;

/// The most bytes that each further tracepoint adds: a fifth more than the same compiler makes.
const EACH_BYTES_MAX: u64 = 1_250;

/// What do tracepoints add to a program?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often each program is built
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Where to write the result [default: bench/weight.json in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is the same in each run.
#[derive(Debug, Serialize)]
struct Weight {
    foreign_crates: Vec<String>,
    without_bytes: u64,
    first_adds_bytes: u64,
    each_adds_bytes: u64,
}

/// Medians of the rounds.
#[derive(Debug, Serialize)]
struct Times {
    without_cold_s: f64,
    first_cold_s: f64,
    each_adds_s: f64,
    rounds: usize,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    weight: Weight,
    #[serde(flatten)]
    times: Times,
}

fn main() -> Result<ExitCode> {
    let dir = TempDir::new()?;
    let program = |tracepoints| Program::new(dir.path(), tracepoints);
    let programs = [program(0)?, program(1)?, program(MANY)?];
    if is_rehearsal() {
        let is_well = promise::show(&promises(&weight(&programs)?), true);
        return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let arguments = Arguments::parse();
    let times = times(&programs, arguments.rounds)?;
    let report = Report { weight: weight(&programs)?, times };
    show(&report);
    write_json(&report, arguments.json, "weight")?;
    let is_well = promise::show(&promises(&report.weight), arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn weight(programs: &[Program; 3]) -> Result<Weight> {
    for program in programs {
        program.build()?;
    }
    let [without, first, many] = programs;
    let (without_bytes, first_bytes, many_bytes) =
        (without.bytes()?, first.bytes()?, many.bytes()?);
    Ok(Weight {
        foreign_crates: first.foreign_crates()?,
        without_bytes,
        first_adds_bytes: first_bytes - without_bytes,
        each_adds_bytes: (many_bytes - first_bytes) / (MANY as u64 - 1),
    })
}

/// Each program has a turn in every round.
fn times([without, first, many]: &[Program; 3], rounds: usize) -> Result<Times> {
    let (mut without_cold, mut first_cold, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        without_cold.push(without.build_cold()?);
        first_cold.push(first.build_cold()?);
        // What the two share has just been compiled.
        each.push((many.build_again()? - first.build_again()?) / (MANY as f64 - 1.0));
    }
    Ok(Times {
        without_cold_s: median(&without_cold),
        first_cold_s: median(&first_cold),
        each_adds_s: median(&each),
        rounds,
    })
}

fn show(Report { weight, times }: &Report) {
    let Times { without_cold_s, first_cold_s, each_adds_s, rounds } = times;
    let kb = |bytes: u64| bytes as f64 / 1e3;
    println!("{rounds} rounds");
    println!("{:<32}{:>9} kB", "hello world, stripped", kb(weight.without_bytes));
    println!("{:<32}{:>9} kB", "the first tracepoint adds", kb(weight.first_adds_bytes));
    println!("{:<32}{:>9} kB", "each further one adds", kb(weight.each_adds_bytes));
    println!("{:<32}{:>9.1} s", "cold build without", without_cold_s);
    println!(
        "{:<32}{:>9.1} s, {:.0} x",
        "cold build with the first",
        first_cold_s,
        first_cold_s / without_cold_s
    );
    println!("{:<32}{:>9.1} ms", "each adds to a build", each_adds_s * 1e3);
    println!("crates: {}", weight.foreign_crates.join(", "));
}

fn promises(weight: &Weight) -> Vec<Promise> {
    let crates = weight.foreign_crates.len();
    let name = |package: &String| package.split(' ').next().map(str::to_owned);
    let mut names: Vec<_> = weight.foreign_crates.iter().filter_map(name).collect();
    names.dedup();
    let has = |wanted: &str| names.iter().any(|name| name.starts_with(wanted));
    vec![
        Promise::new(format!("at most {CRATES_MAX} crates: {crates}"), crates <= CRATES_MAX),
        Promise::new("each in one version".into(), names.len() == crates),
        Promise::new("no serde, no postcard".into(), !has("serde") && !has("postcard")),
        at_most("the first tracepoint", weight.first_adds_bytes, FIRST_BYTES_MAX),
        at_most("each further one", weight.each_adds_bytes, EACH_BYTES_MAX),
    ]
}

fn at_most(what: &str, bytes: u64, most_bytes: u64) -> Promise {
    let statement = format!("{what} adds at most {most_bytes} bytes: {bytes}");
    Promise::new(statement, bytes <= most_bytes)
}
