//! What the numbers must be.

use crate::contestants::{EMPTY, FLOOR, LTTNG_SMALL, OFF, RDTSC, SMALL};
use std::fmt;
use ust_benches::report::Report;

/// A statement about the medians, and whether it holds.
#[derive(Debug)]
pub struct Promise {
    statement: String,
    /// It does not hold.
    pub is_broken: bool,
    /// It is the bench itself that would be wrong: the run is worth nothing.
    pub is_of_bench: bool,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_broken { "BROKEN" } else { "holds" };
        write!(f, "{verdict:<8}{}", self.statement)
    }
}

/// Those about contestants that took part.
pub fn of(report: &Report) -> Vec<Promise> {
    let times = |name, factor: f64, other: &str| {
        let (value, limit) = (report.median(name)?, factor * report.median(other)?);
        let statement = format!("{name} <= {factor:.3} x {other}: {value:.2} <= {limit:.2} ns");
        Some(Promise { statement, is_broken: value > limit, is_of_bench: false })
    };
    let above = |name, ns: f64, other: &str| {
        let (value, limit) = (report.median(name)?, ns + report.median(other)?);
        let statement = format!("{name} <= {ns} ns above {other}: {value:.2} <= {limit:.2} ns");
        Some(Promise { statement, is_broken: value > limit, is_of_bench: false })
    };
    let of_bench = |promise: Promise| Promise { is_of_bench: true, ..promise };
    let promises = [
        times(FLOOR, 1.5, RDTSC).map(of_bench),
        times(SMALL, 1.6, FLOOR),
        times(SMALL, 1.0 / 6.0, LTTNG_SMALL),
        above(OFF, 1.0, EMPTY),
    ];
    promises.into_iter().flatten().collect()
}
