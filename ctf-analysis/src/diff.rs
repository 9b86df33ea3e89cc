//! What changed from one recording to another: which spans got slower or faster, which events became more or fewer.

use crate::report::{Report, Span};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The changes. JSON has these names.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The recording before.
    pub a: Side,
    /// The recording after.
    pub b: Side,
    /// Durations by name, the greatest change of the total first.
    pub spans: Vec<SpanChange>,
    /// Events by class, the greatest change first.
    pub classes: Vec<ClassChange>,
}

/// One of the recordings.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Its events.
    pub events: u64,
    /// From its first event to its last.
    pub duration_ns: u64,
    /// Events that were lost.
    pub lost_events: u64,
    /// Whether anything is missing from its figures.
    pub is_uncertain: bool,
}

/// A name of spans.
#[derive(Debug, Clone, Serialize)]
pub struct SpanChange {
    /// The name.
    pub name: String,
    /// How much longer all of them took together.
    pub total_change_ns: i64,
    /// How much longer one of them took on average; `None` if one of the recordings has none.
    pub mean_change_ns: Option<i64>,
    /// In the recording before.
    pub a: Option<Figures>,
    /// In the recording after.
    pub b: Option<Figures>,
}

/// The durations of one name in one recording.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Figures {
    /// How many.
    pub count: u64,
    /// All together.
    pub total_ns: u64,
    /// Without what other spans took meanwhile, if that is known.
    pub self_ns: Option<u64>,
    /// On average.
    pub mean_ns: u64,
    /// Half of them took at most so long.
    pub p50_ns: u64,
    /// 99% of them took at most so long.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// An event class.
#[derive(Debug, Clone, Serialize)]
pub struct ClassChange {
    /// Its name.
    pub name: String,
    /// How many events more.
    pub change: i64,
    /// Its events in the recording before.
    pub a: u64,
    /// Its events in the recording after.
    pub b: u64,
}

impl Diff {
    /// From `a` to `b`.
    pub fn of(a: &Report, b: &Report) -> Diff {
        let side = |report: &Report| Side {
            events: report.events,
            duration_ns: report.duration_ns,
            lost_events: report.lost_events,
            is_uncertain: report.is_uncertain,
        };
        Diff { a: side(a), b: side(b), spans: spans(a, b), classes: classes(a, b) }
    }
}

fn spans(a: &Report, b: &Report) -> Vec<SpanChange> {
    let by_name = |report: &Report| -> BTreeMap<String, Figures> {
        report.spans.iter().map(|span| (span.name.clone(), Figures::of(span))).collect()
    };
    let (a, b) = (by_name(a), by_name(b));
    let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let change = |name: &String| {
        let (a, b) = (a.get(name).copied(), b.get(name).copied());
        let total = |of: Option<Figures>| of.map_or(0, |of| of.total_ns);
        SpanChange {
            name: name.clone(),
            total_change_ns: difference(total(a), total(b)),
            mean_change_ns: a.zip(b).map(|(a, b)| difference(a.mean_ns, b.mean_ns)),
            a,
            b,
        }
    };
    let mut changes: Vec<_> = names.into_iter().map(change).collect();
    // Those that changed by the same stay in the order of their names.
    changes.sort_by_key(|change| Reverse(change.total_change_ns.unsigned_abs()));
    changes
}

fn classes(a: &Report, b: &Report) -> Vec<ClassChange> {
    let by_name = |report: &Report| -> BTreeMap<String, u64> {
        report.classes.iter().map(|class| (class.name.clone(), class.events)).collect()
    };
    let (a, b) = (by_name(a), by_name(b));
    let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let change = |name: &String| {
        let count = |of: &BTreeMap<String, u64>| of.get(name).copied().unwrap_or(0);
        let (a, b) = (count(&a), count(&b));
        ClassChange { name: name.clone(), change: difference(a, b), a, b }
    };
    let mut changes: Vec<_> = names.into_iter().map(change).collect();
    changes.sort_by_key(|change| Reverse(change.change.unsigned_abs()));
    changes
}

impl Figures {
    fn of(span: &Span) -> Figures {
        let Span { count, total_ns, self_ns, p50_ns, p99_ns, max_ns, .. } = *span;
        let mean_ns = total_ns / count.max(1);
        Figures { count, total_ns, self_ns, mean_ns, p50_ns, p99_ns, max_ns }
    }
}

/// From `a` to `b`, as far as an `i64` can tell.
fn difference(a: u64, b: u64) -> i64 {
    let difference = i128::from(b) - i128::from(a);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}
