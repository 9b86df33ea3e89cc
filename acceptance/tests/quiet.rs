//! After a thread's first event: no allocation, no lock, no system call, within a sub-buffer.
//!
//! A program emits a million events of every type with a seccomp filter that kills it at any system call (waiting
//! for a lock is one: futex), and an allocator that counts. Where many sub-buffers are crossed, what is allowed is
//! the one call that wakes the reader, and with `--read-timer` none. That the instruments work is shown by the same
//! program with an allocation, and with a system call, in the middle.

use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 1_000_000;

/// Holds all events.
const LARGE: [&str; 4] = ["--subbuf-size", "128M", "--subbufs", "2"];

const SIGSYS_CODE: i32 = 128 + libc::SIGSYS;

fn record<const N: usize>(mode: &str, options: [&str; N]) -> Option<Recorded> {
    // In a program that is not traced the instruments must find nothing, or they cannot be had here.
    let plain = std::process::Command::new(ust_acceptance::binaries::program("quiet"))
        .arg("still")
        .status();
    if !plain.is_ok_and(|status| status.success()) {
        skip::skipped("no seccomp filter can be set here, or the clock needs system calls");
        return None;
    }
    skip::judges_are_here().then(|| Recording::of("quiet").options(options).arg(mode).run())
}

#[track_caller]
fn assert_quiet(recorded: &Recorded) {
    match recorded.finished.code() {
        0 => {}
        3 => panic!("memory was allocated"),
        SIGSYS_CODE => panic!("a system call was made"),
        code => panic!("exit code {code}: {}", recorded.finished.stderr),
    }
}

#[test]
fn within_a_sub_buffer_nothing_is_allocated_and_no_system_call_is_made() {
    for clock in ["tsc", "monotonic"] {
        let [size, large, count, two] = LARGE;
        let options = [size, large, count, two, "--clock", clock];
        let Some(recorded) = record("still", options) else { return };
        assert_quiet(&recorded);
        assert_eq!(
            (recorded.summary().recorded, recorded.summary().lost_in_all()),
            (EVENTS + 4, 0)
        );
        assert_eq!(judge::count(&recorded.trace()), EVENTS + 4);
    }
}

#[test]
fn the_instruments_find_an_allocation_and_a_system_call() {
    let Some(recorded) = record("allocates", LARGE) else { return };
    assert_eq!(recorded.finished.code(), 3, "{}", recorded.finished.stderr);
    let Some(recorded) = record("calls", LARGE) else { return };
    assert_eq!(recorded.finished.code(), SIGSYS_CODE, "{}", recorded.finished.stderr);
    // What had been emitted until then is there all the same.
    assert_eq!(judge::count(&recorded.trace()), EVENTS / 2 + 1 + 4);
}

/// Sub-buffers so small that the events lie in thousands of them.
fn crosses<const N: usize>(mode: &str, options: [&str; N]) {
    let Some(recorded) = record(mode, options) else { return };
    assert_quiet(&recorded);
    let summary = recorded.summary();
    assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    assert_eq!(summary.recorded + summary.lost_in_all(), EVENTS + 100_000 + 4, "{summary:?}");
    // Far more than the ring holds at once, and than came before the filter: the reader did keep up.
    assert!(summary.recorded > 200_000, "{summary:?}");
}

#[test]
fn where_sub_buffers_are_crossed_the_reader_is_woken_and_nothing_else() {
    crosses("wakes", ["--subbuf-size", "16K", "--subbufs", "8"]);
}

#[test]
fn with_a_read_timer_no_system_call_is_made_however_many_sub_buffers_are_crossed() {
    crosses("crosses", ["--subbuf-size", "16K", "--subbufs", "8", "--read-timer", "100"]);
}

#[test]
fn without_a_read_timer_the_reader_is_woken_by_a_system_call() {
    // So that the test before this one is one.
    let Some(recorded) = record("crosses", ["--subbuf-size", "16K", "--subbufs", "8"]) else {
        return;
    };
    assert_eq!(recorded.finished.code(), SIGSYS_CODE, "{}", recorded.finished.stderr);
}
