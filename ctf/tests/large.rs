//! Texts and numbers of classes that are larger than writers usually make them.

mod common;

use common::judged::{PREAMBLE, ours, theirs, trace, with_fields};

/// 1 MB of text is one text, and bytes that are not UTF-8 are told by their numbers.
#[test]
fn long_texts_and_texts_in_no_encoding_are_read_whole() {
    let long =
        [vec![b'x'; 1 << 20], vec![0xFF, 0xC3, 0x28, 0], vec![b'y'; 1 << 20], vec![0]].concat();
    let dir = trace(&with_fields("string s; string t;"), &[&long]);
    let (lines, errors) = ours(dir.path());
    assert_eq!(errors, [""; 0]);
    let (xs, ys) = ("x".repeat(1 << 20), "y".repeat(1 << 20));
    assert!(lines == format!("e: {{ s = \"{xs}\\xff\\xc3(\", t = \"{ys}\" }}\n"));
    if let Some(theirs) = theirs(dir.path()) {
        assert_eq!(theirs.lines.len(), (2 << 20) + 30 - 2 + 1, "as long as ours, with its bytes");
    }
}

/// Numbers of classes need not fit into 16 bits.
#[test]
fn a_trace_may_have_more_than_65536_event_classes() {
    const MANY: u32 = 70_000;
    let events: String = (0..MANY)
        .map(|id| format!("event {{ name = e{id}; id = {id}; fields := struct {{ u8 x; }}; }};\n"))
        .collect();
    let text = format!("{PREAMBLE}stream {{ event.header := struct {{ u32 id; }}; }};\n{events}");
    let ids = [0, 65_535, 65_536, MANY - 1];
    let stream: Vec<u8> =
        ids.iter().flat_map(|id| [&id.to_le_bytes()[..], &[7]].concat()).collect();
    // babeltrace2 reads it as well, in a quarter of a minute.
    let (lines, errors) = ours(trace(&text, &[&stream]).path());
    assert_eq!(errors, [""; 0]);
    assert_eq!(lines, ids.map(|id| format!("e{id}: {{ x = 7 }}\n")).concat());
}
