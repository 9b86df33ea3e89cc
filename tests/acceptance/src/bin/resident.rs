//! `resident EVENTS`: what a traced program has in use, and which page faults its events cost.
//!
//! With EVENTS 0 it does nothing for a while. Otherwise it emits one event, and then EVENTS more.

use serde::Serialize;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::in_use::InUse;
use ust_acceptance::report;

#[tracepoint(provider = "resident", level = Info)]
fn step(sequence: u64);

#[derive(Debug, Serialize)]
struct Account {
    /// Before the first event, after it, and at the end.
    before: InUse,
    first: InUse,
    last: InUse,
    /// Page faults of this thread after the first event.
    faults: u64,
}

/// Page faults of this thread so far.
#[allow(unsafe_code)]
fn faults() -> u64 {
    // SAFETY: plain data and a valid pointer.
    unsafe {
        let mut usage: libc::rusage = core::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
        usage.ru_minflt as u64
    }
}

fn main() {
    let events: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).expect("EVENTS");
    if events == 0 {
        // Time for the agent to introduce the process.
        std::thread::sleep(Duration::from_millis(300));
    }
    let before = InUse::now();
    if events > 0 {
        step(0);
    }
    let first = InUse::now();
    let faults_before = faults();
    (1..events).for_each(step);
    let faults = faults() - faults_before;
    report::write(&Account { before, first, last: InUse::now(), faults });
}
