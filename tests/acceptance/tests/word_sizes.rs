//! A program of 32 bits is recorded by the daemon of 64 as one of 64 bits is.
//!
//! The same programs are built for i686 and traced by the same `ust`: what the judges read of both is the
//! same, line by line and in the metadata. `usize` and `isize` have 64 bits in every trace; only their extreme
//! values are another machine's.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, other_word_size, skip};
use ust_test_support::binaries;

/// The 32-bit build of a program, if it and the judges can be had.
fn program(name: &str) -> Option<PathBuf> {
    skip::judges_are_here().then(|| other_word_size::program(name)).flatten()
}

fn record(program: PathBuf) -> Recorded {
    Recording::of_path(program).options(["--subbuf-size", "512K"]).run().succeeded()
}

/// The classes that the metadata declares, without their numbers, which depend on the linker.
fn classes(recorded: &Recorded) -> BTreeSet<String> {
    let metadata = recorded.folders()[0].join("metadata");
    let text = std::fs::read_to_string(metadata).expect("a trace has metadata");
    let is_number = |line: &&str| line.trim_start().starts_with("id = ");
    let class = |text: &str| text.lines().filter(|line| !is_number(line)).collect::<String>();
    text.split("event {").skip(1).map(class).collect()
}

/// What babeltrace2 prints after the time and the process, except fields of the machine's own size.
fn events(trace: &Path) -> Vec<String> {
    let mut events = Vec::new();
    judge::babeltrace2(trace, |line| {
        let (_, event) = line.text.split_once(") ").expect("a process stands before the event");
        let fields = event.rsplit_once('{').map_or("", |(_, fields)| fields);
        let kept = fields.split(',').filter(|field| !field.trim_start().starts_with("e = "));
        let name = event.split(": ").next().unwrap_or_default();
        events.push(format!("{name}: {}", kept.collect::<Vec<_>>().join(",")));
    });
    events
}

#[test]
fn every_field_type_reads_back_the_same() {
    let Some(of_32_bits) = program("all_fields") else { return };
    let of_32_bits = record(of_32_bits);
    let of_64_bits = record(binaries::program("all_fields"));
    // Bit for bit what it says it emitted, its own `usize::MAX` included.
    for recorded in [&of_32_bits, &of_64_bits] {
        let compared = judge::python("fields.py", &[&recorded.trace(), &recorded.path("report")]);
        let fields: u64 = compared.trim().parse().expect("fields.py prints a number");
        assert!(fields > 150, "only {fields} fields were compared");
        assert_eq!(recorded.summary().lost_in_all(), 0);
    }
    assert_eq!(events(&of_32_bits.trace()), events(&of_64_bits.trace()));
    let classes = [classes(&of_32_bits), classes(&of_64_bits)];
    assert_eq!(classes[0], classes[1]);
    for usize_or_isize in
        ["size = 64; align = 8; signed = false", "size = 64; align = 8; signed = true"]
    {
        let e = format!("integer {{ {usize_or_isize}; base = 10; }} _e;");
        assert!(classes[0].iter().any(|class| class.contains(&e)), "{e} in {:?}", classes[0]);
    }
}

#[test]
fn written_and_lost_are_what_two_threads_emitted() {
    const EVENTS: u64 = 400_000;
    let Some(flood) = program("flood") else { return };
    let recording = Recording::of_path(flood).options(["--subbuf-size", "4096", "--subbufs", "2"]);
    let recorded = recording.arg(2).arg(EVENTS).run().succeeded();
    let mut next = [0; 2];
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let next = &mut next[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(sequence >= *next, "thread's numbers go back from {next}: {}", line.text);
        *next = sequence + 1;
    });
    let summary = recorded.summary();
    assert_eq!(lines, summary.recorded);
    assert_eq!(summary.recorded + summary.lost_in_all(), EVENTS, "{summary:?}");
    assert!(lines > 0 && summary.lost_in_all() > 0, "the ring was to be too small: {summary:?}");
}

#[derive(Debug, Deserialize)]
struct Account {
    readings: Vec<(u64, u64)>,
    drift_ns: i64,
}

#[test]
fn each_time_lies_between_the_program_s_own_readings() {
    const TOLERANCE_NS: u64 = 1_000_000;
    let Some(gaps) = program("gaps") else { return };
    for clock in ["tsc", "monotonic"] {
        let recording = Recording::of_path(gaps.clone()).options(["--clock", clock]);
        let recording = [0, 1, 54, 140, 0, 300, 52].iter().fold(recording, |all, gap| all.arg(gap));
        let recorded = recording.run();
        if !recorded.finished.status.success() && recorded.finished.stderr.contains("clock") {
            skip::skipped(&recorded.finished.stderr);
            continue;
        }
        let recorded = recorded.succeeded();
        let account: Account = recorded.report();
        if account.drift_ns.unsigned_abs() > TOLERANCE_NS / 2 {
            skip::skipped(&format!("the wall clock was moved by {} ns", account.drift_ns));
            continue;
        }
        let printed = judge::python("times.py", &[&recorded.trace()]);
        assert_eq!(printed.lines().count(), account.readings.len());
        for (line, (before, after)) in printed.lines().zip(&account.readings) {
            let (_, time) = line.split_once(' ').expect("times.py prints two numbers");
            let time: u64 = time.parse().expect("times.py prints numbers");
            let outside_ns = before.saturating_sub(time).max(time.saturating_sub(*after));
            assert!(
                outside_ns <= TOLERANCE_NS,
                "{clock}: {time} is not in {before}..{after}, {outside_ns} ns off"
            );
        }
    }
}

/// 1 GiB times four is more than 32 bits address: no ring can be had, and everything is counted.
#[test]
fn a_ring_that_32_bits_cannot_address_is_counted_not_written_beside() {
    const EVENTS: u64 = 1000;
    let Some(flood) = program("flood") else { return };
    for subbufs in ["2", "4"] {
        let options = ["--subbuf-size", "1G", "--subbufs", subbufs];
        let recording = Recording::of_path(flood.clone()).options(options);
        let recorded = recording.arg(2).arg(EVENTS).run().succeeded();
        let summary = recorded.summary();
        assert_eq!((summary.recorded, summary.lost_in_all()), (0, EVENTS), "{summary:?}");
        let causes: Vec<_> = summary.lost.keys().collect();
        assert_eq!(causes, ["records_lost_no_stream"]);
    }
}
