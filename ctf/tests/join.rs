//! Joined traces have the events that they had: each once, in the order of time, with its payload and its owner; and as
//! many losses.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{identity, put, trace};
use ctf::dir::Tree;
use ctf::join::{JoinError, Joined, join};
use ctf::read::{Event, ReadError, Reader, Value};
use ctf::text::Printer;
use ctf::write::metadata::{
    self, Base, Choice, EnvValue, EventClass, Field, FieldType, Float, Integer, Label, StreamClass,
};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::stream_file::StreamWriter;

/// A process's trace while it is written.
struct Process {
    dir: PathBuf,
    stream: StreamWriter,
}

impl Process {
    /// A trace with classes, which have numbers in this order from `first_id` on.
    fn new(dir: &Path, name: &str, pid: i64, first_id: u32, classes: &[EventClass]) -> Self {
        Self::with(dir, name, pid, first_id, classes, |_| {})
    }

    fn with(
        dir: &Path,
        name: &str,
        pid: i64,
        first_id: u32,
        classes: &[EventClass],
        change: impl FnOnce(&mut metadata::Trace),
    ) -> Self {
        let dir = dir.join(format!("{name}-{pid}"));
        fs::create_dir_all(&dir).unwrap();
        let mut trace = trace();
        trace.env = vec![
            ("hostname".into(), EnvValue::Str("machine".into())),
            ("procname".into(), EnvValue::Str(name.into())),
            ("vpid".into(), EnvValue::Int(pid)),
        ];
        let extra = vec![("vtid".to_owned(), Integer::I32)];
        trace.streams = vec![StreamClass { id: 0, extra, context: Vec::new() }];
        change(&mut trace);
        let mut metadata = MetadataWriter::create(&dir, &metadata::preamble(&trace)).unwrap();
        for (id, class) in (first_id..).zip(classes) {
            metadata.append(&metadata::event(&EventClass { id, ..class.clone() })).unwrap();
        }
        let stream = StreamWriter::create(&dir, "channel0_0", identity(0, 0, pid as i32)).unwrap();
        Self { dir, stream }
    }

    fn put(&mut self, id: u32, clock: u64, payload: &[u8]) {
        put(&mut self.stream, id, clock, payload);
    }

    /// Sets how many were lost by now, in all.
    fn lose(&mut self, total: u64) {
        self.stream.cut();
        self.stream.set_discarded(total);
    }

    fn end(mut self) -> PathBuf {
        self.stream.finish(0).unwrap();
        self.dir
    }
}

fn class(name: &str, fields: &[(&str, FieldType)]) -> EventClass {
    let field = |(name, ty): &(&str, FieldType)| Field { name: (*name).to_owned(), ty: ty.clone() };
    let fields = fields.iter().map(field).collect();
    EventClass {
        id: 0,
        stream_id: 0,
        name: name.to_owned(),
        loglevel: 6,
        source: String::new(),
        fields,
    }
}

fn number() -> EventClass {
    class("p:number", &[("x", FieldType::Integer(Integer::U32))])
}

/// Every kind of field, and names that had to be made unique.
fn everything() -> EventClass {
    let u16s = || FieldType::Integer(Integer::U16.shown_in(Base::Hexadecimal));
    class(
        "p:everything",
        &[
            ("a b", FieldType::Integer(Integer::I64)),
            ("a_b", FieldType::TEXT),
            ("x", FieldType::sequence(u16s())),
            ("_x_length", FieldType::Integer(Integer::U32)),
            ("none", FieldType::array(u16s(), 0)),
            ("two", FieldType::array(FieldType::Float(Float::F32), 2)),
            ("f", FieldType::Float(Float::F64)),
            ("option", option()),
            ("points", FieldType::sequence(point())),
        ],
    )
}

/// Two bytes, or nothing; a tag in network order before them.
fn option() -> FieldType {
    let choice = |name: &str, tag, ty| Choice {
        label: Label { name: name.to_owned(), low: tag, high: tag },
        ty,
    };
    let bytes = FieldType::array(FieldType::Integer(Integer::U8), 2);
    let choices = vec![choice("none", 0, FieldType::Struct(vec![])), choice("int", 1, bytes)];
    FieldType::Variant { tag: Integer::U16.in_network_order(), choices }
}

