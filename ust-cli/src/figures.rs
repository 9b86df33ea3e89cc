//! Counts as people read them: `5,000,000 events recorded, 12 lost (records_lost_full 12), 1 process`.

use consumerd::engine::{Counts, CpuStreams, SessionSummary};
use consumerd::session::SnapshotsTaken;
use std::collections::BTreeMap;

/// What was recorded and what was lost, in one line.
pub fn outcome(summary: &SessionSummary) -> String {
    format!("{}, {}", counts(&summary.all), counted(summary.processes, "process", "processes"))
}

/// Events of a session, or of one of its channels.
pub fn counts(Counts { recorded, overwritten, lost }: &Counts) -> String {
    let overwritten = match *overwritten {
        0 => String::new(),
        overwritten => format!("{} overwritten, ", grouped(overwritten)),
    };
    format!("{} recorded, {overwritten}{}", counted(*recorded, "event", "events"), losses(lost))
}

/// How threads write to streams of CPUs: `streams of CPUs: 2 written in restartable sequences`. `None` if there are none.
pub fn cpu_streams(CpuStreams { sequenced, locked }: &CpuStreams) -> Option<String> {
    let ways = [(sequenced, "in restartable sequences"), (locked, "by locked instructions")];
    let some = ways.iter().filter(|(count, _)| **count > 0);
    let texts: Vec<_> =
        some.map(|(count, way)| format!("{} written {way}", grouped(**count))).collect();
    (!texts.is_empty()).then(|| format!("streams of CPUs: {}", texts.join(", ")))
}

/// What a flight recorder has written, in one line. The last snapshot's figures stand for all: an event may be in several.
pub fn snapshots_outcome(snapshots: &SnapshotsTaken) -> String {
    match (&snapshots.last, snapshots.count) {
        (None, _) => "no snapshot was taken".to_owned(),
        (Some(last), 1) => format!("1 snapshot taken: {}", outcome(last)),
        (Some(last), count) => {
            format!("{} snapshots taken, the last: {}", grouped(count), outcome(last))
        }
    }
}

/// `0 lost`, or how many and by which cause.
pub fn losses(lost: &BTreeMap<String, u64>) -> String {
    // Processes count their losses themselves, so the sum must not overflow.
    let total = lost.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let mut text = format!("{} lost", grouped(total));
    if total > 0 {
        let causes: Vec<String> = lost
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(cause, count)| format!("{cause} {}", grouped(*count)))
            .collect();
        text += &format!(" ({})", causes.join(", "));
    }
    text
}

/// A count and what is counted.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A number with a comma before each group of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time with a unit that fits it.
pub fn duration(ns: u64) -> String {
    let (unit, digits) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => ("us", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => ("ms", ns as f64 / 1e6),
        _ => ("s", ns as f64 / 1e9),
    };
    format!("{digits:.3} {unit}")
}

/// A bar as long as the share of the longest.
pub fn bar(value: u64, most: Option<u64>) -> String {
    const LONGEST: u128 = 40;
    let most = u128::from(most.unwrap_or(0).max(1));
    "#".repeat((u128::from(value) * LONGEST / most) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (5_000_000, "5,000,000"),
            (123_456, "123,456"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn an_outcome_names_each_cause_that_came() {
        let summary = |all, processes| SessionSummary { all, processes, ..Default::default() };
        let recorded = |recorded| Counts { recorded, ..Default::default() };
        let one = summary(recorded(1), 1);
        assert_eq!(outcome(&one), "1 event recorded, 0 lost, 1 process");
        let flight = summary(Counts { overwritten: 1234, ..recorded(1) }, 1);
        assert_eq!(outcome(&flight), "1 event recorded, 1,234 overwritten, 0 lost, 1 process");
        let mut snapshots = SnapshotsTaken::default();
        assert_eq!(snapshots_outcome(&snapshots), "no snapshot was taken");
        for said in ["1 snapshot taken: 2 ev", "2 snapshots taken, the last: 2 ev"] {
            snapshots.add(summary(recorded(2), 0));
            assert!(snapshots_outcome(&snapshots).starts_with(said), "{snapshots:?}");
        }
        let hostile = [("records_lost_big", u64::MAX - 1), ("records_lost_full", 5)];
        let hostile = hostile.map(|(cause, count)| (cause.to_owned(), count)).into();
        assert!(losses(&hostile).starts_with("18,446,744,073,709,551,615 lost ("));
        let lost = BTreeMap::from([
            ("records_lost_full".to_owned(), 1010),
            ("records_lost_big".to_owned(), 2),
            ("records_lost_wrap".to_owned(), 0),
        ]);
        assert_eq!(
            outcome(&summary(Counts { lost, ..recorded(5_000_000) }, 3)),
            "5,000,000 events recorded, 1,012 lost (records_lost_big 2, records_lost_full 1,010), 3 processes"
        );
    }
}
