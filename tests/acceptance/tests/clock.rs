//! Each record carries its own clock reading, and readers get wall-clock times from it.
//!
//! Some gaps between events are about as long as a record's short clock can bridge (27 bits: 52 ms at 2.6 GHz, 134 ms in
//! nanoseconds), others are much longer. A flush every 100 ms cuts packets in between. The program reads the wall clock
//! before and after each event. The time that bt2 gives lies between the two, except for the error of the calibration.

use serde::Deserialize;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};
use ust_test_support::command::{Finished, run};

/// The largest difference that is allowed between a trace's times and `date`.
const TOLERANCE_NS: u64 = 1_000_000;

#[derive(Debug, Deserialize)]
struct Account {
    readings: Vec<(u64, u64)>,
    drift_ns: i64,
}

/// Records the gaps; `None` if there is no such clock here, or if the wall clock was set meanwhile.
fn record(clock: &str, gaps: &[u64]) -> Option<(Recorded, Account)> {
    if !skip::judges_are_here() {
        return None;
    }
    let recording = Recording::of("gaps").options(["--clock", clock, "--flush-interval", "100"]);
    let recorded = gaps.iter().fold(recording, |recording, gap| recording.arg(gap)).run();
    let Finished { stderr, .. } = &recorded.finished;
    if !recorded.finished.status.success() && stderr.contains("clock") {
        skip::skipped(stderr);
        return None;
    }
    let recorded = recorded.succeeded();
    let account: Account = recorded.report();
    if account.drift_ns.unsigned_abs() > TOLERANCE_NS / 2 {
        skip::skipped(&format!("the wall clock was moved by {} ns meanwhile", account.drift_ns));
        return None;
    }
    Some((recorded, account))
}

fn times_lie_between_the_readings(clock: &str) {
    let gaps = [
        0, 0, 50, 0, 54, 60, 0, 140, 140, 50, 1000, 0, 54, 5000, 0, 60, 50, 54, 140, 0, 135, 130,
        52, 51,
    ];
    let Some((recorded, account)) = record(clock, &gaps) else { return };
    let printed = judge::python("times.py", &[&recorded.trace()]);
    let mut worst_ns = 0;
    for (number, (line, (before, after))) in printed.lines().zip(&account.readings).enumerate() {
        let time: Vec<u64> =
            line.split(' ').map(|word| word.parse().expect("times.py prints numbers")).collect();
        assert_eq!(time[0], number as u64, "out of order");
        let outside_ns = before.saturating_sub(time[1]).max(time[1].saturating_sub(*after));
        assert!(
            outside_ns <= TOLERANCE_NS,
            "event {number} after {} ms: {} is not in {before}..{after}, {outside_ns} ns off",
            gaps[number],
            time[1]
        );
        worst_ns = worst_ns.max(outside_ns);
    }
    assert_eq!((printed.lines().count(), account.readings.len()), (gaps.len(), gaps.len()));
    eprintln!("{clock}: at worst {worst_ns} ns outside the program's own two readings");
}

#[test]
fn by_tsc_each_time_lies_between_the_program_s_own_readings() {
    times_lie_between_the_readings("tsc");
}

#[test]
fn by_the_monotonic_clock_each_time_lies_between_the_program_s_own_readings() {
    times_lie_between_the_readings("monotonic");
}

#[test]
fn babeltrace2_prints_the_wall_clock() {
    // By the command `babeltrace2`, which computes times by itself. Users compare them with `date`.
    let Some((recorded, account)) = record("monotonic", &[0, 0]) else { return };
    let mut times = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| times.push(line.time_ns));
    let (before, after) = account.readings[0];
    assert!(
        times[0] + TOLERANCE_NS >= before && times[0] <= after + TOLERANCE_NS,
        "{times:?} {account:?}"
    );
    let date = run(std::process::Command::new("date").arg("+%s%N")).succeeded().stdout;
    let date: u64 = date.trim().parse().expect("date prints a number");
    assert!(times[1] <= date + TOLERANCE_NS, "a record of the past is later than now, {date}");
}
