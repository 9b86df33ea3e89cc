//! What the numbers must be: multiples of the floor, and shares of LTTng-UST, of the same run.
//!
//! There is no promise about a contestant that did not take part. A share of LTTng-UST's cost may lie at the floor itself,
//! which no tracer that reads the clock can reach. Then the multiple of the floor takes its place, and the line says so.

use crate::contestants::*;
use ust_benches::promise::Promise;
use ust_benches::report::Report;

/// A share of LTTng-UST's cost that is less than this times the floor counts as the floor itself.
const AT_FLOOR: f64 = 1.15;

/// Of its floor, at most.
const SMALL_BAR: f64 = 1.4;
const LARGE_BAR: f64 = 1.75;
const PER_CPU_BAR: f64 = 1.45;
const LARGE_PER_CPU_BAR: f64 = 1.8;

/// The promises about contestants that took part.
pub fn of(report: &Report) -> Vec<Promise> {
    let promises = [
        times(report, FLOOR, 1.5, RDTSC).map(Promise::of_bench),
        times(report, SMALL, SMALL_BAR, FLOOR),
        times(report, SMALL_IN_PLUGIN, 1.55, FLOOR),
        times(report, C_SMALL, 1.15, SMALL),
        times(report, LARGE, LARGE_BAR, FLOOR),
        times(report, SMALL_PER_CPU, PER_CPU_BAR, FLOOR),
        times(report, LARGE_PER_CPU, LARGE_PER_CPU_BAR, FLOOR),
        times(report, SMALL_LOCKED, 1.4, SHARED_FLOOR),
        share_of_lttng(report, SMALL, 6.0, LTTNG_SMALL, (SMALL_BAR, FLOOR)),
        share_of_lttng(report, LARGE, 5.5, LTTNG_LARGE, (LARGE_BAR, FLOOR)),
        share_of_lttng(report, SMALL_PER_CPU, 5.5, LTTNG_SMALL, (PER_CPU_BAR, FLOOR)),
        as_together(report, [SMALL, SMALL_TWICE], [FLOOR, FLOOR_TWICE], 1.1),
        as_together(report, [SMALL_PER_CPU, PER_CPU_TWICE], [FLOOR, FLOOR_TWICE], 1.05),
        as_together(report, [SMALL_PER_CPU, PER_CPU_CROWD], [FLOOR, FLOOR_CROWD], 1.05),
        undisturbed(report, SHORT_OVERWRITE, 1.05, SHORT),
        times(report, SMALL_OVERWRITE, 1.25, SMALL),
        above(report, OFF, 1.0, EMPTY),
        above(report, C_OFF, 1.0, EMPTY),
    ];
    promises.into_iter().flatten().collect()
}

fn times(report: &Report, name: &str, factor: f64, other: &str) -> Option<Promise> {
    let (value, other_ns) = (report.median(name)?, report.median(other)?);
    let limit = factor * other_ns;
    let statement = format!(
        "{name} <= {factor} x {other}: {value:.2} <= {limit:.2} ns ({:.2} x)",
        value / other_ns
    );
    Some(Promise::new(statement, value <= limit))
}

/// As `times`, by the lower quartiles: these are measurements in which no sub-buffer was entered.
fn undisturbed(report: &Report, name: &str, factor: f64, other: &str) -> Option<Promise> {
    let (value, other_ns) = (report.quartiles(name)?.q1_ns, report.quartiles(other)?.q1_ns);
    let limit = factor * other_ns;
    let statement = format!(
        "{name} <= {factor} x {other}, lower quartiles: {value:.2} <= {limit:.2} ns ({:.2} x)",
        value / other_ns
    );
    Some(Promise::new(statement, value <= limit))
}

fn above(report: &Report, name: &str, ns: f64, other: &str) -> Option<Promise> {
    let (value, limit) = (report.median(name)?, ns + report.median(other)?);
    let statement = format!("{name} <= {ns} ns above {other}: {value:.2} <= {limit:.2} ns");
    Some(Promise::new(statement, value <= limit))
}

/// A share of what LTTng-UST takes; where that is the floor itself, its multiple of the floor.
fn share_of_lttng(
    report: &Report,
    name: &str,
    part: f64,
    lttng: &str,
    (bar, floor): (f64, &str),
) -> Option<Promise> {
    let (value, lttng_ns, floor_ns) =
        (report.median(name)?, report.median(lttng)?, report.median(floor)?);
    let (share_ns, bar_ns) = (lttng_ns / part, bar * floor_ns);
    let statement = format!("{name} <= 1/{part} of {lttng} (here 1/{:.1})", lttng_ns / value);
    if share_ns >= AT_FLOOR * floor_ns {
        let statement = format!("{statement}: {value:.2} <= {share_ns:.2} ns");
        return Some(Promise::new(statement, value <= share_ns));
    }
    let statement = format!(
        "{statement}: {share_ns:.2} ns is {:.2} x the floor itself; held to {bar} x floor: \
         {value:.2} <= {bar_ns:.2} ns",
        share_ns / floor_ns
    );
    Some(Promise::new(statement, value <= bar_ns))
}

/// Threads slow each other down, because the machine does that to any of them. They must not do it more than as many threads
/// of the floor.
///
/// Compared by the lower quartiles: if another program uses one of two processors, one of the threads waits for whole time
/// slices.
fn as_together(
    report: &Report,
    [one, several]: [&str; 2],
    [floor_one, floor_several]: [&str; 2],
    tolerance: f64,
) -> Option<Promise> {
    let q1 = |name| Some(report.quartiles(name)?.q1_ns);
    let ours = q1(several)? / q1(one)?;
    let floor = q1(floor_several)? / q1(floor_one)?;
    let limit = tolerance * floor;
    let statement = format!(
        "{several}, over one: a factor of {ours:.3} <= {tolerance} x the floor's {floor:.3}"
    );
    Some(Promise::new(statement, ours <= limit))
}
