//! Texts and numbers of classes that are larger than writers usually make them.

mod common;

use common::judged::{PREAMBLE, ours, theirs, trace, with_fields};

/// 1 MB of text is one text, and bytes that are not UTF-8 are told by their numbers.
#[test]
fn long_texts_and_texts_in_no_encoding_are_read_whole() {
    for len in [1 << 12, 1 << 20] {
        let (xs, ys) = ("x".repeat(len), "y".repeat(len));
        let stream = [xs.as_bytes(), b"\xFF\xC3\x28\0", ys.as_bytes(), b"\0"].concat();
        let dir = trace(&with_fields("string s; string t;"), &[&stream]);
        let (lines, errors) = ours(dir.path());
        assert_eq!(errors, [""; 0]);
        assert!(lines == format!("e: {{ s = \"{xs}\\xff\\xc3(\", t = \"{ys}\" }}\n"));
        // It takes half a minute for two megabytes.
        if len < 1 << 20
            && let Some(theirs) = theirs(dir.path())
        {
            assert_eq!(theirs.lines, lines.replace("\\xff\\xc3", "\u{fffd}\u{fffd}"));
        }
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
