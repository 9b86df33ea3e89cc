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
