//! What tracing costs in memory: next to nothing before the first event, then what is touched, or all of it at once
//! where that is asked for.

use serde::Deserialize;
use std::path::PathBuf;
use ust_acceptance::in_use::InUse;
use ust_acceptance::recording::Recording;
use ust_acceptance::skip;
use ust_test_support::binaries;

const GEOMETRY: [&str; 4] = ["--subbuf-size", "64K", "--subbufs", "8"];

/// The control page and two spares beside the sub-buffers.
const STREAM_BYTES: u64 = 4096 + 10 * (64 << 10);

/// Several laps.
const EVENTS: u64 = 200_000;

#[derive(Debug, Deserialize)]
struct Account {
    before: InUse,
    first: InUse,
    last: InUse,
    faults: u64,
}

fn account<const N: usize>(options: [&str; N], events: u64) -> Account {
    let recording = Recording::of("resident").options(GEOMETRY).options(options);
    recording.arg(events).run().succeeded().report()
}

#[test]
fn a_process_that_emits_nothing_costs_less_than_a_mebibyte() {
    // All of it, the program itself included. With rings whose addresses alone are a gigabyte.
    let recording = Recording::of("resident").options(["--subbuf-size", "64M", "--subbufs", "16"]);
    let Account { last, .. } = recording.arg(0).run().succeeded().report();
    assert!(last.memfd_bytes > 0, "it was to be traced: {last:?}");
    assert!(last.memfd_bytes + last.anonymous_bytes < 1 << 20, "{last:?}");
}

#[test]
fn memory_grows_with_what_is_touched() {
    let account = account([], EVENTS);
    // The note and the records of the first sub-buffer, and the control page.
    assert!(
        account.first.memfd_bytes < account.before.memfd_bytes + STREAM_BYTES / 4,
        "{account:?}"
    );
    assert!(
        account.last.memfd_bytes > account.before.memfd_bytes + STREAM_BYTES / 2,
        "{account:?}"
    );
    // So the next test is one.
    assert!(account.faults > 60, "{account:?}");
}

#[test]
fn what_is_prefaulted_never_faults() {
    for buffers in ["per-thread", "per-cpu"] {
        let account = account(["--prefault", "--buffers", buffers], EVENTS);
        let grown = account.first.memfd_bytes - account.before.memfd_bytes;
        assert!(grown >= STREAM_BYTES, "{account:?}");
        // Only code that runs for the first time. Where a thread comes to another CPU it is that ring's first event:
        // all is made resident then.
        let rings = (account.last.memfd_bytes - account.before.memfd_bytes) / STREAM_BYTES;
        let bound = 30 + (rings - 1) * STREAM_BYTES / 4096;
        assert!(account.faults <= bound, "{account:?}");
    }
}

#[test]
fn what_is_locked_is_locked() {
    let account = account(["--mlock"], EVENTS);
    let grown = account.first.locked_bytes - account.before.locked_bytes;
    assert!((STREAM_BYTES..2 * STREAM_BYTES).contains(&grown), "{account:?}");
}

#[test]
fn who_may_not_lock_is_named_and_records_all_the_same() {
    // Root may lock what it likes, but for this capability.
    let limited = ["--bounding-set=-ipc_lock", "prlimit", "--memlock=65536:65536"];
    if !skip::has("setpriv", &[limited[0], limited[1], limited[2], "true"]) {
        return;
    }
    let mut recording = Recording::of_path(PathBuf::from("/usr/bin/env")).options(GEOMETRY);
    recording = recording.options(["--mlock"]).arg("setpriv");
    for argument in limited {
        recording = recording.arg(argument);
    }
    let program = binaries::program("resident");
    let recorded = recording.arg(program.display()).arg(1000).run().succeeded();
    let stderr = &recorded.finished.stderr;
    let told: Vec<_> = stderr.lines().filter(|line| line.contains("ulimit -l")).collect();
    assert!(
        told.iter().any(|line| line.contains("process ") && line.contains("not locked")),
        "{stderr}"
    );
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (1000, 0), "{summary:?}");
    let account: Account = recorded.report();
    assert!(account.last.locked_bytes <= 65536, "{account:?}");
}
