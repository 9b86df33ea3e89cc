//! The options of a channel: sizes with suffixes, and each impossible value is refused with the
//! possible ones.

mod common;

use common::Sandbox;

/// Runs `ust record` with options that it refuses before anything is made or run. Returns the message.
#[track_caller]
fn refused(options: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let arguments = [&["record", "-o", "out"], options, &["--", "touch", "ran"]].concat();
    let ended = sandbox.run(&arguments);
    assert_eq!(ended.code(), 125, "{options:?}: {ended:?}");
    assert_eq!(sandbox.names(), [""; 0], "{options:?}");
    ended.stderr
}

#[track_caller]
fn assert_says(options: &[&str], what: &[&str]) {
    let said = refused(options);
    for word in what {
        assert!(said.contains(word), "{options:?}: no {word:?} in {said}");
    }
}

#[test]
fn sizes_and_numbers_out_of_range_are_refused_with_the_range() {
    let range = ["power of two from 4096 to 1073741824"];
    for size in ["0", "1", "2048", "4095", "5000", "96K", "2G", "18446744073709551615"] {
        assert_says(&["--subbuf-size", size], &range);
    }
    for count in ["0", "1", "3", "1000", "1048576", "18446744073709551615"] {
        assert_says(&["--subbufs", count], &[count, "power of two from 2 to"]);
    }
    let both = ["--subbuf-size", "1G", "--subbufs", "128"];
    assert_says(&both, &["at most 68719476736 bytes"]);
}

#[test]
fn what_is_no_size_is_refused_with_an_example() {
    for size in ["", "K", "-4096", "4096B", "64KB", "1T", "0x1000", "1.5M", "lots"] {
        let option = format!("--subbuf-size={size}");
        let said = refused(&[&option]);
        assert!(said.contains("64K") || said.contains("value is required"), "{size}: {said}");
    }
    assert_says(&["--subbuf-size", "99999999999G"], &["too large"]);
    assert_says(&["--subbufs", "many"], &["--subbufs", "many"]);
}

#[test]
fn unknown_modes_buffers_and_occasions_are_refused_with_those_that_there_are() {
    for mode in ["", "Discard", "lossless", "overwrite=1"] {
        let option = format!("--mode={mode}");
        let said = refused(&[&option]);
        let is_told = said.contains("discard, overwrite, block or block=TIMEOUT");
        assert!(is_told || said.contains("value is required"), "{mode}: {said}");
    }
    for timeout in ["block=", "block=-1", "block=soon", "block=2m"] {
        assert_says(&["--mode", timeout], &["500ms or 2s"]);
    }
    assert_says(&["--mode", "block=3601s"], &["give at most 3600s"]);
    assert_says(&["--buffers", "per-process"], &["per-thread", "per-cpu"]);
    assert_says(&["--snapshot-on", "sunday"], &["exit", "signal", "panic"]);
}

#[test]
fn a_flight_recorder_that_does_not_overwrite_is_refused_with_advice() {
    for mode in ["discard", "block", "block=1s"] {
        assert_says(&["--snapshot-on", "exit", "--mode", mode], &["--mode overwrite"]);
    }
}

#[test]
fn sizes_with_suffixes_in_either_case_are_taken() {
    let sandbox = Sandbox::new();
    for (number, size) in ["4096", "4k", "64K", "1m", "2M", "1G"].iter().enumerate() {
        let out = format!("out{number}");
        let options = ["--subbuf-size", size, "--subbufs", "2"];
        let ended = sandbox.run(&[&["record", "-o", &out][..], &options, &["--", "true"]].concat());
        assert_eq!(ended.code(), 0, "{size}: {ended:?}");
    }
}

/// The daemon's sessions take the same options, and refuse with the same messages.
#[test]
fn sessions_are_refused_what_recordings_are() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let create = |options: &[&str]| sandbox.run(&[&["create", "s", "-o", "out"], options].concat());
    let ended = create(&["--subbuf-size", "5000"]);
    assert_eq!(ended.code(), 2, "{ended:?}");
    assert!(ended.stderr.contains("power of two from 4096 to 1073741824"), "{ended:?}");
    let ended = create(&["--snapshot", "--mode", "discard"]);
    assert_eq!(ended.code(), 2, "{ended:?}");
    assert!(ended.stderr.contains("--mode overwrite"), "{ended:?}");
    assert_eq!(create(&["--subbuf-size", "64k", "--mode", "block=2s"]).code(), 0);
}
