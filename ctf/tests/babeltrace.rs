//! Our traces, read back by babeltrace2: every field type with its edge values, discarded counts,
//! packets.

mod common;

use std::path::Path;
use std::process::Command;

use common::rows::edges;
use common::{ORIGIN_NS, identity, put};
use ctf::read::{Reader, Records, Value};
use ctf::text::{Out, Printer, Style};
use ctf::write::metadata::{self, EventClass, Trace};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::stream_file::StreamWriter;

fn class(id: u32, name: &str, loglevel: i32, fields: Vec<metadata::Field>) -> EventClass {
    let source = if id == 31 { String::new() } else { format!("src/größe \"x\".rs:{id}") };
    EventClass { id, stream_id: 0, name: name.to_owned(), loglevel, source, fields }
}

/// A trace with every field type, and the lines as which it should be read back.
fn every_field_type(dir: &Path) -> Vec<String> {
    let (low, high) = (edges(false), edges(true));
    // Ids on both sides of what a compact header can name, and levels on both sides of what readers
    // know.
    let classes = [
        class(0, "prov:low", 0, low.fields.clone()),
        class(30, "prov:high \"\\ ü7", 14, high.fields.clone()),
        class(31, "prov:empty", -1, vec![]),
        class(u32::MAX - 1, "prov:last", 15, vec![]),
    ];
    common::write_metadata(dir, &classes);
    let mut writer = StreamWriter::create(dir, "s", identity(0, 0, -5)).unwrap();
    put(&mut writer, 0, 10, &low.payload);
    put(&mut writer, 30, 10, &high.payload);
    put(&mut writer, 31, 11 + (1 << 40), &[]);
    put(&mut writer, 0, 11 + (1 << 40) + (1 << 27) - 1, &low.payload);
    put(&mut writer, u32::MAX - 1, u64::from(u32::MAX) << 10, &[]);
    writer.finish(0).unwrap();
    let at = |clock: i64| ORIGIN_NS + clock;
    vec![
        format!("E {} prov:low 0 src/größe \"x\".rs:0 {}", at(10), low.shown()),
        format!("E {} prov:high \"\\ ü7 14 src/größe \"x\".rs:30 {}", at(10), high.shown()),
        format!("E {} prov:empty None None {{}}", at(11 + (1 << 40))),
        format!(
            "E {} prov:low 0 src/größe \"x\".rs:0 {}",
            at(11 + (1 << 40) + (1 << 27) - 1),
            low.shown()
        ),
        format!(
            "E {} prov:last None src/größe \"x\".rs:4294967294 {{}}",
            at(i64::from(u32::MAX) << 10)
        ),
    ]
}

fn assert_same(lines: &[String], expected: &[String]) {
    // One by one, because a line is long.
    lines.iter().zip(expected).for_each(|(line, expected)| assert_eq!(line, expected));
    assert_eq!(lines.len(), expected.len());
}

#[test]
fn every_field_type_reads_back_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let expected = every_field_type(dir.path());
    assert_same(&common::reader_lines(dir.path()), &expected);
    if common::has_babeltrace() {
        let lines = common::babeltrace_lines(dir.path());
        let events: Vec<String> = lines.into_iter().filter(|line| line.starts_with('E')).collect();
        assert_same(&events, &expected);
    }
}

/// Our text and babeltrace2's differ only as documented.
#[test]
fn lines_are_those_of_babeltrace() {
    if let Some(dir) = std::env::var_os("CTF_TEST_DIR") {
        return print_lines(Path::new(&dir));
    }
    if !common::has_babeltrace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    every_field_type(dir.path());
    for zone in ["UTC", "Asia/Kathmandu"] {
        let mut command = Command::new("babeltrace2");
        let output = command.arg(dir.path()).env("TZ", zone).output().unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        // Ours leaves out lengths and the fields that frame the packet.
        let theirs: Vec<String> = theirs.lines().map(without_lengths).collect();
        // In a process of its own, because the time zone is a process's.
        let exe = std::env::current_exe().unwrap();
        let mut command = Command::new(exe);
        command.args(["--exact", "lines_are_those_of_babeltrace", "--nocapture"]);
        let output = command.env("CTF_TEST_DIR", dir.path()).env("TZ", zone).output().unwrap();
        let ours = String::from_utf8(output.stdout).unwrap();
        let ours: Vec<String> =
            ours.lines().filter(|line| line.starts_with('[')).map(six_digits).collect();
        assert_same(&ours, &theirs);
    }
}

/// The body of the test above, which runs in a process of its own, in another time zone.
fn print_lines(dir: &Path) {
    let mut printer = Printer::new();
    println!();
    for event in Reader::open(dir).unwrap() {
        println!("{}", printer.line(&event.unwrap()));
    }
}

