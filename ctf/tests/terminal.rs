//! Nothing in a trace gives orders to a terminal, or begins a line: not in events' lines, and not in errors.

mod common;

use common::judged::{PREAMBLE, ours, trace, with_fields, write};
use ctf::read::Reader;
use ctf::text::Printer;

/// Orders as they stand in text literals: written as escapes, and as they are.
const ESCAPED: &str = r"\x01b[31m\r\n\a\302\233\342\200\256";
const RAW: &str = "\u{1b}[31m\r\n\u{7}\u{9b}\u{202e}";

fn is_harmless(text: &str) {
    let orders = text.chars().filter(|c| c.is_control() || *c == '\u{202e}');
    assert_eq!(orders.collect::<String>(), "", "{text:?}");
}

#[test]
fn names_and_facts_are_escaped_in_events() {
    for (hostile, shown) in [
        (ESCAPED, r"\x1b[31m\r\n\a\xc2\x9b\xe2\x80\xae"),
        (RAW, r"\x1b[31m\r\n\a\xc2\x9b\xe2\x80\xae"),
    ] {
        let text = format!(
            "{PREAMBLE}env {{ hostname = \"h{hostile}\"; procname = \"p{hostile}\"; vpid = \"v{hostile}\"; }};
            stream {{ event.context := struct {{ string s; }}; }};
            event {{ name = \"n{hostile}\"; model.emf.uri = \"u{hostile}\"; fields := struct {{
                enum : u8 {{ \"l{hostile}\" }} e; integer {{ size = 8; encoding = UTF8; }} t[4];
                integer {{ size = 32; encoding = UTF8; }} c; }}; }};"
        );
        let stream = [b"\x1b\xff\0\0\x1b\n\x7f\0".as_slice(), &0x1B_u32.to_le_bytes()].concat();
        let dir = trace(&text, &[&stream]);
        let event = Reader::open(dir.path()).unwrap().next().unwrap().unwrap();
        let line = Printer::utc().with_source().line(&event);
        is_harmless(&line);
        assert_eq!(
            line,
            format!(
                "h{shown}:p{shown}:v{shown} n{shown} (u{shown}): {{ s = \"\\x1b\\xff\" }}, \
                 {{ e = ( \"l{shown}\" : container = 0 ), t = \"\\x1b\\n\\x7f\", c = '\\x1b' }}"
            )
        );
    }
}

#[test]
fn errors_are_escaped() {
    let uuid = PREAMBLE.replace("byte_order", &format!("uuid = \"{RAW}\"; byte_order"));
    let clock =
        format!("{PREAMBLE} clock {{ name = \"{ESCAPED}\"; }}; clock {{ name = \"{RAW}\"; }};");
    let label = with_fields(&format!("enum : u8 {{ \"{RAW}\" }} t; variant <t> {{ u8 a; }} v;"));
    for text in [uuid, clock, label, format!("{PREAMBLE}{RAW}")] {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join(format!("a{RAW}"));
        write(&place, &text, &[&[0, 1, 2]]);
        let (lines, errors) = ours(dir.path());
        assert_eq!(lines, "");
        assert_eq!(errors.len(), 1, "{errors:?}");
        is_harmless(&errors[0]);
        assert!(errors[0].contains(r"/a\x1b[31m\r\n\a\xc2\x9b\xe2\x80\xae"), "{}", errors[0]);
    }
}
