//! Any bytes are CTF 2 metadata or an error that names the place, and whatever they declare, reading ends.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use ctf::convert;
use ctf::json::{self, JsonError};
use ctf::read::Reader;
use proptest::prelude::*;

const PREAMBLE: &str = r#"{"type": "preamble", "version": 2}"#;
const STREAM: &str = r#"{"type": "data-stream-class"}"#;

/// A metadata file of these fragments.
fn sequence(fragments: &[&str]) -> String {
    fragments.iter().map(|fragment| format!("\u{1e}{fragment}\n")).collect()
}

fn error(fragments: &[&str]) -> JsonError {
    json::parse(sequence(fragments).as_bytes()).unwrap_err()
}

/// Metadata whose records are one field of this class.
fn with_field(class: &str) -> String {
    let payload = format!(
        r#"{{"type": "structure", "member-classes": [{{"name": "x", "field-class": {class}}}]}}"#
    );
    sequence(&[
        PREAMBLE,
        STREAM,
        &format!(r#"{{"type": "event-record-class", "payload-field-class": {payload}}}"#),
    ])
}

/// Events and errors of a trace, read to its end.
fn read(metadata: &str, stream: &[u8]) -> (usize, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("metadata"), metadata).unwrap();
    fs::write(dir.path().join("stream"), stream).unwrap();
    let (events, errors): (Vec<_>, Vec<_>) =
        Reader::open(dir.path()).unwrap().partition(Result::is_ok);
    let errors = errors.into_iter().filter_map(|error| error.err().map(|error| error.to_string()));
    (events.len(), errors.collect())
}

