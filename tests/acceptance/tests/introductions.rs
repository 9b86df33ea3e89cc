//! A process that can hardly introduce itself is recorded, or counted, or named with the reason.
//!
//! A shell sets the limits before the program begins, so the process cannot have what it needs at its start.

use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::Running;
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 2000;

/// Blocks of `ulimit -f` in this many bytes.
const BLOCK_BYTES: u64 = 512;

/// Records `ticks` with files of at most so many bytes.
fn recorded_within(file_bytes: u64) -> Recorded {
    let program = binaries::program("ticks");
    let script =
        format!("ulimit -f {}; exec {} {EVENTS}", file_bytes / BLOCK_BYTES, program.display());
    Recording::of_path("/bin/sh".into()).arg("-c").arg(script).run().succeeded()
}

#[test]
fn where_files_may_not_be_large_the_process_file_and_the_rings_are_smaller() {
    if !skip::judges_are_here() {
        return;
    }
    // Four streams in a ring file in place of 64, and ten megabytes of process file in place of sixteen.
    let recorded = recorded_within(10_240_000);
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (EVENTS, 0), "{summary:?}");
    assert_eq!(judge::count(&recorded.trace()), EVENTS);
}

#[test]
fn where_files_may_not_hold_a_ring_every_event_is_counted() {
    let recorded = recorded_within(51_200);
    let summary = recorded.summary();
    assert_eq!(summary.lost.get("records_lost_no_stream"), Some(&EVENTS), "{summary:?}");
    let stderr = &recorded.finished.stderr;
    assert!(stderr.contains("let it write larger files (ulimit -f)"), "{stderr}");
}

#[test]
fn a_process_that_can_have_no_process_file_says_so() {
    let recorded = recorded_within(5120);
    assert_eq!(recorded.summary().recorded, 0);
    let stderr = &recorded.finished.stderr;
    let is_told = |line: &str| {
        line.contains("(ticks): it can have no process file: File too large")
            && line.contains("none of its events are recorded")
            && line.contains("ulimit -f")
    };
    assert!(stderr.lines().any(is_told), "{stderr}");
}

/// The agent has a descriptor table of its own, in which the standard numbers are free.
#[test]
fn a_process_with_one_descriptor_to_spare_counts_its_events() {
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    site.start_session("poor", "*");
    let program = binaries::program("ticks");
    let script = format!("ulimit -n 4; exec {} {EVENTS} stay", program.display());
    let shell = std::path::Path::new("/bin/sh");
    let _running = Running::start(site.command(shell).args(["-c", &script]));
    let told = wait_until("the count", || {
        let listed = site.ust(&["list", "poor"]).stdout;
        listed.contains("(records_lost_no_stream 2,000)").then_some(listed)
    });
    assert!(told.contains("Too many open files"), "{told}");
    assert!(told.contains("let it open more files (ulimit -n)"), "{told}");
}