fn without_lengths(line: &str) -> String {
    let fields = line.split(", ").filter(|field| !field.contains("_length = "));
    let line = fields.collect::<Vec<_>>().join(", ");
    let (before, rest) = line.split_once("end_position = ").unwrap();
    let (_, after) = rest.split_once(", ").unwrap();
    format!("{before}{after}")
}

/// The numbers for which babeltrace2's six digits are not enough.
fn six_digits(line: &str) -> String {
    line.replace("3.4028235e+38", "3.40282e+38").replace("1.1125369292536007e-308", "1.11254e-308")
}

/// Counts of discarded records come out as numbers, also if records were lost before the first
/// packet.
#[test]
fn discarded_counts_are_reported_as_numbers() {
    if !common::has_babeltrace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    common::write_metadata(dir.path(), &[class(0, "prov:tick", 6, vec![])]);

    let mut writer = StreamWriter::create(dir.path(), "early", identity(0, 0, 1)).unwrap();
    writer.set_discarded(7);
    put(&mut writer, 0, 100, &[]);
    writer.cut();
    put(&mut writer, 0, 200, &[]);
    writer.flush().unwrap();
    writer.set_discarded(10);
    writer.set_discarded(9); // less than before is no news
    writer.finish(999).unwrap();

    let mut writer = StreamWriter::create(dir.path(), "never", identity(0, 1, 2)).unwrap();
    writer.set_discarded(5);
    writer.finish(300).unwrap();
    let nothing = StreamWriter::create(dir.path(), "nothing", identity(1, 0, 3)).unwrap().finish(9);
    nothing.unwrap();

    let lines = common::babeltrace_lines(dir.path());
    let packet = |begin: u64, position: u64, vtid: i32| {
        format!("P {begin} end_position={position},vtid={vtid}")
    };
    let mut packets: Vec<_> = lines.iter().filter(|line| line.starts_with('P')).cloned().collect();
    packets.sort_by_key(|line| line.ends_with("vtid=2"));
    let expected = [
        packet(100, 0, 1), // empty, with the count that the next is compared with
        packet(100, 100, 1),
        packet(200, 200, 1),
        packet(300, 0, 2),
        packet(300, 0, 2),
    ];
    assert_eq!(packets, expected);
    let discards: Vec<_> = lines.iter().filter(|line| line.starts_with('D')).collect();
    assert_eq!(discards, ["D 7", "D 3", "D 5"]);
}

