//! Types within types, labels, bases, byte orders, encodings: written, and read back by babeltrace2 and by our reader,
//! which print the same.

mod common;

use std::path::Path;
use std::process::Command;

use common::{identity, put};
use ctf::read::{Reader, Records};
use ctf::text::{Out, Printer};
use ctf::write::metadata::{
    Base, Choice, Encoding, EventClass, Field, FieldType, Float, Integer, Label,
};
use ctf::write::stream_file::StreamWriter;

const U8: FieldType = FieldType::Integer(Integer::U8);
const U32: FieldType = FieldType::Integer(Integer::U32);

fn structure(members: &[(&str, FieldType)]) -> FieldType {
    let field = |(name, ty): &(&str, FieldType)| Field { name: (*name).into(), ty: ty.clone() };
    FieldType::Struct(members.iter().map(field).collect())
}

fn label(name: &str, low: i128, high: i128) -> Label {
    Label { name: name.into(), low, high }
}

fn option(ty: FieldType) -> FieldType {
    let none = Choice { label: label("none", 0, 0), ty: structure(&[]) };
    let some = Choice { label: label("some", 1, 1), ty };
    FieldType::Variant { tag: Integer::U8, choices: vec![none, some] }
}

/// A field, its bytes, and what babeltrace2 prints of it.
struct Case {
    name: &'static str,
    ty: FieldType,
    bytes: Vec<u8>,
    line: &'static str,
}

fn case(name: &'static str, ty: FieldType, bytes: &[&[u8]], line: &'static str) -> Case {
    Case { name, ty, bytes: bytes.concat(), line }
}

fn integers() -> Vec<Case> {
    let int = |ty: Integer, base| FieldType::Integer(ty.shown_in(base));
    let network = |ty: Integer| FieldType::Integer(ty.in_network_order());
    let port = int(Integer::U16.in_network_order(), Base::Hexadecimal);
    vec![
        case("b", int(Integer::U8, Base::Binary), &[&[5]], "b = 0b00000101"),
        case("bs", int(Integer::I8, Base::Binary), &[&[0xFE]], "bs = 0b11111110"),
        case("o", int(Integer::U16, Base::Octal), &[&8_u16.to_ne_bytes()], "o = 010"),
        case("os", int(Integer::I8, Base::Octal), &[&[0xFF]], "os = 0777"),
        case("oz", int(Integer::U8, Base::Octal), &[&[0]], "oz = 00"),
        case("h", int(Integer::U32, Base::Hexadecimal), &[&0xab_u32.to_ne_bytes()], "h = 0xAB"),
        case("hs", int(Integer::I16, Base::Hexadecimal), &[&[0xFF, 0xFF]], "hs = 0xFFFF"),
        case("port", port, &[&[0x1F, 0x90]], "port = 0x1F90"),
        case("n32", network(Integer::I32), &[&(-2_i32).to_be_bytes()], "n32 = -2"),
        case("n64", network(Integer::U64), &[&7_u64.to_be_bytes()], "n64 = 7"),
    ]
}

