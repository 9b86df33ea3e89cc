//! Names, values and sizes that once made lines of text or JSON wrong.

mod common;

use common::judged::{trace, with_fields};
use ctf::read::{Reader, Records};
use ctf::text::{Out, Printer, Style};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

fn lines(dir: &Path, style: Style) -> String {
    let (mut records, mut printer) =
        (Records::open(dir).unwrap(), Printer::utc().with_style(style));
    let mut out = Out::default();
    while let Some(record) = records.next_record() {
        printer.record(record.unwrap(), &mut out).unwrap();
    }
    String::from_utf8(out.as_bytes().to_vec()).unwrap()
}

/// The fields of the only event, as text and as JSON.
fn shown(fields: &str, stream: &[u8]) -> (String, serde_json::Value) {
    let dir = trace(&with_fields(fields), &[stream]);
    let own = lines(dir.path(), Style::Own);
    let json = lines(dir.path(), Style::Json);
    let line: serde_json::Value =
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    (own.trim_end().strip_prefix("e: ").unwrap().to_owned(), line["fields"].clone())
}

#[test]
fn only_the_length_of_what_is_behind_it_is_left_out() {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let cases: [(&str, &[u8], &str, &str); 6] = [
        ("u8 _x_length; u8 x[_x_length];", &[1, 5], "{ x = [ [0] = 5 ] }", r#"{"x":[5]}"#),
        (
            "u8 _x_length; u8 x[2];",
            &[42, 3, 4],
            "{ x_length = 42, x = [ [0] = 3, [1] = 4 ] }",
            r#"{"x_length":42,"x":[3,4]}"#,
        ),
        (
            "struct { u8 a; u8 b; } _x_length; u8 x[2]; u8 z;",
            &[1, 2, 3, 4, 5],
            "{ x_length = { a = 1, b = 2 }, x = [ [0] = 3, [1] = 4 ], z = 5 }",
            r#"{"x_length":{"a":1,"b":2},"x":[3,4],"z":5}"#,
        ),
        (
            "u8 _x_length[2]; u8 x[2];",
            &[1, 2, 3, 4],
            "{ x_length = [ [0] = 1, [1] = 2 ], x = [ [0] = 3, [1] = 4 ] }",
            r#"{"x_length":[1,2],"x":[3,4]}"#,
        ),
        (
            "string _x_length; u8 x[2];",
            b"hello\0\x03\x04",
            r#"{ x_length = "hello", x = [ [0] = 3, [1] = 4 ] }"#,
            r#"{"x_length":"hello","x":[3,4]}"#,
        ),
        (
            "u8 n; u8 _x_length; u8 x[n];",
            &[1, 9, 5],
            "{ n = 1, x_length = 9, x = [ [0] = 5 ] }",
            r#"{"n":1,"x_length":9,"x":[5]}"#,
        ),
    ];
    for (fields, stream, own, as_json) in cases {
        assert_eq!(shown(fields, stream), (own.to_owned(), json(as_json)), "{fields}");
    }
}

#[test]
fn a_truth_value_that_is_neither_is_a_number_in_json() {
    let truth = "enum : u8 { false = 0, true = 1 } is;";
    for (byte, json) in [(0, serde_json::json!(false)), (1, true.into()), (2, 2.into())] {
        assert_eq!(shown(truth, &[byte]).1["is"], json);
    }
}

#[test]
fn no_two_properties_have_one_name() {
    let (_, json) = shown("u8 _a; u8 a; u8 __a; u8 _b;", &[1, 2, 3, 4]);
    assert_eq!(json, serde_json::json!({ "_a": 1, "a": 2, "__a": 3, "_b": 4 }));
}

/// A class of many options takes memory for each class that has its type; the classes of one trace have a bound together.
#[test]
fn classes_beyond_what_plans_may_hold_are_read_all_the_same() {
    let labels: Vec<String> = (0..2000).map(|n| format!("o{n} = {n}")).collect();
    let options: Vec<String> = (0..2000).map(|n| format!("u8 o{n};")).collect();
    let mut text = format!(
        "{}typealias enum : u16 {{ {} }} := tag;
        variant v {{ {} }};
        stream {{ event.header := struct {{ u16 id; }}; }};\n",
        common::judged::PREAMBLE,
        labels.join(", "),
        options.join(" ")
    );
    let mut stream = Vec::new();
    for class in 0..600_u16 {
        let fields = "tag t; variant v <t> x;";
        text += &format!(
            "event {{ name = e{class}; id = {class}; fields := struct {{ {fields} }}; }};\n"
        );
        stream.extend([class.to_le_bytes(), (class + 1).to_le_bytes()].concat());
        stream.push(7);
    }
    let dir = trace(&text, &[&stream]);
    let own = lines(dir.path(), Style::Own);
    for (class, line) in own.lines().enumerate() {
        let expected =
            format!("e{class}: {{ t = ( \"o{0}\" : container = {0} ), x = {{ 7 }} }}", class + 1);
        assert_eq!(line, expected);
    }
    assert_eq!(own.lines().count(), 600);
}

/// A packet that was begun when the file was looked at first, and is whole when it is read.
#[test]
fn what_a_file_grows_by_is_read() {
    let text = format!(
        "{}stream {{ packet.context := struct {{ u32 content_size; u32 packet_size; }}; }};
        event {{ name = e; fields := struct {{ u8 x; }}; }};\n",
        common::judged::PREAMBLE
    );
    let packet = |records: &[u8]| {
        let bits = (8 + records.len() as u32) * 8;
        [&bits.to_le_bytes()[..], &bits.to_le_bytes(), records].concat()
    };
    let (first, second, third) = (packet(&[1, 2]), packet(&[3, 4, 5]), packet(&[6]));
    let dir = trace(&text, &[&[&first[..], &second[..9]].concat()]);
    let mut reader = Reader::open(dir.path()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let mut file = OpenOptions::new().append(true).open(dir.path().join("s0")).unwrap();
    file.write_all(&[&second[9..], &third].concat()).unwrap();
    let rest: Vec<_> = reader.map(|event| event.map(|_| ())).collect();
    assert!(rest.iter().all(Result::is_ok), "{rest:?}");
    assert_eq!(rest.len(), 5);
    assert_eq!(fs::metadata(dir.path().join("s0")).unwrap().len(), 30);
}
