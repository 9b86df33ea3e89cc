//! Metadata are read if babeltrace2 reads them, and refused if it refuses them.

mod common;

use common::judged::{PREAMBLE, agreed, refused, with_fields};

const EVENT: &str = "event { name = e; id = 0; fields := struct { u8 x; }; };";
const STREAM: &str = "stream { };";

/// The text with an event of one byte.
fn with(statements: &str) -> String {
    format!("{PREAMBLE}{statements} {STREAM} {EVENT}")
}

/// The same, and packets whose first byte is the stream's number.
fn with_header(statements: &str) -> String {
    let header = "packet.header := struct { integer { size = 8; } stream_id; };";
    let preamble = PREAMBLE.replace("byte_order = le;", &format!("byte_order = le; {header}"));
    format!("{preamble}{statements}")
}

/// Both refuse it, and we say this, at the place that `@` marks.
fn is_refused(marked: &str, expected: &str) {
    let (before, _) = marked.split_once('@').unwrap_or_else(|| panic!("no place: {marked}"));
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let errors = refused(&marked.replace('@', ""), &[&[0; 16]]);
    let expected = format!("metadata, line {line}, column {column}: {expected}");
    assert!(errors[0].contains(&expected), "{marked}\n  told {errors:?}\n  not  {expected}");
}

#[test]
fn what_is_declared_twice_is_refused_at_its_second_place() {
    let fields = [
        ("u8 x; u8 @x;", "the field `x` for the second time"),
        ("u8 x; struct { u16 a; u8 b; u8 @a; } y;", "the field `a` for the second time"),
        (
            "enum : u8 { a, b } t; variant <t> { u8 a; u8 @a; } v;",
            "the field `a` for the second time",
        ),
        (
            "struct s { u8 x; }; @struct s { u8 y; }; u8 z;",
            "the type `struct s` for the second time",
        ),
        ("integer { size = 8; @size = 8; } x;", "`size` for the second time"),
    ];
    for (fields, expected) in fields {
        is_refused(&with_fields(fields), expected);
    }
    let statements = [
        ("typealias integer { size = 8; } := @u8;", "the type `u8` for the second time"),
        ("typedef u8 a; typedef u16 @a[2];", "the type `a` for the second time"),
        ("struct s { u8 x; }; @struct s { u8 x; };", "the type `struct s` for the second time"),
        ("enum s : u8 { x }; @enum s : u8 { x };", "the type `enum s` for the second time"),
        ("variant s { u8 x; }; @variant s { u8 x; };", "the type `variant s` for the second time"),
    ];
    for (statements, expected) in statements {
        // babeltrace2 has another word for what a name was: its grammar knows types.
        is_refused(&with(statements), expected);
    }
    let streams = "stream { id = 0; }; stream { id = 1; };";
    let event = "event { name = e; id = 0; stream_id = 1; };";
    is_refused(&with_header(&format!("{streams} @stream {{ id = 1; }}; {event}")), "the stream 1 ");
    is_refused(&with_header(&format!("{streams} {event} @{event}")), "the event 0 for the second");
    is_refused(&with_header("stream { id = 0; @id = 0; };"), "`id` for the second time");
    is_refused(&with("@trace { major = 1; minor = 8; byte_order = le; };"), "a `trace` block ");
}

/// babeltrace2 reads this, and uses one of the two; or it crashes.
#[test]
fn a_clock_that_is_declared_twice_is_refused() {
    let text = with("clock { name = c; freq = 1; }; clock { name = c; freq = 2; };");
    let error = ctf::tsdl::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.message, "the clock `c` for the second time");
}

#[test]
fn a_name_may_be_declared_again_in_another_scope() {
    let lines = agreed(
        &with_fields("struct { u8 x; } y; u8 x; typealias integer { size = 16; } := u8; u8 z;"),
        &[&[1, 2, 3, 0]],
    );
    assert_eq!(lines, "e: { y = { x = 1 }, x = 2, z = 3 }\n");
    let statements = "env { a = 1; }; env { a = 2; };";
    assert_eq!(agreed(&with(statements), &[&[1]]), "e: { x = 1 }\n");
    // An event's name is no identity.
    let events = "stream { event.header := struct { u8 id; }; };
        event { name = e; id = 0; fields := struct { u8 x; }; };
        event { name = e; id = 5; fields := struct { u16 x; }; };";
    assert_eq!(
        agreed(&format!("{PREAMBLE}{events}"), &[&[0, 1, 5, 2, 0]]),
        "e: { x = 1 }\ne: { x = 2 }\n"
    );
}

