//! What the numbers must be. A promise about somebody who did not take part is not made.

use crate::contestants::*;
use ust_benches::promise::Promise;
use ust_benches::report::Report;

/// How far above its floor a contestant may be where the bar itself lies below the floor.
const ABOVE_FLOOR: f64 = 1.15;

/// Those about contestants that took part.
pub fn of(report: &Report) -> Vec<Promise> {
    let promises = [
        times(report, FLOOR, 1.5, RDTSC).map(Promise::of_bench),
        times(report, SMALL, 1.4, FLOOR),
        times(report, SMALL_IN_PLUGIN, 1.7, FLOOR),
        share_of_lttng(report, SMALL, 8.0, LTTNG_SMALL, FLOOR),
        share_of_lttng(report, LARGE, 7.0, LTTNG_LARGE, FLOOR),
        times(report, SMALL_PER_CPU, 1.3, SHARED_FLOOR),
        share_of_lttng(report, SMALL_PER_CPU, 4.0, LTTNG_SMALL, SHARED_FLOOR),
        as_together(report, [SMALL, SMALL_TWICE], [FLOOR, FLOOR_TWICE], 1.1),
        undisturbed(report, SHORT_OVERWRITE, 1.05, SHORT),
        times(report, SMALL_OVERWRITE, 1.25, SMALL),
        above(report, OFF, 1.0, EMPTY),
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

/// As `times`, by the lower quartiles: those of the measurements in which no sub-buffer was entered.
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

/// A share of LTTng-UST's cost; on a machine where that is below the floor, which nobody can reach, a little more
/// than the floor.
fn share_of_lttng(
    report: &Report,
    name: &str,
    part: f64,
    lttng: &str,
    floor: &str,
) -> Option<Promise> {
    let (value, lttng_ns, floor_ns) =
        (report.median(name)?, report.median(lttng)?, report.median(floor)?);
    let bar = lttng_ns / part;
    let share = lttng_ns / value;
    let statement = format!("{name} <= 1/{part} of {lttng} (here 1/{share:.1})");
    let reachable = ABOVE_FLOOR * floor_ns;
    if bar >= reachable {
        let statement = format!("{statement}: {value:.2} <= {bar:.2} ns");
        return Some(Promise::new(statement, value <= bar));
    }
    let why = if bar < floor_ns { "unreachable here, below" } else { "less than 15% above" };
    let statement = format!(
        "{statement}: {bar:.2} ns is {why} the floor of {floor_ns:.2}; \
         held to {ABOVE_FLOOR} x floor: {value:.2} <= {reachable:.2} ns"
    );
    Some(Promise::new(statement, value <= reachable))
}

/// Two threads slow each other down by the machine's doing; not by more than the floor's two.
///
/// By the lower quartiles: two threads are on time only while nobody else wants one of two processors, and whoever
/// does makes one of them wait for whole time slices.
fn as_together(
    report: &Report,
    [one, two]: [&str; 2],
    [floor_one, floor_two]: [&str; 2],
    tolerance: f64,
) -> Option<Promise> {
    let q1 = |name| Some(report.quartiles(name)?.q1_ns);
    let ours = q1(two)? / q1(one)?;
    let floor = q1(floor_two)? / q1(floor_one)?;
    let limit = tolerance * floor;
    let statement = format!(
        "2 threads over 1, {one}: a factor of {ours:.3} <= {tolerance} x the floor's {floor:.3}"
    );
    Some(Promise::new(statement, ours <= limit))
}