#[test]
fn an_error_names_the_fragment_the_place_and_what_was_expected() {
    let alias = |class: &str| {
        format!(r#"{{"type": "field-class-alias", "name": "a", "field-class": {class}}}"#)
    };
    let uint = |more: &str| {
        format!(
            r#"{{"type": "fixed-length-unsigned-integer", "length": 8, "byte-order": "big-endian"{more}}}"#
        )
    };
    let event = |more: &str| format!(r#"{{"type": "event-record-class"{more}}}"#);
    let location = |path: &str| {
        alias(&format!(
            r#"{{"type": "dynamic-length-blob", "length-field-location": {{"path": {path}}}}}"#
        ))
    };
    let variant = alias(&format!(
        r#"{{"type": "variant", "selector-field-location": {{"path": ["s"]}}, "options": [
            {{"field-class": {0}, "selector-field-ranges": [[0, 5]]}},
            {{"field-class": {0}, "selector-field-ranges": [[9, 9], [5, 7]]}}]}}"#,
        uint("")
    ));
    // The second fragment, or two, the place in it, and a part of the message.
    let cases: &[(&[&str], &str, &str)] = &[
        (&[r#"{"type": "trace-class""#], "", "EOF"),
        (&[r#"{"type": "trace-class"} x"#], "", "trailing"),
        (&["[1]"], "", "expected a fragment"),
        (&[r#"{"type": "preamble", "version": 2}"#], "", "a second preamble"),
        (&[r#"{"type": "trace"}"#], "", "no fragment `trace`"),
        (&[r#"{"type": "trace-class", "nam": "x"}"#], "", "no property `nam`"),
        (&[r#"{"type": "trace-class", "name": 5}"#], "name", "expected a string, found 5"),
        (
            &[r#"{"type": "trace-class", "environment": {"x": 1.5}}"#],
            "environment.x",
            "an integer or a string",
        ),
        (
            &[r#"{"type": "clock-class", "id": "c", "frequency": 0}"#],
            "frequency",
            "above 0, found 0",
        ),
        (
            &[
                r#"{"type": "clock-class", "id": "c", "frequency": 9, "offset-from-origin": {"cycles": 9}}"#,
            ],
            "offset-from-origin.cycles",
            "fewer cycles than in a second",
        ),
        (
            &[r#"{"type": "data-stream-class", "default-clock-class-id": "c"}"#],
            "default-clock-class-id",
            "no clock before is `c`",
        ),
        (&[&event(r#", "data-stream-class-id": 7"#)], "", "no stream class before has the id 7"),
        (&[STREAM, STREAM], "", "a second stream class 0"),
        (
            &[&event(r#", "payload-field-class": "a""#)],
            "payload-field-class",
            "no class before has the name `a`",
        ),
        (&[&alias("\"a\"")], "field-class", "no class before has the name `a`"),
        (&[&alias(&uint("")), &alias(&uint(""))], "name", "another class has this name"),
        (
            &[&alias(&uint(r#", "alignment": 3"#))],
            "field-class.alignment",
            "a power of two up to 2^31, found 3",
        ),
        (&[&alias(&uint("").replace('8', "65"))], "field-class.length", "1 to 64 bits"),
        (&[&alias(&uint("").replace("\"length\": 8, ", ""))], "field-class", "`length` is missing"),
        (
            &[&alias(&uint(r#", "roles": ["clock"]"#))],
            "field-class.roles[0]",
            "expected a role, found `clock`",
        ),
        (
            &[&alias(&uint(r#", "roles": ["packet-magic-number"]"#))],
            "field-class.roles[0]",
            "32 bits",
        ),
        (
            &[&alias(&uint(r#", "mappings": {"m": [[5, 3]]}"#))],
            "field-class.mappings.m[0]",
            "ends with 3, before 5",
        ),
        (
            &[&alias(&uint("").replace("unsigned-integer", "floating-point-number"))],
            "field-class.length",
            "32 or 64 bits",
        ),
        (
            &[&alias(&uint(r#", "extensions": {"n": {"e": 1}}"#))],
            "field-class.extensions.n.e",
            "not known",
        ),
        (
            &[&location("[]")],
            "field-class.length-field-location.path",
            "the name of a field at the end",
        ),
        (
            &[&location(r#"["a", null]"#)],
            "field-class.length-field-location.path",
            "the name of a field at the end",
        ),
        (
            &[&location(r#"[5, "a"]"#)],
            "field-class.length-field-location.path[0]",
            "a string or null",
        ),
        (&[&variant], "field-class.options", "5 chooses option 0 and option 1"),
    ];
    for (fragments, path, message) in cases {
        let all: Vec<_> = [PREAMBLE].iter().chain(*fragments).copied().collect();
        let error = error(&all);
        assert_eq!(error.fragment, all.len(), "{error}");
        assert_eq!(error.path, *path, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    assert_eq!(error(&[STREAM]).message, "the first fragment must be the preamble");
    assert_eq!(error(&[PREAMBLE]).message, "there is no stream class");
    assert_eq!(error(&[]).message, "there is no fragment");
    let extension = r#"{"type": "preamble", "version": 2, "extensions": {"n": {"e": null}}}"#;
    assert_eq!(error(&[extension]).path, "extensions.n.e");
    let text =
        "\u{1e}{\"type\": \"preamble\",\n \"version\": 2}\n\n\u{1e}\u{1e}{\"type\":\n  oh}\n";
    let wrong = json::parse(text.as_bytes()).unwrap_err();
    assert_eq!((wrong.fragment, wrong.line, wrong.column), (2, 5, 3), "{wrong}");
}

/// Each class names the one before twice: written out there would be 2^40 fields.
#[test]
fn a_sequence_begins_with_a_separator_behind_white_space_or_none() {
    let byte =
        r#"{"type": "fixed-length-unsigned-integer", "length": 8, "byte-order": "big-endian"}"#;
    let whole = with_field(byte);
    for space in ["", "\n", " \t\u{c}\r\n"] {
        let text = format!("{space}{whole}");
        assert!(json::is_sequence(text.as_bytes()), "{space:?}");
        assert_eq!(read(&text, &[7, 8]), (2, vec![]), "{space:?}");
    }
    let text = &whole[1..];
    assert!(!json::is_sequence(text.as_bytes()));
    let told = json::parse(text.as_bytes()).unwrap_err();
    assert_eq!((told.fragment, told.line, told.column), (1, 1, 1));
    assert!(told.to_string().contains("0x1E"), "{told}");
}

#[test]
fn classes_that_are_named_are_shared() {
    let alias = |at: usize| {
        let within = at - 1;
        format!(
            r#"{{"type": "field-class-alias", "name": "a{at}", "field-class": {{"type": "structure", "member-classes": [
                {{"name": "x", "field-class": "a{within}"}}, {{"name": "y", "field-class": "a{within}"}}]}}}}"#
        )
    };
    let byte =
        r#"{"type": "field-class-alias", "name": "a0", "field-class": {"type": "structure"}}"#;
    let aliases = |depth: usize| {
        let aliases: Vec<_> = (1..=depth).map(alias).collect();
        let event =
            format!(r#"{{"type": "event-record-class", "payload-field-class": "a{depth}"}}"#);
        let mut fragments = vec![PREAMBLE, STREAM, byte];
        fragments.extend(aliases.iter().map(String::as_str));
        fragments.push(&event);
        sequence(&fragments)
    };
    let text = aliases(40);
    let (events, errors) = read(&text, &[0; 100]);
    assert_eq!((events, errors.len()), (0, 1));
    assert!(errors[0].contains("too many values"), "{}", errors[0]);
    let refused = convert::to_ctf2(&json::parse(text.as_bytes()).unwrap()).unwrap_err();
    assert!(refused.reason.contains("too many fields"), "{refused}");
    let error = json::parse(aliases(64).as_bytes()).unwrap_err();
    assert!(error.message.contains("too many classes within classes"), "{error}");
}

#[test]
fn classes_within_classes_have_a_bound_in_one_fragment_too() {
    let optional = |within: String| {
        format!(
            r#"{{"type": "optional", "selector-field-location": {{"path": ["x"]}}, "field-class": {within}}}"#
        )
    };
    let nested = |depth| {
        (0..depth)
            .fold(r#"{"type": "null-terminated-string"}"#.to_owned(), |class, _| optional(class))
    };
    assert!(json::parse(with_field(&nested(60)).as_bytes()).is_ok());
    let error = json::parse(with_field(&nested(63)).as_bytes()).unwrap_err();
    assert!(error.message.contains("too many classes within classes"), "{error}");
    let error = json::parse(with_field(&nested(1000)).as_bytes()).unwrap_err();
    assert!(error.message.contains("recursion limit"), "{error}");
}

#[test]
fn no_class_makes_reading_endless_or_too_large() {
    let array = |len: u64, elem: &str| {
        format!(
            r#"{{"type": "static-length-array", "length": {len}, "element-field-class": {elem}}}"#
        )
    };
    let blob = |len: u64| format!(r#"{{"type": "static-length-blob", "length": {len}}}"#);
    let text = |len: u64| {
        format!(r#"{{"type": "static-length-string", "encoding": "utf-32le", "length": {len}}}"#)
    };
    let cases = [
        (array(1 << 60, r#"{"type": "structure"}"#), "too many values"),
        (array(1 << 60, &array(1 << 60, r#"{"type": "structure"}"#)), "too many values"),
        (array(1 << 60, &blob(0)), "too many values"),
        (array(u64::MAX, r#"{"type": "variable-length-unsigned-integer"}"#), "cut short"),
        (blob(u64::MAX), "cut short"),
        (blob(u64::MAX / 8 + 2), "cut short"),
        (text(1 << 62), "cut short"),
        (text(9), "a text of 9 bytes in units of 4"),
        (r#"{"type": "structure", "minimum-alignment": 2147483648}"#.to_owned(), "no bits"),
        (r#"{"type": "null-terminated-string", "encoding": "utf-16be"}"#.to_owned(), "cut short"),
        (
            r#"{"type": "dynamic-length-blob", "length-field-location": {"path": ["x"]}}"#
                .to_owned(),
            "there is no number `x` before",
        ),
        (
            r#"{"type": "optional", "field-class": {"type": "structure"},
                "selector-field-location": {"path": [null, null, "x"]}}"#
                .to_owned(),
            "there is no number `x` before",
        ),
    ];
    for (class, message) in cases {
        let (events, errors) = read(&with_field(&class), &[1; 64]);
        assert_eq!(events, 0, "{class}");
        assert_eq!(errors.len(), 1, "{class}");
        assert!(errors[0].contains(message), "{}: {class}", errors[0]);
    }
    // No field behind an array can mean a part of one of its elements.
    let byte = r#"{"type": "fixed-length-unsigned-integer", "length": 8, "byte-order": "big-endian", "alignment": 8}"#;
    let pair = format!(
        r#"{{"type": "structure", "member-classes": [{{"name": "n", "field-class": {byte}}}]}}"#
    );
    let through = format!(
        r#"{{"type": "structure", "member-classes": [
            {{"name": "pairs", "field-class": {}}},
            {{"name": "blob", "field-class": {{"type": "dynamic-length-blob", "length-field-location": {{"path": ["pairs", "n"]}}}}}}]}}"#,
        array(2, &pair)
    );
    let (events, errors) = read(&with_field(&through), &[1; 64]);
    assert_eq!(events, 0);
    assert!(errors[0].contains("there is no number `pairs.n` before"), "{}", errors[0]);
    let varint = with_field(r#"{"type": "variable-length-signed-integer"}"#);
    let (events, errors) = read(&varint, &[&[5][..], &[0x80; 11]].concat());
    assert_eq!((events, errors.len()), (1, 1));
    assert!(errors[0].contains("beyond 64 bits"), "{}", errors[0]);
}

/// The traces that babeltrace2 was shown too.
fn samples() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ctf2");
    let mut dirs: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.retain(|path| path.is_dir());
    dirs.sort();
    dirs
}

/// Pieces of the language: whole fragments, and what they are made of.
fn words() -> Vec<String> {
    let mut words: Vec<String> =
        ["\u{1e}", "{", "}", "[", "]", ",", ":", "0", "-1", "64", "null", "true", "\"x\"", "\n"]
            .map(str::to_owned)
            .into();
    for dir in samples() {
        let text = fs::read_to_string(dir.join("metadata")).unwrap();
        words.extend(text.split('"').map(|word| format!("\"{word}\"")));
        words.extend(text.lines().map(str::to_owned));
    }
    words.sort();
    words.dedup();
    words
}

proptest! {
    #[test]
    fn any_bytes_are_metadata_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = json::parse(&bytes);
        let _ = json::parse(&[b"\x1e", &bytes[..]].concat());
    }

    #[test]
    fn any_words_are_metadata_or_an_error(
        words in prop::collection::vec(prop::sample::select(words()), 0..40),
    ) {
        let _ = json::parse(words.concat().as_bytes());
    }

    /// What is read is converted to what is read the same way, or refused; and any bytes are a stream or an error.
    #[test]
    fn changed_traces_are_read_to_their_end(
        sample in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
        word in prop::sample::select(words()),
        at in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let dir = &samples[sample.index(samples.len())];
        let mut metadata = fs::read(dir.join("metadata")).unwrap();
        let mut stream = fs::read(dir.join("stream")).unwrap();
        for (of_metadata, at, byte) in changes {
            let bytes = if of_metadata { &mut metadata } else { &mut stream };
            let at = at.index(bytes.len());
            bytes[at] = if of_metadata { b"0123456789[]{}\",nul"[usize::from(byte) % 19] } else { byte };
        }
        if let Ok(text) = String::from_utf8(metadata.clone()) {
            // One string instead of another.
            let mut parts: Vec<_> = text.split('"').collect();
            let at = at.index(parts.len());
            parts[at] = word.trim_matches('"');
            if at % 3 == 0 {
                metadata = parts.join("\"").into_bytes();
            }
        }
        if let Ok(read) = json::parse(&metadata)
            && let Ok(text) = convert::to_ctf2(&read)
        {
            let again = json::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(convert::to_ctf2(&again).unwrap(), text);
        }
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("metadata"), metadata).unwrap();
        fs::write(place.path().join("stream"), &stream).unwrap();
        let mut printer = ctf::text::Printer::utc();
        let mut events = 0;
        for event in Reader::open(place.path()).unwrap() {
            events += event.is_ok_and(|event| !printer.line(&event).is_empty()) as usize;
        }
        prop_assert!(events <= stream.len() * 8);
    }
}
