//! What the tests share: a trace to write, and babeltrace2 to read it with.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod foreign;
pub mod judged;
pub mod rows;
pub mod shown;
pub mod walk;
pub mod ways;

use std::path::Path;
use std::process::Command;

use ctf::read::{Event, Reader, Value};
use ctf::text::Printer;
use ctf::write::event_header;
use ctf::write::metadata::{self, Clock, EnvValue, EventClass, Integer, StreamClass, Trace};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::stream_file::StreamWriter;
use shown::{float, text};

pub const UUID: [u8; 16] = *b"ctf test's trace";
/// The moment of the clock's zero, in nanoseconds since 1970.
pub const ORIGIN_NS: i64 = 1_700_000_000_000_000_005;

pub fn trace() -> Trace {
    let env = [("hostname", "machine"), ("procname", "prog"), ("domain", "ust")];
    let mut env: Vec<_> =
        env.map(|(name, value)| (name.to_owned(), EnvValue::Str(value.to_owned()))).into();
    env.push(("vpid".to_owned(), EnvValue::Int(4242)));
    Trace {
        uuid: UUID,
        env,
        clock: Clock {
            name: "monotonic".to_owned(),
            uuid: Some([7; 16]),
            description: "the \"clock\"".to_owned(),
            freq_hz: 1_000_000_000,
            offset_s: 1_700_000_000,
            offset_cycles: 5,
        },
        streams: vec![
            StreamClass {
                id: 0,
                extra: vec![("vtid".to_owned(), Integer::I32)],
                context: Vec::new(),
            },
            StreamClass {
                id: 1,
                extra: vec![("cpu_id".to_owned(), Integer::U32)],
                context: Vec::new(),
            },
        ],
    }
}

pub fn write_metadata(dir: &Path, classes: &[EventClass]) {
    let mut writer = MetadataWriter::create(dir, &metadata::preamble(&trace())).unwrap();
    for class in classes {
        writer.append(&metadata::event(class)).unwrap();
    }
}

pub fn identity(stream_id: u32, instance: u64, extra: i32) -> StreamIdentity {
    let extra = extra.to_ne_bytes().to_vec();
    StreamIdentity { uuid: UUID, stream_id, stream_instance_id: instance, extra }
}

/// Writes a record with the fitting header and this payload.
pub fn put(writer: &mut StreamWriter, id: u32, clock: u64, payload: &[u8]) {
    let record = match event_header::compact(id, clock) {
        Some(header) => [&header[..], payload].concat(),
        None => [&event_header::extended(id, clock)[..], payload].concat(),
    };
    let mut reservation = writer.reserve(record.len()).unwrap();
    reservation.copy_from_slice(&record);
    reservation.commit(clock, clock);
}

/// Two streams of five packets, three records each, in a directory of a tree.
pub fn small_trace(dir: &Path) {
    write_metadata(dir, &[small_class(0)]);
    for stream in 0..2 {
        let mut writer =
            StreamWriter::create(dir, &format!("s{stream}"), identity(0, stream, 1)).unwrap();
        for clock in 0..15 {
            put(&mut writer, 0, clock * 10 + stream, &small_payload());
            if clock % 3 == 2 {
                writer.cut();
            }
        }
        writer.finish(0).unwrap();
    }
}

/// The class of its events.
pub fn small_class(id: u32) -> EventClass {
    let fields = rows::edges(false).fields;
    EventClass {
        id,
        stream_id: 0,
        name: "prov:row".to_owned(),
        loglevel: 6,
        source: String::new(),
        fields,
    }
}

/// The payload of each of its events.
pub fn small_payload() -> Vec<u8> {
    rows::edges(false).payload
}

/// Whether babeltrace2 and its Python bindings are there; says so if not.
pub fn has_babeltrace() -> bool {
    let import = Command::new("/usr/bin/python3").args(["-c", "import bt2"]).output();
    let there = import.is_ok_and(|output| output.status.success());
    if !there {
        println!("SKIPPED: babeltrace2's Python bindings (python3-bt2) are not installed");
    }
    there
}