#[test]
fn keywords_are_no_names() {
    const KEYWORDS: &str = "align callsite const char clock double enum env event floating_point float \
        integer int long short signed stream string struct trace typealias typedef unsigned variant void \
        _Bool _Complex _Imaginary";
    for word in KEYWORDS.split_whitespace() {
        refused(&with_fields(&format!("u8 {word};")), &[&[0]]);
    }
    is_refused(&with_fields("u8 @event;"), "expected a field's name");
    refused(&with("struct event { u8 x; };"), &[&[0]]);
    refused(&with_fields("enum : u8 { a } t; variant event <t> { u8 a; } v;"), &[&[0]]);
    // Where no other word could stand, they are.
    let fields = "u8 map; u8 name; u8 le; u8 _event; u8 trace_; enum : u8 { event, string } e;";
    assert_eq!(
        agreed(&with_fields(fields), &[&[1, 2, 3, 4, 5, 1]]),
        "e: { map = 1, name = 2, le = 3, event = 4, trace_ = 5, e = ( \"string\" : container = 1 ) }\n"
    );
    agreed(&with("env { event = 1; string = 2; };"), &[&[1]]);
}

#[test]
fn impossible_types_are_refused() {
    for (fields, expected) in [
        ("enum : u8 { @} x;", "expected a label"),
        ("integer { size = 8; @encoding = latin1; } x;", "expected one of the encodings"),
        ("string { @encoding = latin1; } x;", "expected one of the encodings"),
        ("integer { size = 8; @byte_order = LE; } x;", "expected one of the byte orders"),
        ("integer { size = 8; @base = 3; } x;", "no such base"),
        ("integer { size = 8; @align = 0; } x;", "0 is no alignment"),
        ("integer { size = 8; @signed = t; } x;", "an integer cannot have this `signed`"),
        ("integer { size = 8; @map = clock.c.value; } x;", "there is no clock `c`"),
        ("u8 @x[-1];", "a length cannot be negative"),
        ("typedef string text; @enum : text { a } x;", "the container is no integer"),
        ("@struct missing x;", "there is no type `struct missing`"),
    ] {
        is_refused(&with_fields(fields), expected);
    }
}

