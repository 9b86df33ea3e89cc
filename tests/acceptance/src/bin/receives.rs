//! `receives ROUNDS EVENTS PLUGIN..`: loads plugins, one inside the other, has each emit, and unloads them again, so many rounds.
//!
//! The first round looks whether they are gone; the last whether anything has been left behind. The report is how many
//! events each plugin emitted, and last the program itself.

use ust::tracepoint;
use ust_acceptance::own_process::{descriptors, mappings_of};
use ust_acceptance::plugin::Plugin;
use ust_acceptance::report;

#[tracepoint(provider = "host", level = Info)]
fn round(number: u64);

/// Rounds before anything is counted: by then the allocator and the loader have settled.
const SETTLED: u64 = 50;

/// Descriptors and mappings that come and go with sessions.
const FEW: usize = 8;

/// Parts of the rounds behind those, compared with each other.
const PARTS: u64 = 4;

/// What the rounds of one part may leave on the heap: less than two bytes each.
const MAX_GROWTH_BYTES: usize = 4 << 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (rounds, events) = (number(&arguments[0]), number(&arguments[1]));
    let paths = &arguments[2..];
    let mut heap = Vec::new();
    let mut before = None;
    for of_round in 0..rounds {
        round(of_round);
        let plugins: Vec<_> = paths.iter().map(|path| Plugin::load(path)).collect();
        for plugin in &plugins {
            plugin.emit(of_round, events);
        }
        plugins.into_iter().rev().for_each(Plugin::close);
        if of_round < 3 || of_round + 1 == rounds {
            let mapped: Vec<_> =
                paths.iter().filter(|path| !mappings_of(path).is_empty()).collect();
            assert!(mapped.is_empty(), "unloaded and still mapped: {mapped:?}");
        }
        if of_round == SETTLED {
            before = Some((descriptors(), mappings_of("").len()));
        }
        if before.is_some() && (of_round - SETTLED).is_multiple_of((rounds - SETTLED) / PARTS) {
            heap.push(heap_bytes());
        }
    }
    if let Some((fds, mappings)) = before {
        // Sessions may begin and end meanwhile, and leave a descriptor for the next first event to close. A leak in
        // each round would be more.
        let (fds_now, mappings_now) = (descriptors(), mappings_of("").len());
        assert!(fds_now <= fds + FEW, "descriptors: {fds} then {fds_now}");
        assert!(mappings_now <= mappings + FEW, "mappings: {mappings} then {mappings_now}");
        // The agent may get its buffers late. What each round leaves is left in each part.
        let grown = heap.windows(2).map(|part| part[1].saturating_sub(part[0])).min();
        assert!(grown.is_some_and(|bytes| bytes < MAX_GROWTH_BYTES), "on the heap: {heap:?}");
    }
    let mut account = vec![rounds * events; paths.len()];
    account.push(rounds);
    report::write(&account);
}

/// What malloc has given out.
#[allow(unsafe_code)]
fn heap_bytes() -> usize {
    // SAFETY: it only reads.
    unsafe { libc::mallinfo2() }.uordblks
}