fn point() -> FieldType {
    let field = |name: &str, ty| Field { name: name.to_owned(), ty };
    let labels = vec![Label { name: "idle".to_owned(), low: 0, high: 2 }];
    FieldType::Struct(vec![
        field("x", FieldType::Integer(Integer::U8.shown_in(Base::Binary))),
        field("state", FieldType::Enumeration { container: Integer::U8, labels }),
    ])
}

fn everything_bytes() -> Vec<u8> {
    let mut bytes = (-5_i64).to_ne_bytes().to_vec();
    bytes.extend(b"text\0");
    bytes.extend(2_u32.to_ne_bytes());
    bytes.extend([7_u16, 8].map(u16::to_ne_bytes).concat());
    bytes.extend(9_u32.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend([0.5_f32, 1.5].map(f32::to_ne_bytes).concat());
    bytes.extend(2.25_f64.to_ne_bytes());
    bytes.extend([0, 1, 8, 9]);
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend([3, 1]);
    bytes
}

fn events(dir: &Path) -> Vec<Event> {
    Reader::open(dir).unwrap().map(Result::unwrap).collect()
}

/// Time, name and payload.
fn told(event: &Event) -> (i64, u64, String) {
    let line = Printer::utc().line(event);
    let at = line.find(&*event.class.name).unwrap();
    let payload = line.rfind("}, {").unwrap();
    (event.timestamp_ns, event.clock, format!("{} {}", &line[at..][..12], &line[payload..]))
}

/// Process id, thread and process name, from wherever the trace has them.
fn whose(event: &Event) -> (i64, i64, String) {
    let context = |name| match event.context_of(name) {
        Some(Value::Signed { value, .. }) => Some(*value),
        _ => None,
    };
    let env = |name| event.trace.env(name).cloned();
    let pid = context("vpid").or(match env("vpid") {
        Some(EnvValue::Int(pid)) => Some(pid),
        _ => None,
    });
    let name = match (event.context_of("procname"), env("procname")) {
        (Some(Value::Text(name)), _) => String::from_utf8(name.clone()).unwrap(),
        (_, Some(EnvValue::Str(name))) => name,
        _ => String::new(),
    };
    (pid.unwrap(), context("vtid").unwrap(), name)
}

trait ContextOf {
    fn context_of(&self, name: &str) -> Option<&Value>;
}

impl ContextOf for Event {
    fn context_of(&self, name: &str) -> Option<&Value> {
        let of_event = self.stream_context.as_ref().and_then(|context| context.get(name));
        of_event.or_else(|| self.packet.context.as_ref()?.get(name))
    }
}

fn joined(from: &Path, to: &Path) -> Result<Joined, JoinError> {
    fs::create_dir_all(to).unwrap();
    let tree = |path: &Path| {
        Tree::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })
    };
    join(tree(from)?, &tree(to)?, || Ok(*b"the joined trace"))
}