#[test]
fn words_may_stand_in_quotes_and_attributes_may_be_unknown() {
    let fields = "integer { size = 16; byte_order = \"be\"; base = \"hex\"; signed = \"false\"; new = 'a'; } x;
        integer { size = 8; encoding = \"utf-8\"; } t[2]; string { encoding = ascii; } s; u8 a, b[2];";
    let text = with_fields(fields).replace("major", "x = 'a'; y = '\\n'; z = \"z\"; major");
    let lines = agreed(&text, &[b"\x01\x02hiyes\0\x05\x06\x07"]);
    assert_eq!(
        lines,
        "e: { x = 0x102, t = \"hi\", s = \"yes\", a = 5, b = [ [0] = 6, [1] = 7 ] }\n"
    );
}

#[test]
fn a_type_may_be_declared_before_its_first_field_without_a_semicolon() {
    let fields = "struct s { u8 y; } struct s z; struct s q; enum k : u8 { a } enum k l; enum k m;";
    let lines = agreed(&with_fields(fields), &[&[1, 2, 0, 0]]);
    assert_eq!(
        lines,
        "e: { z = { y = 1 }, q = { y = 2 }, l = ( \"a\" : container = 0 ), m = ( \"a\" : container = 0 ) }\n"
    );
    // The file's types have one.
    is_refused(&with("struct s { u8 x; }").replace(STREAM, "@stream { };"), "expected `;`");
}

/// Characters lie in whole bytes, and nowhere else.
#[test]
fn arrays_of_characters_are_texts_if_each_is_a_byte() {
    let characters = |attributes: &str| {
        let text = with_fields(&format!(
            "u8 a; integer {{ size = 8; {attributes} encoding = UTF8; }} t[2]; u8 b;"
        ));
        agreed(&text, &[&[1, b'A', b'B', 2]])
    };
    for attributes in ["", "align = 8;", "base = hex;", "signed = true;", "byte_order = be;"] {
        assert_eq!(characters(attributes), "e: { a = 1, t = \"AB\", b = 2 }\n", "{attributes}");
    }
    for attributes in ["align = 1;", "align = 4;"] {
        assert_eq!(characters(attributes), "e: { a = 1, t = [ [0] = 65, [1] = 66 ], b = 2 }\n");
    }
    let bits = "integer { size = 4; align = 1; }";
    let text = "integer { size = 8; align = 1; encoding = UTF8; } t[2];";
    assert_eq!(
        agreed(&with_fields(&format!("{bits} a; {text} {bits} b;")), &[&[0x15, 0x24, 0x34]]),
        "e: { a = 5, t = [ [0] = 65, [1] = 66 ], b = 3 }\n"
    );
}

#[test]
fn numbers_with_labels_are_shown_in_their_base() {
    let label = |base: &str| format!("enum : integer {{ size = 8; base = {base}; }} {{ a = 5 }}");
    let signed = "enum : integer { size = 8; base = 16; signed = true; } { a = 5, b = -2 }";
    let fields = format!("{} x; {} y; {} z; {signed} w;", label("hex"), label("8"), label("b"));
    let lines = agreed(&with_fields(&fields), &[&[5, 15, 5, 0xFE]]);
    assert_eq!(
        lines,
        "e: { x = ( \"a\" : container = 0x5 ), y = ( <unknown> : container = 017 ), \
         z = ( \"a\" : container = 0b00000101 ), w = ( \"b\" : container = 0xFE ) }\n"
    );
}

#[test]
fn other_versions_of_the_format_are_refused() {
    let text = with("");
    is_refused(&text.replace("minor = 8", "@minor = 9"), "expected `minor = 8`");
    is_refused(&text.replace("major = 1", "@major = 2"), "expected `major = 1`");
}

#[test]
fn an_event_belongs_to_a_stream_that_is_declared() {
    let event = |attributes: &str| {
        format!("event {{ name = e; {attributes} fields := struct {{ u8 x; }}; }};")
    };
    let read = |text: &str, stream: &[u8], expected: &str| {
        assert_eq!(agreed(&with_header(text), &[stream]), expected, "{text}");
    };
    // Before its stream; or without a number, in the only one.
    read(&format!("{} stream {{ id = 5; }};", event("stream_id = 5;")), &[5, 7], "e: { x = 7 }\n");
    read(&format!("stream {{ id = 5; }}; {}", event("")), &[5, 7], "e: { x = 7 }\n");
    read(&event(""), &[0, 7], "e: { x = 7 }\n");
    let marked = |attributes: &str| format!("@{}", event(attributes));
    is_refused(
        &with_header(&format!("stream {{ id = 0; }}; {}", marked("stream_id = 3;"))),
        "an event of the stream 3, which is not declared",
    );
    is_refused(
        &with_header(&format!("stream {{ id = 0; }}; stream {{ id = 1; }}; {}", marked(""))),
        "an event needs a `stream_id`",
    );
}

#[test]
fn classes_that_nothing_tells_apart_are_refused() {
    is_refused(
        &format!(
            "{PREAMBLE}stream {{ id = 0; }}; @stream {{ id = 1; }};
            event {{ name = e; id = 0; stream_id = 0; }};"
        ),
        "a second stream, but `packet.header` has no `stream_id`",
    );
    is_refused(
        &format!("{PREAMBLE}{STREAM} {EVENT} @{}", EVENT.replace("id = 0", "id = 1")),
        "a second event, but its stream has no `event.header` with an `id`",
    );
}

/// Names print raw in babeltrace2's text, and escaped in ours.
#[test]
fn escapes_mean_what_they_mean_to_babeltrace2() {
    for (text, expected) in [
        (r"\x23", "#"),
        (r"\x023", "#"),
        (r"\x0233", "#3"),
        (r"\0431", "#1"),
        (r"\43", "#"),
        (r"\x2g", "\x02g"),
        (r"\48", "\x048"),
        (r"\xfff", "\u{fffd}"),
        (r"a\x00b", "a\x0b"),
        (r"a\0b", "a"),
        (r"\x41BC", "\x1bC"),
        (r#"\a\b\f\n\r\t\v\\\'\"\?"#, "\x07\x08\x0c\n\r\t\x0b\\'\"?"),
        (r"\303\251", "é"),
        ("two\nlines", "two\nlines"),
        ("é\x1b[31m", "é\x1b[31m"),
    ] {
        let text = with("").replace("name = e", &format!("name = \"{text}\""));
        let dir = common::judged::trace(&text, &[&[1]]);
        let metadata = ctf::tsdl::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.streams[&0].events[&0].name, expected, "{text}");
        if let Some(theirs) = common::judged::theirs(dir.path()) {
            assert_eq!(theirs.lines, format!("{expected}: {{ x = 1 }}\n"), "{text}");
        }
    }
    for wrong in [r"\q", r"\e", r"\u0041", r"\8"] {
        let text = with("").replace("name = e", &format!("name = \"@{wrong}\""));
        let text = text.replace(&format!("@{wrong}"), &wrong.replacen('\\', "\\@", 1));
        is_refused(&text, "expected an escape of C");
    }
}
