//! A trace whose metadata are turned into CTF 2 is read and printed as before.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::shown::sorted;
use ctf::dir::Tree;
use ctf::read::Reader;
use ctf::recover::DamagedTraces;
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

/// The lines of a trace with this metadata, and of the same with metadata in CTF 2.
fn lines_of_both(tsdl: &str, stream: &[u8]) -> [Vec<String>; 2] {
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    fs::create_dir(&trace).unwrap();
    fs::write(trace.join("metadata"), tsdl).unwrap();
    fs::write(trace.join("stream"), stream).unwrap();
    let ctf2 = converted(&trace, &place.path().join("ctf2"));
    [lines(&trace), lines(&ctf2)]
}

/// Of several labels of a number, the first that is an option chooses it.
#[test]
fn labels_that_overlap_choose_the_same_options() {
    let tsdl = "/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; };
        typealias integer { size = 8; align = 8; } := u8;
        typealias integer { size = 8; align = 8; signed = true; } := s8;
        event { id = 0; name = \"e\"; fields := struct {
            enum : u8 { none = 3 ... 4, a = 2 ... 5, b = 0 ... 6, a = 9, c = 5 ... 255 } tag;
            variant <tag> { struct { u8 x; } b; struct { s8 y; } a; struct { string z; } c; struct { u8 w; } d; } _v;
        }; };";
    let stream: Vec<u8> = (0..=12).flat_map(|tag| [tag, b'!', 0]).collect();
    // A record of option `c` ends with the NUL; of the others it is the next record's tag.
    let stream: Vec<u8> = stream
        .chunks(3)
        .flat_map(|record| match record[0] {
            0..=6 | 9 => record[..2].to_vec(),
            _ => record.to_vec(),
        })
        .collect();
    let [tsdl, ctf2] = lines_of_both(tsdl, &stream);
    assert_eq!(tsdl.len(), 13);
    assert_eq!(ctf2, tsdl);
}

/// A path of CTF 1.8 means the nearest number of its name: in the same structure, further out, or in a part before, and
/// not in the context of another event.
#[test]
fn paths_lead_to_the_same_numbers() {
    let tsdl = "/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le;
            packet.header := struct { integer { size = 8; align = 8; } n; }; };
        typealias integer { size = 8; align = 8; } := u8;
        stream { event.header := struct { u8 id; u8 m; }; };
        event { id = 0; name = \"near\"; context := struct { u8 n; }; fields := struct {
            struct { u8 a[n]; } _of_context;
            u8 n;
            struct { u8 _x; u8 _k; u8 n; u8 a[n]; struct { u8 b[n]; u8 m[m]; } _in; } _s;
            u8 _of_field[n];
        }; };
        event { id = 1; name = \"far\"; fields := struct { u8 a[n]; u8 b[stream.event.header.m]; u8 c[n]; }; };";
    let near: &[u8] = &[
        0, 1, /* n */ 2, 10, 11, /* n */ 1, 0, 0, /* n */ 2, 20, 21, 22, 23, 24, 25,
    ];
    let far: &[u8] = &[1, 2, 31, 32, 33, 41, 42, 51, 52, 53];
    let [tsdl, ctf2] = lines_of_both(tsdl, &[&[3], near, far].concat());
    assert_eq!(tsdl.len(), 2);
    assert_eq!(ctf2, tsdl);
}

#[test]
fn what_ctf2_cannot_say_is_refused_with_its_place() {
    let refused = |header: &str, fields: &str| {
        let text = format!(
            "/* CTF 1.8 */ trace {{ major = 1; minor = 8; byte_order = le; }};
            typealias integer {{ size = 8; align = 8; }} := u8;
            typealias integer {{ size = 8; align = 8; signed = true; }} := s8;
            stream {{ event.header := struct {{ {header} }}; }};
            event {{ id = 0; name = \"e\"; fields := {fields}; }};"
        );
        convert::to_ctf2(&tsdl::parse(text.as_bytes()).unwrap()).unwrap_err().to_string()
    };
    let id = refused("s8 id;", "struct { u8 x; }");
    assert!(id.starts_with("stream.event.header.id: ") && id.contains("sign"), "{id}");
    let text =
        refused("u8 id;", "struct { integer { size = 8; align = 1; encoding = UTF8; } t[3]; }");
    assert!(text.contains("alignment"), "{text}");
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

/// Metadata that a machine crash has torn cost the classes behind the tear, as with CTF 1.8.
#[test]
fn a_converted_trace_is_recovered() {
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    fs::create_dir(&trace).unwrap();
    common::small_trace(&trace);
    let ctf2 = converted(&trace, &place.path().join("converted"));
    let metadata = ctf2.join("metadata");
    let mut torn = fs::read(&metadata).unwrap();
    torn.extend(b"\x1e{\"type\": \"event-rec\0\0\0\0");
    fs::write(&metadata, torn).unwrap();
    assert!(Reader::open(&ctf2).unwrap().any(|event| event.is_err()));
    let to = place.path().join("recovered");
    fs::create_dir(&to).unwrap();
    let [from, into] = [&ctf2, &to].map(|path| Tree::open(path).unwrap());
    let recovered = DamagedTraces::find(from).unwrap().recover(&into).unwrap();
    assert_eq!((recovered.traces, recovered.events, recovered.damages.len()), (1, 30, 1));
    assert_eq!(lines(&to), lines(&trace));
}
