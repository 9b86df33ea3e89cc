//! What we write, read back by babeltrace2: every field type over its edge values, discarded counts, packets.

mod common;

use common::{ORIGIN_NS, float, identity, put, text};
use ctf::metadata::{self, EventClass, Field, FieldType, Float, Integer, Scalar, Trace, Width};
use ctf::metadata_file::MetadataWriter;
use ctf::packet::StreamIdentity;
use ctf::stream_file::StreamWriter;

/// Fields that go into one record: their declaration, their bytes, and how babeltrace2 should show them.
#[derive(Default)]
struct Row {
    fields: Vec<Field>,
    payload: Vec<u8>,
    shown: Vec<String>,
}

impl Row {
    /// `shown` has names as in the metadata; readers show them without their first underscore.
    fn add(&mut self, name: &str, ty: FieldType, bytes: &[u8], shown: &[(&str, String)]) {
        self.fields.push(Field { name: name.to_owned(), ty });
        self.payload.extend(bytes);
        self.shown.extend(shown.iter().map(|(name, value)| format!("{}={value}", &name[1..])));
    }

    fn shown(&self) -> String {
        format!("{{{}}}", self.shown.join(","))
    }
}

/// The lowest or highest value of each type.
fn edges(high: bool) -> Row {
    let mut row = Row::default();
    let widths = [Width::W8, Width::W16, Width::W32, Width::W64];
    for (width, bytes) in widths.into_iter().zip([1, 2, 4, 8]) {
        let bits = bytes as u32 * 8;
        for base in [Integer::new(width, false), Integer::new(width, false).hex()] {
            let value = if high { u64::MAX >> (64 - bits) } else { 0 };
            let name = format!("u{bits}{:?}", base.base);
            let le = value.to_le_bytes();
            let native = native(&le[..bytes]);
            row.add(
                &name,
                FieldType::Integer(base),
                &native,
                &[(&format!("_{name}"), value.to_string())],
            );
        }
        let value = if high { i64::MAX } else { i64::MIN } >> (64 - bits);
        let name = format!("i{bits}");
        let le = value.to_le_bytes();
        let native = native(&le[..bytes]);
        let ty = FieldType::Integer(Integer::new(width, true));
        row.add(&name, ty, &native, &[(&format!("_{name}"), value.to_string())]);
    }
    let (f32, f64) =
        if high { (f32::MAX, f64::NEG_INFINITY) } else { (-0.0, f64::MIN_POSITIVE / 2.0) };
    row.add(
        "f32",
        FieldType::Float(Float::F32),
        &f32.to_ne_bytes(),
        &[("_f32", float(f32.into()))],
    );
    row.add("f64", FieldType::Float(Float::F64), &f64.to_ne_bytes(), &[("_f64", float(f64))]);
    let string = if high { "größer \"als\" \u{1F980}\n\\" } else { "" };
    let bytes = [string.as_bytes(), &[0]].concat();
    row.add("größe", FieldType::String, &bytes, &[("_gr__e", text(string))]);

    let elem = Scalar::Integer(Integer::I16);
    let bytes: Vec<u8> = [i16::MIN, -1, i16::MAX].iter().flat_map(|n| n.to_ne_bytes()).collect();
    let ty = FieldType::Array { elem, len: 3 };
    row.add("array", ty, &bytes, &[("_array", "[-32768,-1,32767]".to_owned())]);
    let ty = FieldType::Array { elem, len: 0 };
    let shown = [("__none_length", "0".to_owned()), ("_none", "[]".to_owned())];
    row.add("none", ty, &0_u32.to_ne_bytes(), &shown);
    let ty = FieldType::Array { elem: Scalar::Float(Float::F32), len: 1 };
    row.add("floats", ty, &1.5_f32.to_ne_bytes(), &[("_floats", format!("[{}]", float(1.5)))]);

    let count = if high { 300 } else { 0_u32 };
    let values: Vec<f64> = (0..count).map(f64::from).collect();
    let mut bytes = count.to_ne_bytes().to_vec();
    bytes.extend(values.iter().flat_map(|value| value.to_ne_bytes()));
    let list: Vec<String> = values.iter().map(|value| float(*value)).collect();
    let ty = FieldType::Sequence { elem: Scalar::Float(Float::F64) };
    let shown = [("__seq_length", count.to_string()), ("_seq", format!("[{}]", list.join(",")))];
    row.add("seq", ty, &bytes, &shown);
    // The same names again, and the name of a companion.
    let byte = FieldType::Integer(Integer::U8);
    row.add("i8", byte, &[1], &[("_i8_2", "1".to_owned())]);
    row.add("_seq_length", byte, &[2], &[("__seq_length_2", "2".to_owned())]);
    row
}

fn native(little_endian: &[u8]) -> Vec<u8> {
    let bytes = little_endian.iter().copied();
    if cfg!(target_endian = "little") { bytes.collect() } else { bytes.rev().collect() }
}

fn class(id: u32, name: &str, loglevel: i32, fields: Vec<Field>) -> EventClass {
    EventClass { id, stream_id: 0, name: name.to_owned(), loglevel, fields }
}

#[test]
fn every_field_type_reads_back_exactly() {
    if !common::has_babeltrace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (low, high) = (edges(false), edges(true));
    // Ids on both sides of what a compact header can name.
    let classes = [
        class(0, "prov:low", 0, low.fields.clone()),
        class(30, "prov:high \"\\ ü7", 14, high.fields.clone()),
        class(31, "prov:empty", 6, vec![]),
        class(u32::MAX - 1, "prov:last", 6, vec![]),
    ];
    common::write_metadata(dir.path(), &classes);
    let mut writer = StreamWriter::create(dir.path(), "s", identity(0, 0, -5)).unwrap();
    put(&mut writer, 0, 10, &low.payload);
    put(&mut writer, 30, 10, &high.payload);
    put(&mut writer, 31, 11 + (1 << 40), &[]);
    put(&mut writer, 0, 11 + (1 << 40) + (1 << 27) - 1, &low.payload);
    put(&mut writer, u32::MAX - 1, u64::from(u32::MAX) << 10, &[]);
    writer.finish(0).unwrap();

    let lines = common::babeltrace_lines(dir.path());
    let events: Vec<&String> = lines.iter().filter(|line| line.starts_with('E')).collect();
    let at = |clock: i64| ORIGIN_NS + clock;
    let expected = [
        format!("E {} prov:low 0 {}", at(10), low.shown()),
        format!("E {} prov:high \"\\ ü7 14 {}", at(10), high.shown()),
        format!("E {} prov:empty 6 {{}}", at(11 + (1 << 40))),
        format!("E {} prov:low 0 {}", at(11 + (1 << 40) + (1 << 27) - 1), low.shown()),
        format!("E {} prov:last 6 {{}}", at((u32::MAX as i64) << 10)),
    ];
    assert_eq!(events.len(), expected.len());
    for (event, expected) in events.into_iter().zip(&expected) {
        assert_eq!(event, expected);
    }
}

/// Counts of discarded records come out as numbers, also when records were lost before the first packet.
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

/// Traces of several processes are merged by one clock, as all of them say it is the same.
#[test]
fn traces_with_one_clock_are_merged() {
    if !common::has_babeltrace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (process, clocks) in [("a", [1, 3]), ("b", [2, 4])] {
        let dir = dir.path().join(process);
        std::fs::create_dir(&dir).unwrap();
        // A uuid of its own each: babeltrace2 takes traces with the same one for parts of one.
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
    let mut command = std::process::Command::new("babeltrace2");
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
