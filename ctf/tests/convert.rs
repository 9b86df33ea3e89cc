//! A trace whose metadata are turned into CTF 2 is read and printed as before.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::shown::sorted;
use ctf::read::Reader;
use ctf::text::Printer;
use ctf::{convert, json, tsdl};

/// Traces of this library and of LTTng, each in a directory of its own.
fn traces(place: &Path) -> Vec<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut traces = Vec::new();
    for name in ["trace-one-process", "trace-several-processes"] {
        let dir = place.join(name);
        fs::create_dir(&dir).unwrap();
        let archive = package.join(format!("../tests/fixtures/abi-6/{name}.tar.gz"));
        let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&dir).status();
        assert!(unpacked.unwrap().success());
        traces.extend(trace_dirs(&dir));
    }
    traces.push(copy(&package.join("tests/data/lttng-ust"), &place.join("lttng-ust")));
    traces
}

fn trace_dirs(dir: &Path) -> Vec<PathBuf> {
    let reader = Reader::open(dir).unwrap();
    reader.traces().iter().map(|trace| trace.path.clone()).collect()
}

/// Copies the files of a trace, but for its index.
fn copy(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    to.to_owned()
}

/// The same trace with metadata in CTF 2.
fn converted(trace: &Path, to: &Path) -> PathBuf {
    let to = copy(trace, to);
    let metadata = fs::read(trace.join("metadata")).unwrap();
    let text = convert::to_ctf2(&tsdl::parse(&metadata).unwrap()).unwrap();
    fs::write(to.join("metadata"), text).unwrap();
    to
}

fn lines(dir: &Path) -> Vec<String> {
    let mut printer = Printer::utc().with_source();
    let events = Reader::open(dir).unwrap();
    events.map(|event| printer.line(&event.unwrap_or_else(|error| panic!("{error}")))).collect()
}

#[test]
fn a_converted_trace_is_printed_as_before() {
    let place = tempfile::tempdir().unwrap();
    let mut events = 0;
    for (at, trace) in traces(place.path()).into_iter().enumerate() {
        let ctf2 = converted(&trace, &place.path().join(format!("converted-{at}")));
        let before = lines(&trace);
        events += before.len();
        assert_eq!(lines(&ctf2), before, "{}", trace.display());
    }
    assert!(events > 30, "{events}");
}

/// What was CTF 2 already says the same again.
#[test]
fn converting_again_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ctf2");
    for entry in fs::read_dir(data).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        let again = copy(&dir, &place.path().join(dir.file_name().unwrap()));
        let text = fs::read(dir.join("metadata")).unwrap();
        let once = convert::to_ctf2(&json::parse(&text).unwrap()).unwrap();
        fs::write(again.join("metadata"), &once).unwrap();
        assert_eq!(lines(&again), lines(&dir), "{}", dir.display());
        let twice = convert::to_ctf2(&json::parse(once.as_bytes()).unwrap()).unwrap();
        assert_eq!(twice, once);
    }
}

/// The packets' checksums are looked at in a converted trace too: a damaged packet costs itself and no other.
#[test]
fn damage_is_found_in_a_converted_trace() {
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    fs::create_dir(&trace).unwrap();
    common::small_trace(&trace);
    let ctf2 = converted(&trace, &place.path().join("converted"));
    assert_eq!(lines(&ctf2), lines(&trace));
    let stream = ctf2.join("s0");
    let mut bytes = fs::read(&stream).unwrap();
    bytes[4096 + 100] ^= 1;
    fs::write(&stream, bytes).unwrap();
    let (events, errors): (Vec<_>, Vec<_>) = Reader::open(&ctf2).unwrap().partition(Result::is_ok);
    assert_eq!((events.len(), errors.len()), (30 - 3, 1));
}

/// Needs babeltrace2 2.1 or later; an older one does not read CTF 2.
#[test]
fn babeltrace2_prints_a_converted_trace_as_before() {
    let version = Command::new("babeltrace2").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let is_recent = version.is_ok_and(|text| {
        let numbers = text.split_whitespace().nth(1).unwrap_or_default();
        let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        (numbers.next(), numbers.next()) >= (Some(2), Some(1))
    });
    if !is_recent {
        println!("SKIPPED: babeltrace2 2.1 is not installed");
        return;
    }
    let print = |dir: &Path| {
        let output = Command::new("babeltrace2").arg("--clock-gmt").arg(dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().map(sorted).collect::<Vec<_>>()
    };
    let place = tempfile::tempdir().unwrap();
    for (at, trace) in traces(place.path()).into_iter().enumerate() {
        let ctf2 = converted(&trace, &place.path().join(format!("converted-{at}")));
        assert_eq!(print(&ctf2), print(&trace), "{}", trace.display());
    }
}
