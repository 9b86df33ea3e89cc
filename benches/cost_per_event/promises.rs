//! What the numbers must be: multiples of the floor, and shares of LTTng-UST, of the same run.
//!
//! A promise about a contestant that did not take part is not made. None is softened by what the machine is like: what is
//! shown as BROKEN is a bar in force that is broken.

use crate::contestants::*;
use ust_benches::promise::Promise;
use ust_benches::report::Report;

/// Those about contestants that took part.
pub fn of(report: &Report) -> Vec<Promise> {
    let promises = [
        times(report, FLOOR, 1.5, RDTSC).map(Promise::of_bench),
        times(report, SMALL, 1.4, FLOOR),
        times(report, SMALL_IN_PLUGIN, 1.55, FLOOR),
        times(report, LARGE, 1.75, FLOOR),
        times(report, SMALL_PER_CPU, 1.3, SHARED_FLOOR),
        share_of_lttng(report, SMALL, 6.0, LTTNG_SMALL),
        share_of_lttng(report, LARGE, 5.5, LTTNG_LARGE),
        share_of_lttng(report, SMALL_PER_CPU, 3.0, LTTNG_SMALL),
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

/// A share of what LTTng-UST takes.
fn share_of_lttng(report: &Report, name: &str, part: f64, lttng: &str) -> Option<Promise> {
    let (value, lttng_ns) = (report.median(name)?, report.median(lttng)?);
    let limit = lttng_ns / part;
    let statement = format!(
        "{name} <= 1/{part} of {lttng}: {value:.2} <= {limit:.2} ns (1/{:.1})",
        lttng_ns / value
    );
    Some(Promise::new(statement, value <= limit))
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
