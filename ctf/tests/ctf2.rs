//! Traces with CTF 2 metadata are read as babeltrace2 reads them.
//!
//! `data/ctf2/make.py` writes these traces, the bytes of their streams by hand, and keeps what babeltrace2 2.1.1 prints of
//! each. So these tests need no babeltrace2 that reads CTF 2.

use std::fs;
use std::path::{Path, PathBuf};

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

/// A line in which each list of names is in alphabetical order: babeltrace2 has an order of its own for labels and another
/// one for flags, and braces around several labels.
fn sorted(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.replace("( { \"", "( \"").replace("\" } : container", "\" : container");
    while let Some(at) = rest.find(['"']) {
        out.push_str(&rest[..at]);
        let behind = rest[at..].find(" }").into_iter().chain(rest[at..].find(" : ")).min();
        let end = at + behind.unwrap_or(rest.len() - at);
        let list = &rest[at..end];
        let names: Vec<&str> = list.split(", ").collect();
        let is_list = names.iter().all(|name| name.starts_with('"') && name.ends_with('"'));
        let mut names = names;
        if is_list {
            names.sort_unstable();
        }
        out.push_str(&names.join(", "));
        rest = rest[end..].to_owned();
    }
    out + &rest
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
