//! What does the shim cost a C program? Beside LTTng's wrappers, heaptrack, strace and ltrace, in interleaved runs.
//!
//! ```text
//! cargo build --release && cargo bench -p ust-benches --bench c_programs [-- --check --rounds N --only TEXT]
//! ```
//!
//! | part | what is measured |
//! | --- | --- |
//! | `pairs` | a `malloc` and its `free`: alone, under the shim with nothing on, recorded by it; and the same under LTTng's wrapper, in a snapshot session |
//! | `call_stacks` | a `malloc` and its `free`, 16 calls deep: alone, recorded, recorded with the call stack; and under heaptrack |
//! | `start` | `/bin/true` from start to end: alone, under the shim, under liblttng-ust; nobody records |
//! | `sqlite3` | a transaction of inserts, all sets recorded into memory: nanoseconds a record; strace and ltrace beside it |
//! | `redis` | requests a second of redis-server under redis-benchmark, `libc_io` and `libc_mem` recorded; strace beside it |
//!
//! Who is not installed is skipped, and said. `--check` ends with status 1 if a promise is broken. Without `--bench`, which
//! `cargo bench` adds, it does nothing: nothing of it is short.

mod call_stacks;
mod pairs;
mod redis;
mod sqlite;
mod start;
mod traced;

use clap::Parser;
use std::process::ExitCode;
use ust_benches::c_program::CProgram;
use ust_benches::lttng::{Lttng, Unavailable};
use ust_benches::promise::{self, Promise};
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::report::Setting;
use ust_benches::{Result, statistics};

/// What does the shim cost a C program?
#[derive(Debug, Parser)]
struct Arguments {
    /// End with status 1 if a promise is broken
    #[arg(long)]
    check: bool,
    /// How often everybody is measured
    #[arg(long, value_name = "N", default_value_t = 9)]
    rounds: usize,
    /// Only parts whose name contains this; may be given again
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a part measures with.
struct Means<'a> {
    c: &'a CProgram,
    lttng: Option<&'a Lttng>,
    rounds: usize,
}

/// A part: prints its lines, and says what they must be.
type Part = fn(&Means<'_>) -> Result<Vec<Promise>>;

const PARTS: [(&str, Part); 5] = [
    ("pairs", pairs::measure),
    ("call_stacks", call_stacks::measure),
    ("start", start::measure),
    ("sqlite3", sqlite::measure),
    ("redis", redis::measure),
];

fn main() -> Result<ExitCode> {
    if is_rehearsal() {
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let c = match CProgram::build()? {
        Ok(c) => c,
        Err(why) => {
            println!("SKIPPED: {why}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let lttng = match Lttng::start() {
        Ok(lttng) => Some(lttng),
        Err(Unavailable::Missing(why)) => {
            println!("SKIPPED: {why}: not compared with LTTng-UST");
            None
        }
        Err(Unavailable::Broken(error)) => return Err(error),
    };
    let means = Means { c: &c, lttng: lttng.as_ref(), rounds: arguments.rounds };
    let Setting { cpu, cpus, kernel, .. } = Setting::here(1, arguments.rounds);
    println!("{cpu}, {cpus} CPUs, Linux {kernel}, {} rounds", arguments.rounds);
    let mut promises = Vec::new();
    let is_wanted = |name: &str| {
        arguments.only.is_empty() || arguments.only.iter().any(|part| name.contains(part.as_str()))
    };
    for (name, measure) in PARTS.iter().filter(|(name, _)| is_wanted(name)) {
        println!("\n{name}");
        promises.extend(measure(&means).map_err(|error| format!("{name}: {error}"))?);
    }
    println!();
    let is_well = promise::show(&promises, arguments.check);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line of a part's table, and its number.
fn line(name: &str, values: &[f64], unit: &str) -> f64 {
    let median = statistics::median(values);
    println!("{name:<44}{median:>12.1} {unit}");
    median
}

/// A promise that one number is at most a part of another.
fn at_most(what: &str, value: f64, part: f64, of: &str, other: f64) -> Promise {
    let limit = other * part;
    let statement = format!(
        "{what} <= {part:.3} of {of}: {value:.1} <= {limit:.1} ({:.3} of it)",
        value / other
    );
    Promise::new(statement, value <= limit)
}