fn files_below(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

#[test]
fn every_event_is_there_once_in_order_and_tells_whose_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    // More than 31 classes, so that both headers are used, and times further apart than a compact one can tell.
    let many: Vec<EventClass> = (0..40)
        .map(|n| class(&format!("p:class_{n:02}"), &[("x", FieldType::Integer(Integer::U32))]))
        .collect();
    let mut processes: Vec<Process> = (0..100)
        .map(|pid| match pid % 3 {
            0 => Process::new(&from, "one", pid, 0, &[number(), everything()]),
            1 => Process::new(&from, "two", pid, 7, &[everything(), number()]),
            _ => Process::new(&from, "many", pid, 0, &many),
        })
        .collect();
    let mut clock = 5_u64;
    for turn in 0..20_u64 {
        for (index, process) in processes.iter_mut().enumerate() {
            clock += if turn == 9 && index == 50 { 1 << 28 } else { 3 };
            let x = (clock as u32).to_ne_bytes();
            match index % 3 {
                0 if turn % 2 == 0 => process.put(0, clock, &x),
                0 => process.put(1, clock, &everything_bytes()),
                1 if turn % 2 == 0 => process.put(8, clock, &x),
                1 => process.put(7, clock, &everything_bytes()),
                _ => process.put((turn * 2) as u32, clock, &x),
            }
        }
    }
    processes.into_iter().for_each(|process| drop(process.end()));

    let result = joined(&from, &to).unwrap();
    assert_eq!((result.events, result.lost), (2000, 0));
    let of_each: Vec<u64> = result.processes.iter().map(|process| process.events).collect();
    assert_eq!(of_each, [20; 100]);
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    let (before, after) = (events(&from), events(&to));
    assert_eq!(before.len(), 2000);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(told(after), told(before));
        assert_eq!(whose(after), whose(before));
    }
    assert_eq!(after.len(), 2000);
    assert_eq!((files_below(&from), files_below(&to)), (300, 3));
    let classes: usize = after[0].trace.metadata.streams.values().map(|s| s.events.len()).sum();
    assert_eq!(classes, 2 + 20, "each class once");
    assert_eq!(after[0].trace.env("hostname"), Some(&EnvValue::Str("machine".into())));
    assert_eq!(after[0].trace.env("vpid"), None, "true of none of them alone");
    assert_eq!(after[0].trace.env("process_4_procname"), Some(&EnvValue::Str("two".into())));
}

#[test]
fn losses_are_counted_where_they_are_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let mut one = Process::new(&from, "one", 1, 0, &[number()]);
    let mut two = Process::new(&from, "two", 2, 0, &[number()]);
    for clock in [10, 20] {
        one.put(0, clock, &[0; 4]);
        two.put(0, clock + 1, &[0; 4]);
    }
    // Between 20 and 500; and after its last event.
    one.lose(5);
    one.put(0, 500, &[0; 4]);
    two.put(0, 501, &[0; 4]);
    two.lose(3);
    one.end();
    two.end();
    let mut three = Process::new(&from, "three", 3, 0, &[number()]);
    three.put(0, 600, &[0; 4]);
    three.end();

    let result = joined(&from, &to).unwrap();
    assert_eq!((result.events, result.lost), (7, 8));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let of = |it: &ctf::join::Process| (name(&it.path), it.events, it.lost);
    let mut of_each: Vec<_> = result.processes.iter().map(of).collect();
    of_each.sort();
    assert_eq!(of_each, [("one-1".into(), 3, 5), ("three-3".into(), 1, 0), ("two-2".into(), 3, 3)]);
    let mut reader = Reader::open(&to).unwrap();
    let mut gaps = Vec::new();
    while let Some(event) = reader.next() {
        event.unwrap();
        gaps.extend(reader.take_gaps());
    }
    gaps.extend(reader.take_gaps());
    let ns = |clock: i64| Some(common::ORIGIN_NS + clock);
    let told: Vec<_> = gaps.iter().map(|g| (g.after_ns, g.discarded_events)).collect();
    assert_eq!(told, [(ns(20), 5), (ns(501), 3)]);
}

/// A fact on which all agree is under its own name; a fact that only some have, or have with another value, is under
/// each one's.
#[test]
fn facts_that_differ_are_kept_by_process() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let hosts = [("prog", 7, "a"), ("prog", 9, "a"), ("sh", 9, "b")];
    for (name, pid, host) in hosts {
        let mut process = Process::with(&from, name, pid, 0, &[number()], |trace| {
            trace.env[0].1 = EnvValue::Str(host.into());
            trace.env.push(("domain".into(), EnvValue::Str("ust".into())));
            if pid == 7 {
                trace.env.push(("only".into(), EnvValue::Int(-1)));
            }
        });
        process.put(0, 100, &[0; 4]);
        process.end();
    }
    joined(&from, &to).unwrap();
    let events = events(&to);
    let mut env = events[0].trace.metadata.env.clone();
    env.retain(|(name, _)| !name.contains("checksum"));
    env.sort_by(|one, other| one.0.cmp(&other.0));
    let text = |value: &str| EnvValue::Str(value.into());
    let expected = [
        ("domain", text("ust")),
        ("process_7_hostname", text("a")),
        ("process_7_only", EnvValue::Int(-1)),
        ("process_7_procname", text("prog")),
        ("process_9_2_hostname", text("b")),
        ("process_9_2_procname", text("sh")),
        ("process_9_hostname", text("a")),
        ("process_9_procname", text("prog")),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(env, expected);
}

