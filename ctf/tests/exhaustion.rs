//! No metadata and no stream takes all the stack, all memory or all time.

mod common;

use std::fs;

use common::{read_to_the_end, ways};
use ctf::read::Reader;
use ctf::text::Printer;
use ctf::tsdl;

/// Texts that would take all the stack, all memory or all time of a careless reader.
#[test]
fn metadata_cannot_exhaust_the_reader() {
    let nested = format!("struct {}", "a { struct ".repeat(100_000));
    assert!(tsdl::parse(nested.as_bytes()).unwrap_err().message.contains("fewer types"));

    let mut text =
        "trace { byte_order = le; };\nstruct s0 { integer { size = 8; } x; };\n".to_owned();
    for n in 1..60 {
        text += &format!("struct s{n} {{ struct s{} a; struct s{} b; }};\n", n - 1, n - 1);
    }
    tsdl::parse(text.as_bytes()).unwrap();
    text +=
        &(60..70).map(|n| format!("struct s{n} {{ struct s{} a; }};\n", n - 1)).collect::<String>();
    assert!(tsdl::parse(text.as_bytes()).unwrap_err().message.contains("too many types"));

    // 2^60 bytes, 2^60 empty structures, records without bits.
    let huge = "typealias integer { size = 8; } := u8; struct none {};";
    let streams = [
        ("event { fields := struct { u8 x[0x1000000000000000]; }; };", "cut short"),
        ("event { fields := struct { struct none x[0x1000000000000000]; }; };", "too many values"),
        ("event { fields := struct {}; };", "a record of no bits"),
        (
            "event { fields := struct { u8 n; struct none x[y]; }; };",
            "there is no field `y` before this",
        ),
    ];
    for (event, expected) in streams {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("trace {{ byte_order = le; }}; {huge} stream {{ }}; {event}");
        fs::write(dir.path().join("metadata"), text).unwrap();
        fs::write(dir.path().join("s"), [1; 100]).unwrap();
        let errors: Vec<_> =
            Reader::open(dir.path()).unwrap().map(|event| event.unwrap_err().to_string()).collect();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains(expected), "{errors:?}");
    }
}

/// Thousands of values, each of which has its label among thousands and its option among thousands.
#[test]
fn one_of_many_labels_and_options_is_found_at_once() {
    const MANY: usize = 60_000;
    let labels: String = (0..MANY).map(|n| format!("l{n}, ")).collect();
    let options: String = (0..MANY).map(|n| format!("struct none o{n}; ")).collect();
    let text = format!(
        "trace {{ byte_order = le; }}; stream {{ }}; struct none {{ }};
        enum e : integer {{ size = 32; }} {{ {labels} last }};
        event {{ fields := struct {{
            struct {{ enum e tag; variant <tag> {{ {options} struct none last; }} v; }} all[{MANY}];
        }}; }};"
    );
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("metadata"), text).unwrap();
    fs::write(dir.path().join("s"), (MANY as u32).to_le_bytes().repeat(MANY)).unwrap();
    let begun = std::time::Instant::now();
    let events: Vec<_> = Reader::open(dir.path()).unwrap().collect();
    let [Ok(event)] = &events[..] else { panic!("{} events", events.len()) };
    let line = Printer::utc().line(event);
    assert_eq!(line.matches(r#"( "last" : container = 60000 )"#).count(), MANY);
    // It takes a second, and took half a minute.
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

/// Thousands of labels for one number, each of them looked for among thousands of options, for each value.
#[test]
fn labels_and_options_cannot_exhaust_the_reader() {
    let names = |letter| (1000..6000).map(move |n| format!("{letter}{n}"));
    let labels: String = names('l').map(|name| format!("{name} = 0, ")).collect();
    let options: String = names('o').map(|name| format!("string {name}; ")).collect();
    let text = format!(
        "trace {{ byte_order = le; }}; stream {{ }}; struct none {{ }};
        enum e : integer {{ size = 8; }} {{ {labels} last = 0 }};
        event {{ fields := struct {{
            enum e tag;
            struct {{ variant <tag> {{ {options} struct none last; }} v; }} all[400];
        }}; }};"
    );
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("metadata"), text).unwrap();
    fs::write(dir.path().join("s"), [0]).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(read_to_the_end(dir.path()), (1, 0));
    // It takes seconds, and took minutes.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// No plan holds all that such a type expands to, whether anything of it is read or not.
#[test]
fn types_that_expand_beyond_all_memory_are_read_without_a_plan() {
    for innermost in ["u8 x;", ""] {
        let mut types = format!("struct s0 {{ {innermost} }};\n");
        for n in 1..60 {
            types += &format!("struct s{n} {{ struct s{} a; struct s{} b; }};\n", n - 1, n - 1);
        }
        let text = format!(
            "trace {{ byte_order = le; }}; typealias integer {{ size = 8; }} := u8; {types}
            stream {{ }}; event {{ fields := struct {{ u8 first; struct s59 all; }}; }};"
        );
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("metadata"), text).unwrap();
        fs::write(dir.path().join("s"), [1, 2, 3]).unwrap();
        let lines = ways::planned(dir.path());
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("byte 0: "), "{lines:?}");
    }
}

/// Each type is looked at once, however often it is used: for lengths and tags that are elsewhere, for clocks, and for times
/// without a `map`.
#[test]
fn types_that_are_used_in_many_ways_are_looked_at_once() {
    let nested = |innermost: &str| {
        let mut types = format!("struct s0 {{ {innermost} }};\n");
        for n in 1..60 {
            types += &format!("struct s{n} {{ struct s{} a; struct s{} b; }};\n", n - 1, n - 1);
        }
        types
    };
    let begin = "trace { byte_order = le; }; clock { name = c; };
        typealias integer { size = 8; } := u8; typealias integer { size = 8; map = clock.c.value; } := ts;";
    let many: String = (0..60).map(|n| format!("u8 x{n}[stream.packet.context.n{n}]; ")).collect();
    let numbers: String = (0..60).map(|n| format!("u8 n{n}; ")).collect();
    for (innermost, header, payload) in [
        ("u8 timestamp;", "struct s59 all;", ""),
        ("ts timestamp; ts other;", "struct s59 all;", ""),
        (&*many, "", "struct s59 all;"),
    ] {
        let text = format!(
            "{begin} {} stream {{ packet.context := struct {{ {numbers} }};
            event.header := struct {{ u8 id; {header} }}; }};
            event {{ id = 1; fields := struct {{ {payload} }}; }};",
            nested(innermost)
        );
        let begun = std::time::Instant::now();
        let metadata = tsdl::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.streams[&0].clock.is_some(), !header.is_empty());
        // It takes milliseconds, and would take years.
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