fn enumerations() -> Vec<Case> {
    let state = |container| FieldType::Enumeration {
        container,
        labels: vec![label("idle", 0, 0), label("busy \"so\"", 1, 3), label("3", 3, 3)],
    };
    let signed = FieldType::Enumeration {
        container: Integer::I16.in_network_order(),
        labels: vec![label("below", -300, -1), label("int", 0, 0)],
    };
    let hex = state(Integer::U8.shown_in(Base::Hexadecimal));
    let idle = 0_u32.to_ne_bytes();
    vec![
        case("idle", state(Integer::U32), &[&idle], r#"idle = ( "idle" : container = 0 )"#),
        case("busy", state(Integer::U8), &[&[1]], r#"busy = ( "busy \"so\"" : container = 1 )"#),
        case("two", state(Integer::U8), &[&[3]], r#"two = ( "busy \"so\"", "3" : container = 3 )"#),
        case("other", state(Integer::U8), &[&[9]], "other = ( <unknown> : container = 9 )"),
        case("hex", hex, &[&[2]], r#"hex = ( "busy \"so\"" : container = 0x2 )"#),
        case(
            "low",
            signed,
            &[&(-300_i16).to_be_bytes()],
            r#"low = ( "below" : container = -300 )"#,
        ),
    ]
}

fn texts() -> Vec<Case> {
    let byte = |encoding| FieldType::Integer(Integer { encoding, ..Integer::U8 });
    let (one, three) = (1_u32.to_ne_bytes(), 3_u32.to_ne_bytes());
    let utf8 = byte(Encoding::Utf8);
    vec![
        case("none", FieldType::String(Encoding::None), &[b"a b\0"], r#"none = "a b""#),
        case("ascii", FieldType::String(Encoding::Ascii), &[b"abc\0"], r#"ascii = "abc""#),
        case("array", FieldType::array(byte(Encoding::Ascii), 4), &[b"ab\0\0"], r#"array = "ab""#),
        case(
            "sequence",
            FieldType::sequence(utf8.clone()),
            &[&three, b"abc"],
            r#"sequence = "abc""#,
        ),
        case("letter", utf8, &[b"a"], "letter = 97"),
        case(
            "bytes",
            FieldType::sequence(byte(Encoding::None)),
            &[&one, b"a"],
            "bytes = [ [0] = 97 ]",
        ),
    ]
}

fn nested() -> Vec<Case> {
    let two = 2_u32.to_ne_bytes();
    let point = structure(&[("x", U8), ("int", FieldType::TEXT)]);
    let deep = structure(&[("a", structure(&[("b", structure(&[("c", U8)]))])), ("d", U8)]);
    let tagged = structure(&[("list", FieldType::sequence(U8)), ("maybe", option(U32))]);
    vec![
        case("point", point.clone(), &[&[7], b"seven\0"], r#"point = { x = 7, int = "seven" }"#),
        case("deep", deep, &[&[1, 2]], "deep = { a = { b = { c = 1 } }, d = 2 }"),
        case(
            "points",
            FieldType::sequence(point.clone()),
            &[&two, &[1], b"a\0", &[2], b"\0"],
            r#"points = [ [0] = { x = 1, int = "a" }, [1] = { x = 2, int = "" } ]"#,
        ),
        case(
            "fixed",
            FieldType::array(point, 1),
            &[&[1], b"a\0"],
            r#"fixed = [ [0] = { x = 1, int = "a" } ]"#,
        ),
        case(
            "rows",
            FieldType::array(FieldType::array(U8, 2), 2),
            &[&[1, 2, 3, 4]],
            "rows = [ [0] = { value = [ [0] = 1, [1] = 2 ] }, [1] = { value = [ [0] = 3, [1] = 4 ] } ]",
        ),
        case(
            "lists",
            FieldType::sequence(FieldType::sequence(U8)),
            &[&two, &[0; 4], &two, &[5, 6]],
            "lists = [ [0] = { value = [ ] }, [1] = { value = [ [0] = 5, [1] = 6 ] } ]",
        ),
        case(
            "tagged",
            tagged,
            &[&two, &[5, 6], &[1], &9_u32.to_ne_bytes()],
            r#"tagged = { list = [ [0] = 5, [1] = 6 ], _maybe_tag = ( "some" : container = 1 ), maybe = { 9 } }"#,
        ),
        case("empty", FieldType::sequence(FieldType::TEXT), &[&[0; 4]], "empty = [ ]"),
    ]
}

fn variants() -> Vec<Case> {
    let shape = FieldType::Variant {
        tag: Integer::I16.in_network_order(),
        choices: vec![
            Choice { label: label("int", -5, -1), ty: FieldType::Float(Float::F64) },
            Choice { label: label("int", 0, 0), ty: FieldType::sequence(U8) },
            Choice { label: label("a b", 2, 9), ty: structure(&[("x", U8)]) },
        ],
    };
    let two = 2_u32.to_ne_bytes();
    vec![
        case(
            "none",
            option(U32),
            &[&[0]],
            r#"_none_tag = ( "none" : container = 0 ), none = { { } }"#,
        ),
        case(
            "some",
            option(U32),
            &[&[1], &77_u32.to_ne_bytes()],
            r#"_some_tag = ( "some" : container = 1 ), some = { 77 }"#,
        ),
        case(
            "options",
            FieldType::sequence(option(U8)),
            &[&two, &[0, 1, 7]],
            r#"options = [ [0] = { _value_tag = ( "none" : container = 0 ), value = { { } } }, [1] = { _value_tag = ( "some" : container = 1 ), value = { 7 } } ]"#,
        ),
        case(
            "real",
            shape.clone(),
            &[&(-3_i16).to_be_bytes(), &0.5_f64.to_ne_bytes()],
            r#"_real_tag = ( "_int" : container = -3 ), real = { 0.5 }"#,
        ),
        case(
            "list",
            shape.clone(),
            &[&[0, 0], &two, &[8, 9]],
            r#"_list_tag = ( "int_2" : container = 0 ), list = { { value = [ [0] = 8, [1] = 9 ] } }"#,
        ),
        case(
            "spaced",
            shape,
            &[&9_i16.to_be_bytes(), &[4]],
            r#"_spaced_tag = ( "a_b" : container = 9 ), spaced = { { x = 4 } }"#,
        ),
    ]
}

/// A trace with an event for each of these groups.
fn write(dir: &Path, groups: &[Vec<Case>]) {
    let class = |(id, cases): (u32, &Vec<Case>)| EventClass {
        id,
        stream_id: 0,
        name: format!("group:{id}"),
        loglevel: 6,
        source: String::new(),
        fields: cases
            .iter()
            .map(|case| Field { name: case.name.into(), ty: case.ty.clone() })
            .collect(),
    };
    let classes: Vec<_> = (0..).zip(groups).map(class).collect();
    common::write_metadata(dir, &classes);
    let mut writer = StreamWriter::create(dir, "s", identity(0, 0, 1)).unwrap();
    for (id, cases) in (0..).zip(groups) {
        let payload: Vec<u8> = cases.iter().flat_map(|case| case.bytes.clone()).collect();
        put(&mut writer, id, u64::from(id), &payload);
    }
    writer.finish(0).unwrap();
}

fn groups() -> [Vec<Case>; 5] {
    [integers(), enumerations(), texts(), nested(), variants()]
}

/// The payload of each event's line.
fn payloads<'l>(lines: impl IntoIterator<Item = &'l str>) -> Vec<String> {
    let payload = |line: &str| line.split_once("}, { ").map(|(_, payload)| payload.to_owned());
    lines.into_iter().map(|line| payload(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// Ours leaves out lengths.
fn without_lengths(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some(at) = line.find("_length = ") {
        let begin = line[..at].rfind(' ').map_or(0, |space| space + 1);
        let end = at + line[at..].find(", ").expect("a sequence behind it") + 2;
        line.replace_range(begin..end, "");
    }
    line
}

#[test]
fn lines_are_as_they_should_be_and_those_of_babeltrace() {
    let dir = tempfile::tempdir().unwrap();
    let groups = groups();
    write(dir.path(), &groups);
    let mut printer = Printer::utc();
    let ours: Vec<String> =
        Reader::open(dir.path()).unwrap().map(|event| printer.line(&event.unwrap())).collect();
    let expected: Vec<String> = groups
        .iter()
        .map(|cases| {
            let lines: Vec<_> = cases.iter().map(|case| case.line).collect();
            format!("{} }}", lines.join(", "))
        })
        .collect();
    let ours = payloads(ours.iter().map(String::as_str));
    ours.iter().zip(&expected).for_each(|(line, expected)| assert_eq!(line, expected));
    assert_eq!(ours.len(), expected.len());
    if common::has_babeltrace() {
        let output = Command::new("babeltrace2").arg(dir.path()).output().unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = theirs.lines().map(without_lengths).collect();
        let theirs = payloads(lines.iter().map(String::as_str));
        theirs.iter().zip(&expected).for_each(|(line, expected)| assert_eq!(line, expected));
        assert_eq!(theirs.len(), expected.len());
    }
}

/// What only our lines show as programs have it, and what babeltrace2 shows.
#[test]
fn truths_and_characters_are_told_as_what_they_are() {
    let code_point = Integer { encoding: Encoding::Utf8, ..Integer::U32 };
    let character = FieldType::Integer(code_point.shown_in(Base::Hexadecimal));
    let network = FieldType::Integer(code_point.in_network_order());
    let truth = FieldType::Enumeration {
        container: Integer::U8,
        labels: vec![label("false", 0, 0), label("true", 1, 1)],
    };
    let more = FieldType::Enumeration {
        container: Integer::U8,
        labels: vec![label("false", 0, 0), label("true", 1, 9)],
    };
    let of = |c: char| u32::from(c).to_ne_bytes();
    let rows = [
        (case("yes", truth.clone(), &[&[1]], "yes = true"), r#"yes = ( "true" : container = 1 )"#),
        (case("no", truth.clone(), &[&[0]], "no = false"), r#"no = ( "false" : container = 0 )"#),
        (
            case("wild", truth.clone(), &[&[2]], "wild = ( <unknown> : container = 2 )"),
            "wild = ( <unknown> : container = 2 )",
        ),
        (
            case("more", more, &[&[1]], r#"more = ( "true" : container = 1 )"#),
            r#"more = ( "true" : container = 1 )"#,
        ),
        (
            case(
                "all",
                FieldType::array(truth, 2),
                &[&[0, 1]],
                "all = [ [0] = false, [1] = true ]",
            ),
            r#"all = [ [0] = ( "false" : container = 0 ), [1] = ( "true" : container = 1 ) ]"#,
        ),
        (case("letter", character.clone(), &[&of('é')], "letter = 'é'"), "letter = 0xE9"),
        (case("bell", character.clone(), &[&of('\x07')], r"bell = '\a'"), "bell = 0x7"),
        (
            case("none", character.clone(), &[&0xD800_u32.to_ne_bytes()], "none = 0xD800"),
            "none = 0xD800",
        ),
        (case("far", network, &[&0x1F980_u32.to_be_bytes()], "far = '🦀'"), "far = 129408"),
        (
            case(
                "word",
                FieldType::array(character, 2),
                &[&of('h'), &of('i')],
                "word = [ [0] = 'h', [1] = 'i' ]",
            ),
            "word = [ [0] = 0x68, [1] = 0x69 ]",
        ),
    ];
    let (cases, theirs): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let expected: Vec<_> = cases.iter().map(|case| case.line).collect();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[cases]);
    let event = Reader::open(dir.path()).unwrap().next().unwrap().unwrap();
    let line = Printer::utc().line(&event);
    assert_eq!(payloads([&*line]), [format!("{} }}", expected.join(", "))]);
    if common::has_babeltrace() {
        let output = Command::new("babeltrace2").arg(dir.path()).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        assert_eq!(payloads(line.lines()), [format!("{} }}", theirs.join(", "))]);
    }
}

/// Hostile metadata may give one value thousands of labels, and a trace thousands of such values.
#[test]
fn a_value_with_labels_without_number_has_a_line_of_bounded_length() {
    let dir = tempfile::tempdir().unwrap();
    let labels = (0..1_000).map(|number| label(&format!("label{number}"), 0, 9)).collect();
    let ty = FieldType::Enumeration { container: Integer::U8, labels };
    write(dir.path(), &[vec![case("all", ty, &[&[7]], "")]]);
    let event = Reader::open(dir.path()).unwrap().next().unwrap().unwrap();
    let line = Printer::utc().line(&event);
    assert!(line.ends_with(r#""label63", ... : container = 7 ) }"#), "{line}");
    assert!(!line.contains("label64"), "{line}");
}

#[test]
fn a_line_has_a_bounded_length_whatever_the_names_are() {
    let dir = tempfile::tempdir().unwrap();
    let member = Field { name: "n".repeat(10_000), ty: FieldType::Integer(Integer::U8) };
    let ty = FieldType::Sequence { elem: Box::new(FieldType::Struct(vec![member])) };
    let count = 50_000_u32;
    let elements = vec![7; count as usize];
    // Half a gigabyte of text in 50 kB, and an event behind it.
    let long = case("all", ty, &[&count.to_ne_bytes(), &elements], "");
    let short = case("one", FieldType::Integer(Integer::U8), &[&[1]], "");
    write(dir.path(), &[vec![long], vec![short]]);
    let (mut records, mut printer) = (Records::open(dir.path()).unwrap(), Printer::utc());
    let mut out = Out::default();
    let printed = printer.record(records.next_record().unwrap().unwrap(), &mut out);
    assert!(printed.unwrap_err().to_string().contains("67108864 bytes"));
    assert!(out.is_empty());
    printer.record(records.next_record().unwrap().unwrap(), &mut out).unwrap();
    assert!(out.as_bytes().ends_with(b"{ one = 1 }\n"));
    assert!(records.next_record().is_none());
}
