//! Rings of threads or rings of CPUs: memory, cost and losses of programs with few threads and with many.
//!
//! ```text
//! cargo bench -p ust-benches --bench many_threads [-- --rounds N]
//!
//!   2, 100 or 5,000 threads     each emits its share of a million events, all at once: a burst
//!     first burst               each thread's first event makes or claims its ring
//!     second burst              what an event costs from then on
//!   the consumer                drains meanwhile, on the same processors
//! ```
//!
//! Rings are as `ust record` makes them, and what finds no room is lost. Each kind has a turn in every round, with a fresh
//! program. The cost is processor time of the traced process, because threads that wait for a processor cost nothing.
//!
//! Without `--bench`, which `cargo bench` adds, it is a rehearsal with few threads, whose numbers mean nothing.

mod burst;

use burst::{Bursts, Load};
use clap::Parser;
use ust_benches::Result;
use ust_benches::rehearsal::is_rehearsal;
use ust_benches::statistics::median;
use ust_core::abi::Buffers;

/// Rings of threads or rings of CPUs?
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each kind is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

const THREADS: [u64; 3] = [2, 100, 5_000];

const KINDS: [(Buffers, &str); 2] =
    [(Buffers::PerThread, "per thread"), (Buffers::PerCpu, "per CPU")];

fn main() -> Result<()> {
    if is_rehearsal() {
        return measure(&[2, 20], 1, 2_000);
    }
    measure(&THREADS, Arguments::parse().rounds, 1_000_000)
}

fn measure(threads: &[u64], rounds: usize, events: u64) -> Result<()> {
    let loads: Vec<_> = threads
        .iter()
        .flat_map(|threads| {
            KINDS.map(|(buffers, name)| (name, Load { threads: *threads, buffers, events }))
        })
        .collect();
    let mut measured: Vec<Vec<Bursts>> = vec![Vec::new(); loads.len()];
    for _ in 0..rounds {
        for ((name, load), of_kind) in loads.iter().zip(&mut measured) {
            let what = || format!("{} threads, {name}", load.threads);
            of_kind.push(load.run().map_err(|error| format!("{}: {error}", what()))?);
        }
    }
    println!("threads  rings       MiB of rings  us a first event  ns an event    not recorded");
    for ((name, load), of_kind) in loads.iter().zip(&measured) {
        let of = |value: fn(&Bursts) -> f64| median(&of_kind.iter().map(value).collect::<Vec<_>>());
        println!(
            "{:>7}  {name:<10}  {:>12.1}  {:>16.1}  {:>11.1}  {:>14.1}%",
            load.threads,
            of(|bursts| bursts.ring_mib),
            of(|bursts| bursts.first_event_us),
            of(|bursts| bursts.event_ns),
            of(|bursts| bursts.lost_percent),
        );
    }
    Ok(())
}
