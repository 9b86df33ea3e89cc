//! The durations of each name: count, sums, and a histogram.
//!
//! The histogram is one of Gil Tene's HDR kind with two significant digits, so quantiles are within 1%. The least and the
//! greatest value, and the sums, are exact.

use crate::limits::SPANS_MAX;
use crate::report::{Bucket, Span};
use ctf::printable::printable;
use hdrhistogram::Histogram;
use std::collections::HashMap;

const SIGNIFICANT_DIGITS: u8 = 2;

/// The number of a name.
pub type SpanId = u32;

/// All names.
#[derive(Debug, Default)]
pub struct Spans {
    all: Vec<Durations>,
    ids: HashMap<String, SpanId>,
    /// Classes whose spans are not counted, because there are too many names.
    pub names_left_out: u64,
}

#[derive(Debug)]
struct Durations {
    name: String,
    count: u64,
    total_ns: u64,
    /// `None` if it is not known for each of them.
    self_ns: Option<u64>,
    busy_ns: Option<u64>,
    min_ns: u64,
    max_ns: u64,
    /// When the longest one ended.
    longest_at_ns: i64,
    /// Made with the first value.
    histogram: Option<Histogram<u64>>,
}

/// One that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub duration_ns: u64,
    /// Without what happened within it, if that is known.
    pub self_ns: Option<u64>,
    /// How long a future was polled.
    pub busy_ns: Option<u64>,
}

impl Spans {
    /// The number of a name; `None` if there are too many.
    pub fn id(&mut self, name: &str) -> Option<SpanId> {
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        if self.all.len() == SPANS_MAX {
            self.names_left_out += 1;
            return None;
        }
        let id = self.all.len() as SpanId;
        self.ids.insert(name.to_owned(), id);
        self.all.push(Durations {
            name: name.to_owned(),
            count: 0,
            total_ns: 0,
            self_ns: Some(0),
            busy_ns: None,
            min_ns: u64::MAX,
            max_ns: 0,
            longest_at_ns: 0,
            histogram: None,
        });
        Some(id)
    }

    /// Counts one that ends now.
    pub fn add(&mut self, id: SpanId, now_ns: i64, ended: Ended) {
        let Some(of) = self.all.get_mut(id as usize) else { return };
        let Ended { duration_ns, self_ns, busy_ns } = ended;
        of.count += 1;
        of.total_ns = of.total_ns.saturating_add(duration_ns);
        of.self_ns = of.self_ns.zip(self_ns).map(|(sum, more)| sum.saturating_add(more));
        if let Some(busy_ns) = busy_ns {
            of.busy_ns = Some(of.busy_ns.unwrap_or(0).saturating_add(busy_ns));
        }
        of.min_ns = of.min_ns.min(duration_ns);
        if of.count == 1 || duration_ns > of.max_ns {
            (of.max_ns, of.longest_at_ns) = (duration_ns, now_ns);
        }
        if of.histogram.is_none() {
            // Two digits are a precision that there is.
            of.histogram = Histogram::new(SIGNIFICANT_DIGITS).ok();
        }
        if let Some(histogram) = &mut of.histogram {
            // It grows, so it has room for each value.
            let _ = histogram.record(duration_ns);
        }
    }

    /// Those that have ended at least once, the greatest total first.
    pub fn report(&self) -> Vec<Span> {
        let mut all: Vec<_> = self.all.iter().filter_map(Durations::report).collect();
        all.sort_by(|a, b| b.total_ns.cmp(&a.total_ns).then_with(|| a.name.cmp(&b.name)));
        all
    }
}

impl Durations {
    fn report(&self) -> Option<Span> {
        let histogram = self.histogram.as_ref()?;
        let quantile = |q| histogram.value_at_quantile(q).clamp(self.min_ns, self.max_ns);
        Some(Span {
            name: printable(&self.name).to_string(),
            count: self.count,
            total_ns: self.total_ns,
            self_ns: self.self_ns,
            busy_ns: self.busy_ns,
            min_ns: self.min_ns,
            p50_ns: quantile(0.5),
            p90_ns: quantile(0.9),
            p99_ns: quantile(0.99),
            max_ns: self.max_ns,
            longest_at_ns: self.longest_at_ns,
            histogram: buckets(histogram),
        })
    }
}