#[test]
fn each_clock_has_a_trace_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    for pid in 0..4 {
        let mut process = Process::with(&from, "prog", pid, 0, &[number()], |trace| {
            trace.clock.offset_s += pid as u64 % 2;
        });
        process.put(0, 100 + pid as u64, &[1; 4]);
        process.end();
    }
    assert_eq!(joined(&from, &to).unwrap().events, 4);
    assert_eq!((files_below(&to.join("1")), files_below(&to.join("2"))), (3, 3));
    let (before, after) = (events(&from), events(&to));
    assert!(before.iter().map(told).eq(after.iter().map(told)));
}

#[test]
fn what_is_not_of_this_library_or_joined_already_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let mut process = Process::new(&from, "prog", 1, 0, &[number()]);
    process.put(0, 1, &[1; 4]);
    process.end();
    joined(&from, &to).unwrap();
    let lttng = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lttng-ust");
    for (from, what) in [(&lttng, "lttng"), (&to, "joined")] {
        let again = dir.path().join(format!("of-{what}"));
        assert!(matches!(joined(from, &again), Err(JoinError::Foreign(_))), "{what}");
        assert_eq!(files_below(&again), 0);
    }
    assert!(matches!(joined(&dir.path().join("none"), &to), Err(JoinError::Read(_))));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_joined() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    for pid in 0..3 {
        let mut process = Process::new(&from, "prog", pid, 0, &[number()]);
        process.put(0, 100 + pid as u64, &[1; 4]);
        let stream = process.end().join("channel0_0");
        if pid == 1 {
            let mut bytes = fs::read(&stream).unwrap();
            bytes[100] ^= 1;
            fs::write(stream, bytes).unwrap();
        }
    }
    let result = joined(&from, &to).unwrap();
    assert_eq!((result.events, result.errors.len()), (2, 1));
    assert_eq!(events(&to).len(), 2);
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let mut process = Process::new(&from, "prog", 1, 0, &[number()]);
    process.put(0, 1, &[1; 4]);
    process.end();
    // There is a file where the index should go.
    fs::create_dir_all(&to).unwrap();
    fs::write(to.join("index"), "theirs").unwrap();
    assert!(matches!(joined(&from, &to), Err(JoinError::Write { .. })));
    assert_eq!(files_below(&to), 1);
}

/// Both directories lose their paths to a link before anything is read or written.
#[test]
fn what_was_opened_is_joined_into_what_was_opened() {
    for clocks in [[0, 0], [0, 1]] {
        let dir = tempfile::tempdir().unwrap();
        let [from, to, victim] = ["from", "to", "victim"].map(|name| dir.path().join(name));
        for (pid, later_s) in clocks.into_iter().enumerate() {
            let mut process = Process::with(&from, "one", pid as i64, 0, &[number()], |trace| {
                trace.clock.offset_s += later_s;
            });
            process.put(0, 5, &[0; 4]);
            process.end();
        }
        fs::create_dir(&to).unwrap();
        fs::create_dir(&victim).unwrap();
        let trees = [&from, &to].map(|path| Tree::open(path).unwrap());
        for path in [&from, &to] {
            fs::rename(path, path.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(&victim, path).unwrap();
        }
        let [from, into] = trees;
        let result = join(from, &into, || Ok([1; 16])).unwrap();
        assert_eq!((result.events, result.errors.len()), (2, 0));
        assert_eq!(files_below(&victim), 0);
        assert_eq!(events(&to.with_extension("moved")).len(), 2);
    }
}