/// Traces of several processes are merged by one clock, because all say that it is the same.
#[test]
fn traces_with_one_clock_are_merged() {
    if !common::has_babeltrace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (process, clocks) in [("a", [1, 3]), ("b", [2, 4])] {
        let dir = dir.path().join(process);
        std::fs::create_dir(&dir).unwrap();
        // Each has a uuid of its own: babeltrace2 takes traces with the same uuid for parts of one.
        let uuid = [process.as_bytes()[0]; 16];
        let class = class(0, process, 6, vec![]);
        let text =
            metadata::preamble(&Trace { uuid, ..common::trace() }) + &metadata::event(&class);
        MetadataWriter::create(&dir, &text).unwrap();
        let identity = StreamIdentity { uuid, ..identity(0, 0, 1) };
        let mut writer = StreamWriter::create(&dir, "s", identity).unwrap();
        clocks.into_iter().for_each(|clock| put(&mut writer, 0, clock, &[]));
        writer.finish(0).unwrap();
    }
    let mut command = Command::new("babeltrace2");
    let output = command.args(["--no-delta"]).arg(dir.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(
        names,
        ["a:", "b:", "a:", "b:"],
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// babeltrace 1.5 trusts the index, so the index must also be right for large packets.
#[test]
fn babeltrace_1_reads_by_the_index() {
    let there = Command::new("babeltrace").arg("--help").output().is_ok();
    if !there {
        println!("SKIPPED: babeltrace 1.5 is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let byte = metadata::FieldType::Integer(metadata::Integer::U8);
    let bytes = metadata::FieldType::sequence(byte);
    let field = metadata::Field { name: "bytes".to_owned(), ty: bytes };
    common::write_metadata(dir.path(), &[class(0, "prov:bytes", 6, vec![field])]);
    let mut writer = StreamWriter::create(dir.path(), "s", identity(0, 0, 1)).unwrap();
    for clock in 0..200 {
        let len: u32 = if clock % 20 == 7 { 70_000 } else { 500 };
        let mut payload = len.to_ne_bytes().to_vec();
        payload.resize(4 + len as usize, 1);
        put(&mut writer, 0, clock, &payload);
        if clock % 50 == 0 {
            writer.flush().unwrap();
        }
    }
    writer.finish(0).unwrap();
    let output = Command::new("babeltrace").arg(dir.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("prov:bytes")).count(), 200);
}

/// All records in one style, and babeltrace2's text of the same trace.
fn in_style(dir: &Path, style: Style) -> Vec<u8> {
    let (mut records, mut printer) =
        (Records::open(dir).unwrap(), Printer::utc().with_style(style));
    let mut out = Out::default();
    while let Some(record) = records.next_record() {
        printer.record(record.unwrap(), &mut out).unwrap();
    }
    out.as_bytes().to_vec()
}

fn babeltraces_text(dir: &Path) -> Vec<u8> {
    let output = Command::new("babeltrace2").arg("--clock-gmt").arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn lines_in_its_style_are_babeltrace2s_to_the_byte() {
    if !common::has_babeltrace() {
        return;
    }
    let (every, small) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    every_field_type(every.path());
    common::small_trace(small.path());
    let lttng = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lttng-ust");
    for dir in [every.path(), small.path(), &lttng] {
        let (ours, theirs) = (in_style(dir, Style::Babeltrace2Raw), babeltraces_text(dir));
        let (ours, theirs) = (String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs));
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            assert_eq!(ours, theirs, "{}", dir.display());
        }
        assert_eq!(ours.len(), theirs.len(), "{}", dir.display());
    }
}

#[test]
fn each_line_of_json_has_the_values_that_the_reader_has() {
    let dir = tempfile::tempdir().unwrap();
    every_field_type(dir.path());
    let json = String::from_utf8(in_style(dir.path(), Style::Json)).unwrap();
    let events: Vec<_> = Reader::open(dir.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(json.lines().count(), events.len());
    for (line, event) in json.lines().zip(events) {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["time_ns"], event.timestamp_ns);
        assert_eq!(line["name"], *event.class.name);
        assert_eq!((&line["vpid"], &line["procname"]), (&4242.into(), &"prog".into()));
        assert_eq!(line["packet"], serde_json::json!({ "vtid": -5 }));
        let fields = event.fields.as_ref().unwrap();
        assert_same_json(&line["fields"], fields, "fields");
    }
}

/// What is of the same form and the same numbers and texts.
fn assert_same_json(json: &serde_json::Value, value: &Value, at: &str) {
    use serde_json::Value as Json;
    match (json, value) {
        (Json::Number(number), Value::Unsigned { value, .. }) => {
            assert_eq!(number.as_u64(), Some(*value), "{at}")
        }
        (Json::Number(number), Value::Signed { value, .. }) => {
            assert_eq!(number.as_i64(), Some(*value), "{at}")
        }
        (Json::Number(number), Value::Float { value, .. }) => {
            // This parser does not round to the nearest number.
            let error = number.as_f64().unwrap() - value;
            assert!(error.abs() <= value.abs() * 1e-15, "{at}: {number}, {value}");
        }
        (Json::String(text), Value::Float { value, .. }) => {
            assert_eq!(text.to_lowercase(), value.to_string().to_lowercase(), "{at}");
        }
        (Json::String(text), Value::Text(bytes)) => {
            assert_eq!(*text, String::from_utf8_lossy(bytes), "{at}")
        }
        (Json::String(text), Value::Character(number)) => {
            assert_eq!(text.chars().map(u32::from).collect::<Vec<_>>(), [*number], "{at}");
        }
        (Json::Number(shown), Value::Character(number)) => {
            assert_eq!(shown.as_u64(), Some((*number).into()), "{at}")
        }
        (Json::Bool(truth), Value::Enum { value, .. }) => {
            assert_eq!(i128::from(*truth), *value, "{at}")
        }
        (Json::String(label), Value::Enum { ty, value }) => {
            assert_eq!(
                Some(&**label),
                ty.labels.of(*value).next().map(|(name, ..)| &**name),
                "{at}"
            );
        }
        (Json::Number(number), Value::Enum { ty, value }) => {
            assert_eq!(ty.labels.of(*value).count(), 0, "{at}");
            assert_eq!(number.to_string(), value.to_string(), "{at}");
        }
        (Json::Array(elements), Value::Array(values)) => {
            assert_eq!(elements.len(), values.len(), "{at}");
            elements.iter().zip(values).for_each(|(json, value)| assert_same_json(json, value, at));
        }
        (Json::Object(fields), Value::Variant { option, value, .. }) => {
            assert_eq!(fields.len(), 1, "{at}");
            let name = option.strip_prefix('_').unwrap_or(option);
            assert_same_json(&fields[name], value, at);
        }
        (Json::Object(shown), Value::Struct(fields)) => {
            let is_length = |name: &str| name.starts_with("__") && name.ends_with("_length");
            let fields = fields.iter().filter(|(name, _)| !is_length(name));
            let mut count = 0;
            for (name, value) in fields {
                let name = name.strip_prefix('_').unwrap_or(name);
                let json = shown.get(name).unwrap_or_else(|| panic!("{at}.{name} is missing"));
                assert_same_json(json, value, &format!("{at}.{name}"));
                count += 1;
            }
            assert_eq!(shown.len(), count, "{at}: {shown:?}");
        }
        _ => panic!("{at}: {json} is not {value:?}"),
    }
}