/// The counts by powers of two, from the first that has one to the last.
fn buckets(histogram: &Histogram<u64>) -> Vec<Bucket> {
    let mut counts = [0_u64; 65];
    for step in histogram.iter_recorded() {
        // The values that the histogram does not tell apart are of one power of two.
        let bits = u64::BITS - step.value_iterated_to().leading_zeros();
        counts[bits as usize] += step.count_at_value();
    }
    let has_some = |count: &u64| *count > 0;
    let first = counts.iter().position(has_some).unwrap_or(0);
    let last = counts.iter().rposition(has_some).unwrap_or(0);
    let bucket = |bits: usize| {
        let low = if bits == 0 { 0 } else { 1 << (bits - 1) };
        let high = if bits == 0 { 0 } else { (low - 1) + low };
        Bucket { from_ns: low, to_ns: high, count: counts[bits] }
    };
    (first..=last).map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(duration_ns: u64) -> Ended {
        Ended { duration_ns, self_ns: Some(duration_ns / 2), busy_ns: None }
    }

    #[test]
    fn sums_and_bounds_are_exact_and_quantiles_within_one_percent() {
        let mut spans = Spans::default();
        let id = spans.id("p:a").unwrap();
        (1..=1000).rev().for_each(|n| spans.add(id, n as i64, ended(n * 1_000_003)));
        let all = spans.report();
        let [span] = &all[..] else { panic!("{all:?}") };
        assert_eq!((span.count, span.min_ns, span.max_ns), (1000, 1_000_003, 1_000_003_000));
        assert_eq!((span.total_ns, span.longest_at_ns), (500_500 * 1_000_003, 1000));
        for (is, should) in [(span.p50_ns, 500), (span.p90_ns, 900), (span.p99_ns, 990)] {
            let should = should * 1_000_003;
            assert!(is.abs_diff(should) <= should / 100, "{is} {should}");
        }
    }

    #[test]
    fn any_duration_is_counted_in_its_power_of_two() {
        let mut spans = Spans::default();
        let id = spans.id("p:a").unwrap();
        let values = [0, 1, 2, 3, 1023, 1024, (1 << 40) - 1, 1 << 40, u64::MAX];
        values.iter().for_each(|value| spans.add(id, 0, ended(*value)));
        let span = &spans.report()[0];
        assert_eq!((span.min_ns, span.max_ns, span.total_ns), (0, u64::MAX, u64::MAX));
        assert_eq!(span.histogram.iter().map(|bucket| bucket.count).sum::<u64>(), 9);
        for bucket in &span.histogram {
            let is_in = |value: &&u64| (bucket.from_ns..=bucket.to_ns).contains(*value);
            let expected = values.iter().filter(is_in).count() as u64;
            assert_eq!(bucket.count, expected, "{bucket:?}");
        }
    }

    #[test]
    fn self_time_is_unknown_if_it_is_unknown_once() {
        let mut spans = Spans::default();
        let (known, unknown) = (spans.id("p:known").unwrap(), spans.id("p:unknown").unwrap());
        for id in [known, unknown] {
            spans.add(id, 1, ended(10));
        }
        spans.add(unknown, 2, Ended { self_ns: None, ..ended(20) });
        let of: Vec<_> = spans.report().into_iter().map(|span| (span.name, span.self_ns)).collect();
        assert_eq!(of, [("p:unknown".to_owned(), None), ("p:known".to_owned(), Some(5))]);
    }

    #[test]
    fn names_beyond_the_limit_are_counted() {
        let mut spans = Spans::default();
        for n in 0..SPANS_MAX {
            assert!(spans.id(&format!("p:{n}")).is_some());
        }
        assert_eq!((spans.id("p:more"), spans.id("p:7")), (None, Some(7)));
        assert_eq!(spans.names_left_out, 1);
    }
}
