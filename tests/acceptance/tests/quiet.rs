//! After a thread's first event: no allocation, no lock, no system call, within a sub-buffer.
//!
//! A program emits a million events of every type with a seccomp filter that kills it at any system call (waiting for a
//! lock is one: futex), and an allocator that counts. Where many sub-buffers are crossed, only the call that wakes the
//! reader is allowed, and none with `--read-timer`. The same program with an allocation, and with a system call, in the
//! middle shows that the instruments work.

use ust_acceptance::recording::{Recorded, Recording, Started, folders, stream_files};
use ust_acceptance::{judge, progress, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 1_000_000;

/// Holds all events.
const LARGE: [&str; 4] = ["--subbuf-size", "128M", "--subbufs", "2"];

/// So small that the events lie in thousands of them.
const SMALL: [&str; 4] = ["--subbuf-size", "16K", "--subbufs", "8"];

/// Many times what those hold at once: after so many events each has been used.
const SEVERAL_LAPS_BYTES: u64 = 4 << 20;

const SIGSYS_CODE: i32 = 128 + libc::SIGSYS;

fn can_be_quiet() -> bool {
    // In a program that is not traced the instruments must find nothing. Otherwise they do not work here.
    let plain = std::process::Command::new(ust_test_support::binaries::program("quiet"))
        .arg("still")
        .status();
    if !plain.is_ok_and(|status| status.success()) {
        skip::skipped("no seccomp filter can be set here, or the clock needs system calls");
        return false;
    }
    skip::judges_are_here()
}

fn record<const N: usize>(mode: &str, options: [&str; N]) -> Option<Recorded> {
    can_be_quiet().then(|| Recording::of("quiet").options(options).arg(mode).run())
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
    // The events emitted before are in the trace all the same.
    assert_eq!(judge::count(&recorded.trace()), EVENTS / 2 + 1 + 4);
}

/// Waits until so much is in the stream files, or until the recorder has ended.
fn wait_for_bytes(started: &mut Started, bytes: u64) {
    let trace = started.trace();
    wait_until("more in the trace", || {
        let folders = if trace.is_dir() { folders(&trace) } else { Vec::new() };
        let files = folders.iter().flat_map(|folder| stream_files(folder));
        let written: u64 = files.map(|file| file.metadata().map_or(0, |file| file.len())).sum();
        (written >= bytes || !started.running.is_running()).then_some(())
    });
}

/// Records a program that goes on until the reader has taken several laps before the filter, and more behind it.
fn record_laps<const N: usize>(mode: &str, options: [&str; N]) -> Option<Recorded> {
    if !can_be_quiet() {
        return None;
    }
    let recording = Recording::of("quiet").options(SMALL).options(options).arg(mode);
    let path = recording.path("progress");
    let mut started = recording.arg(path.display()).start();
    wait_for_bytes(&mut started, SEVERAL_LAPS_BYTES);
    progress::set(&path, 0, 1);
    wait_for_bytes(&mut started, 3 * SEVERAL_LAPS_BYTES);
    progress::set(&path, 1, 1);
    Some(started.wait())
}

fn crosses<const N: usize>(mode: &str, options: [&str; N]) {
    let Some(recorded) = record_laps(mode, options) else { return };
    assert_quiet(&recorded);
    let summary = recorded.summary();
    assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    let emitted = progress::read(&recorded.path("progress")).expect("it is there")[2];
    assert!(emitted >= EVENTS, "{emitted}");
    assert_eq!(summary.recorded + summary.lost_in_all(), emitted, "{summary:?}");
}

#[test]
fn where_sub_buffers_are_crossed_the_reader_is_woken_and_nothing_else() {
    crosses("wakes", []);
}

#[test]
fn with_a_read_timer_no_system_call_is_made_however_many_sub_buffers_are_crossed() {
    crosses("crosses", ["--read-timer", "100"]);
}

#[test]
fn without_a_read_timer_the_reader_is_woken_by_a_system_call() {
    // So that the test before this one proves something.
    let Some(recorded) = record_laps("crosses", []) else { return };
    assert_eq!(recorded.finished.code(), SIGSYS_CODE, "{}", recorded.finished.stderr);
}
