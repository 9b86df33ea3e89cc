//! `gaps MS ...`: emits an event after each gap, and notes the wall clock right before and right after.
//!
//! The report has these readings, in nanoseconds since the epoch, and how far the wall clock and the monotonic clock have
//! moved apart: if they have, the wall clock was set meanwhile.

use serde::Serialize;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;
use ust_core::clock::{monotonic_ns, realtime_ns};

#[tracepoint(provider = "gaps", level = Info)]
fn reading(number: u32, gap_ms: u64);

#[derive(Debug, Serialize)]
struct Account {
    /// Wall clock before and after each event.
    readings: Vec<(u64, u64)>,
    /// How far the two clocks have moved apart, in nanoseconds.
    drift_ns: i64,
}

/// The tightest of several readings: the program may be interrupted between the two clocks.
fn distance_ns() -> i64 {
    let read = |_| {
        let before = monotonic_ns();
        let realtime = realtime_ns();
        (monotonic_ns() - before, realtime as i64 - before as i64)
    };
    let tightest = (0..64).map(read).min();
    tightest.map_or(0, |(_, distance_ns)| distance_ns)
}

fn main() {
    let gaps: Vec<u64> =
        std::env::args().skip(1).map(|gap| gap.parse().expect("milliseconds")).collect();
    let before = distance_ns();
    let mut readings = Vec::new();
    for (number, gap) in gaps.into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(gap));
        let earlier = realtime_ns();
        reading(number as u32, gap);
        readings.push((earlier, realtime_ns()));
    }
    report::write(&Account { readings, drift_ns: distance_ns() - before });
}
