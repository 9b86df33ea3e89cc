//! A trace that is made by hand has what neither we nor LTTng write, and reads as it was written.

mod common;

use std::fs;
use std::process::Command;

use common::foreign::FOREIGN;
use ctf::read::{Event, Reader};
use ctf::text::Printer;

#[test]
fn a_foreign_big_endian_trace_reads_as_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("metadata"), FOREIGN).unwrap();
    let mut stream: Vec<u8> = Vec::new();
    let record = |what: u8, time: [u8; 3], at: usize, choice: &[u8]| {
        let mut bytes = vec![2, 1]; // 258, little-endian
        bytes.extend(time);
        bytes.push(what);
        // The payload is as aligned as the pairs in it, counted from the packet's start.
        bytes.resize(bytes.len() + (at + bytes.len()) % 2, 0);
        bytes.extend([0b1011_0000, 0b0110_1010]); // -3, 0b1000001, 42
        bytes.extend([1, 2, 3, 4]);
        bytes.extend([0xFF, 0xFE, 0x01, 0x00]); // -2, 256
        bytes.push(what);
        bytes.extend(choice);
        bytes.extend(1.5_f32.to_be_bytes());
        bytes
    };
    let opening = 4 + 1 + 4 + 4 + 1;
    let first = record(0, [0, 0, 1], opening, &[7]);
    let second = record(0x10, [0, 0, 0], opening + first.len(), b"text\0");
    let content = opening + first.len() + second.len();
    stream.extend(0xC1FC_1FC1_u32.to_be_bytes());
    stream.push(9);
    stream.extend((1000_u32 * 8).to_be_bytes());
    stream.extend((content as u32 * 8).to_be_bytes());
    stream.push(2);
    stream.extend([first, second].concat());
    stream.resize(1000, 0xEE);
    fs::write(dir.path().join("stream"), stream).unwrap();

    let events: Vec<Event> = Reader::open(dir.path()).unwrap().map(Result::unwrap).collect();
    // 1 ms a cycle, from half a second before 1970; the second one's clock has rolled over.
    let times: Vec<i64> = events.iter().map(|event| event.timestamp_ns).collect();
    assert_eq!(times, [-499_000_000, -500_000_000 + (1 << 24) * 1_000_000]);
    let mut printer = Printer::utc();
    let lines: Vec<String> = events.iter().map(|event| printer.line(event)).collect();
    let fields = "a = 0b101, b = 0101, c = 42, p = [ [0] = [ [0] = { x = 1, y = 2 } ], \
                  [1] = [ [0] = { x = 3, y = 4 } ] ], grid = [ [0] = -2, [1] = 256 ]";
    let expected = [
        format!(
            "[23:59:59.501000000] (+?.?????????) bits: {{ count = 2 }}, \
             {{ what = ( \"none\" : container = 0 ) }}, {{ {fields}, which = ( \"none\" : container = 0 ), \
             choice = {{ {{ n = 7 }} }}, f = 1.5 }}"
        ),
        format!(
            "[04:39:36.716000000] (+16777.215000000) bits: {{ count = 2 }}, \
             {{ what = ( \"some\" : container = 16 ) }}, {{ {fields}, which = ( \"some\" : container = 16 ), \
             choice = {{ \"text\" }}, f = 1.5 }}"
        ),
    ];
    assert_eq!(lines, expected);
    if common::has_babeltrace() {
        // It cannot go back before 1970.
        let text = FOREIGN.replace("offset_s = -1", "offset_s = 0");
        fs::write(dir.path().join("metadata"), text).unwrap();
        let mut command = Command::new("babeltrace2");
        let output = command.arg("--clock-gmt").arg(dir.path()).output().unwrap();
        let (theirs, mut printer) = (String::from_utf8(output.stdout).unwrap(), Printer::utc());
        let ours =
            Reader::open(dir.path()).unwrap().map(|event| printer.line(&event.unwrap()) + "\n");
        assert_eq!(ours.collect::<String>(), theirs);
    }
    let trace = &Reader::open(dir.path()).unwrap().traces()[0].clone();
    assert_eq!(format!("{:?}", trace.env("barectf_gen_prefix")), r#"Some(Str("b\"AB"))"#);
}
