//! Traces with CTF 2 metadata are read as babeltrace2 reads them.
//!
//! `data/ctf2/make.py` writes these traces, the bytes of their streams by hand, and keeps what babeltrace2 2.1.1 prints of
//! each. So these tests need no babeltrace2 that reads CTF 2.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::shown::sorted;
use ctf::read::Reader;
use ctf::text::Printer;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ctf2")
}

/// The lines of a trace that must have no error.
fn lines(dir: &Path) -> Vec<String> {
    let mut printer = Printer::utc();
    let events = Reader::open(dir).unwrap();
    events.map(|event| printer.line(&event.unwrap_or_else(|error| panic!("{error}")))).collect()
}

#[test]
fn every_field_class_is_printed_as_babeltrace2_prints_it() {
    let mut traces = 0;
    for entry in fs::read_dir(data()).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        traces += 1;
        let expected = fs::read_to_string(dir.with_extension("expected.txt")).unwrap();
        let expected: Vec<_> = expected.lines().map(sorted).collect();
        let ours: Vec<_> = lines(&dir).iter().map(|line| sorted(line)).collect();
        assert_eq!(ours, expected, "{}", dir.display());
    }
    assert_eq!(traces, 11);
}

/// Stream classes have clocks of their own, or none.
#[test]
fn times_are_those_of_each_stream_classs_clock() {
    let byte = |role: &str| {
        format!(
            r#"{{"type": "fixed-length-unsigned-integer", "length": 8, "byte-order": "little-endian", "alignment": 8 {role}}}"#
        )
    };
    let one = |name: &str, class: String| {
        format!(
            r#"{{"type": "structure", "member-classes": [{{"name": "{name}", "field-class": {class}}}]}}"#
        )
    };
    let stream = byte(r#", "roles": ["data-stream-class-id"]"#);
    let time = byte(r#", "roles": ["default-clock-timestamp"]"#);
    let mut fragments = vec![
        r#"{"type": "preamble", "version": 2}"#.to_owned(),
        format!(
            r#"{{"type": "trace-class", "packet-header-field-class": {}}}"#,
            one("s", stream)
        ),
        r#"{"type": "clock-class", "id": "a", "frequency": 1000}"#.to_owned(),
        r#"{"type": "clock-class", "id": "b", "frequency": 1000000000, "offset-from-origin": {"seconds": 1}}"#
            .to_owned(),
    ];
    let header = format!(r#", "event-record-header-field-class": {}"#, one("t", time));
    for (id, clock) in [(0, "a"), (1, "b"), (2, "")] {
        let timed = format!(r#", "default-clock-class-id": "{clock}" {header}"#);
        let timed = if clock.is_empty() { "" } else { &timed };
        fragments.push(format!(r#"{{"type": "data-stream-class", "id": {id} {timed}}}"#));
        fragments.push(format!(
            r#"{{"type": "event-record-class", "data-stream-class-id": {id}, "name": "e", "payload-field-class": {}}}"#,
            one("x", byte(""))
        ));
    }
    let dir = tempfile::tempdir().unwrap();
    let metadata: String = fragments.iter().map(|fragment| format!("\x1e{fragment}\n")).collect();
    fs::write(dir.path().join("metadata"), metadata).unwrap();
    for (name, bytes) in [("s0", &[0, 5, 42][..]), ("s1", &[1, 9, 43]), ("s2", &[2, 44, 45])] {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    assert_eq!(
        lines(dir.path()),
        [
            "e: { x = 44 }",
            "e: { x = 45 }",
            "[00:00:00.005000000] (+?.?????????) e: { x = 42 }",
            "[00:00:01.000000009] (+0.995000009) e: { x = 43 }",
        ]
    );
}