/// Everything that babeltrace2 finds in a trace, one line each; floats as the bits of an f64, text
/// as hex.
///
/// ```text
/// E <ns since 1970> <name> <loglevel> <source or None> {_field=value,...}
/// P <begin clock> <end clock> <packet context but sizes>
/// D <count or None>
/// ```
pub fn babeltrace_lines(dir: &Path) -> Vec<String> {
    let output = Command::new("/usr/bin/python3").args(["-c", SCRIPT]).arg(dir).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "babeltrace2 refuses {}: {error}", dir.display());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

const SCRIPT: &str = r#"
import bt2, struct, sys

def show(value):
    if isinstance(value, bt2._StructureFieldConst):
        return "{" + ",".join(f"{name}={show(value[name])}" for name in value) + "}"
    if isinstance(value, bt2._ArrayFieldConst):
        return "[" + ",".join(show(item) for item in value) + "]"
    if isinstance(value, bt2._StringFieldConst):
        return "'" + str(value).encode().hex() + "'"
    if isinstance(value, bt2._RealFieldConst):
        return "f" + struct.pack(">d", float(value)).hex()
    return str(int(value))

levels = {getattr(bt2.EventClassLogLevel, name): number for number, name in enumerate(
    "EMERGENCY ALERT CRITICAL ERROR WARNING NOTICE INFO DEBUG_SYSTEM DEBUG_PROGRAM DEBUG_PROCESS "
    "DEBUG_MODULE DEBUG_UNIT DEBUG_FUNCTION DEBUG_LINE DEBUG".split())}
for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._EventMessageConst:
        event = message.event
        print("E", message.default_clock_snapshot.ns_from_origin, event.name,
              levels.get(event.cls.log_level), event.cls.emf_uri, "{}" if event.payload_field is None else show(event.payload_field))
    elif type(message) is bt2._PacketBeginningMessageConst:
        context = message.packet.context_field
        sizes = ("content_size", "packet_size")
        fields = ",".join(f"{name}={show(context[name])}" for name in context if name not in sizes)
        print("P", message.default_clock_snapshot.value, fields)
    elif type(message) is bt2._DiscardedEventsMessageConst:
        print("D", message.count)
"#;

/// What our own reader finds in a trace, in the same form, events only. It must find no error.
pub fn reader_lines(dir: &Path) -> Vec<String> {
    lines(Reader::open(dir).unwrap().map(Result::unwrap))
}

/// The same for a trace that is damaged.
pub fn whole_lines(dir: &Path) -> Vec<String> {
    lines(Reader::open(dir).unwrap().flatten())
}

/// Whether `some` are lines of `all`, in the same order.
pub fn is_in_order_within(some: &[String], all: &[String]) -> bool {
    let mut all = all.iter();
    some.iter().all(|line| all.any(|other| other == line))
}

fn lines(events: impl Iterator<Item = Event>) -> Vec<String> {
    let line = |event: Event| {
        let level = event.class.loglevel.map_or("None".to_owned(), |level| level.to_string());
        let fields = event.fields.as_ref().map_or("{}".to_owned(), show);
        let source = event.class.source.as_deref().unwrap_or("None");
        format!("E {} {} {level} {source} {fields}", event.timestamp_ns, event.class.name)
    };
    events.map(line).collect()
}

fn show(value: &Value) -> String {
    match value {
        Value::Struct(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                format!("{}={}", name.strip_prefix('_').unwrap_or(name), show(value))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(show).collect::<Vec<_>>().join(","))
        }
        Value::Text(bytes) => text(std::str::from_utf8(bytes).unwrap()),
        Value::Float { value, .. } => float(*value),
        number => number.as_integer().unwrap().to_string(),
    }
}

/// Reads everything, and returns how much there is: the test is that the end comes.
pub fn read_to_the_end(dir: &Path) -> (usize, usize) {
    let (mut events, mut errors) = (0, 0);
    let mut printer = Printer::utc();
    let Ok(reader) = Reader::open(dir) else { return (0, 1) };
    for event in reader {
        match event {
            Ok(event) => {
                assert!(!printer.line(&event).is_empty());
                events += 1;
            }
            Err(_) => errors += 1,
        }
    }
    (events, errors)
}
