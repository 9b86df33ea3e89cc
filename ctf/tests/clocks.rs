//! Which clock gives times to what, and how its values go on.

mod common;

use common::judged::{PREAMBLE, agreed, ours, refused, theirs, trace, write};
use ctf::tsdl;

const CLOCK: &str = "clock { name = c; freq = 1000000000; offset_s = 1000; };";
const SLOW: &str = "clock { name = slow; freq = 1000; offset_s = 2000; };";

/// The text of a stream with these fields in its packets' contexts and its events' headers.
fn text(clocks: &str, context: &str, header: &str) -> String {
    format!(
        "{PREAMBLE}{clocks}
        stream {{ packet.context := struct {{ {context} }}; event.header := struct {{ {header} }}; }};
        event {{ name = e; id = 0; fields := struct {{ u8 x; }}; }};"
    )
}

const BETWEEN: &str = "u64 timestamp_begin; u64 timestamp_end;";

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A packet from 5 on with two events of these headers.
fn packet(headers: [&[u8]; 2]) -> Vec<u8> {
    [&words(&[5, 1 << 40])[..], headers[0], &[1], headers[1], &[2]].concat()
}

const AT_10_AND_20: &str = "[00:16:40.000000010] (+?.?????????) e: { x = 1 }\n\
    [00:16:40.000000020] (+0.000000010) e: { x = 2 }\n";

/// LTTng 2.0 wrote such traces.
#[test]
fn times_without_a_map_are_those_of_the_only_clock() {
    let stream = packet([&words(&[10]), &words(&[20])]);
    assert_eq!(agreed(&text(CLOCK, BETWEEN, "u64 timestamp;"), &[&stream]), AT_10_AND_20);
    // Where only the packet's times have one.
    let mapped = BETWEEN.replace("u64", "integer { size = 64; map = clock.c.value; }");
    assert_eq!(agreed(&text(CLOCK, &mapped, "u64 timestamp;"), &[&stream]), AT_10_AND_20);
    // Where packets have no times.
    assert_eq!(
        agreed(&text(CLOCK, "u64 a; u64 b;", "u64 timestamp;"), &[&stream]),
        AT_10_AND_20.replace("e: ", "e: { a = 5, b = 1099511627776 }, ")
    );
    // In the structures of a variant, which both event headers of LTTng have; two streams are put in order.
    let header = "enum : u8 { compact = 0, extended = 255 } id; variant <id> {
        struct { integer { size = 32; } timestamp; } compact; struct { u32 id; u64 timestamp; } extended; } v;";
    let compact = |time: u8| [0, time, 0, 0, 0];
    let extended = [&[255, 0, 0, 0, 0][..], &words(&[1 << 33])].concat();
    let first = packet([&compact(10), &extended]);
    let second = packet([&compact(9), &compact(20)]);
    let lines = agreed(&text(CLOCK, BETWEEN, header), &[&first, &second]);
    let times: Vec<&str> = lines.lines().map(|line| &line[10..20]).collect();
    assert_eq!(times, ["000000009]", "000000010]", "000000020]", "589934592]"]);
}

#[test]
fn times_without_a_declared_clock_are_nanoseconds() {
    let stream = packet([&words(&[10]), &words(&[20])]);
    let lines = agreed(&text("", BETWEEN, "u64 timestamp;"), &[&stream]);
    assert_eq!(lines, AT_10_AND_20.replace("00:16:40", "00:00:00"));
}

/// A name of its own is no time: then events have their packet's.
#[test]
fn other_fields_are_no_times() {
    let stream = packet([&words(&[10]), &words(&[20])]);
    let lines = agreed(&text(CLOCK, BETWEEN, "u64 time;"), &[&stream]);
    assert_eq!(lines.matches("[00:16:40.000000005]").count(), 2);
    // Nor is it within the payload, where any name may be.
    let text = text(CLOCK, "u64 a; u64 b;", "u64 c;").replace("u8 x;", "u8 timestamp;");
    assert_eq!(
        agreed(&text, &[&stream]),
        "e: { a = 5, b = 1099511627776 }, { timestamp = 1 }\ne: { a = 5, b = 1099511627776 }, { timestamp = 2 }\n"
    );
}

#[test]
fn events_of_a_trace_without_times_have_none_and_are_in_their_order() {
    let text = common::judged::with_fields("u8 x;");
    let lines = agreed(&text, &[&[1, 2], &[3]]);
    assert_eq!(lines, "e: { x = 1 }\ne: { x = 2 }\ne: { x = 3 }\n");
    // Also beside a trace that has a clock, which babeltrace2 does not read.
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &text, &[&[1]]);
    let clocked = self::text(CLOCK, BETWEEN, "u64 timestamp;");
    write(&dir.path().join("b"), &clocked, &[&packet([&words(&[10]), &words(&[20])])]);
    assert_eq!(ours(dir.path()).0, format!("e: {{ x = 1 }}\n{AT_10_AND_20}"));
    let trace = ctf::read::Reader::open(dir.path()).unwrap();
    let clocks: Vec<_> = trace.map(|event| event.unwrap().clock_type().is_some()).collect();
    assert_eq!(clocks, [false, true, true]);
}

fn mapped(clock: &str) -> String {
    format!("integer {{ size = 64; map = {clock}; }}")
}

#[test]
fn each_stream_class_has_the_clock_that_it_is_mapped_to() {
    for name in ["clock.slow.value", "clock.slow"] {
        let text = text(&(CLOCK.to_owned() + SLOW), "", &format!("{} timestamp;", mapped(name)));
        let lines = agreed(&text, &[&[&words(&[10])[..], &[1]].concat()]);
        assert_eq!(lines, "[00:33:20.010000000] (+?.?????????) e: { }, { x = 1 }\n", "{name}");
    }
    // A declaration may stand behind its use.
    let text = text("", "", &format!("{} timestamp;", mapped("clock.slow.value"))) + SLOW;
    agreed(&text, &[&[&words(&[10])[..], &[1]].concat()]);
}

/// babeltrace2 does not read traces whose streams have clocks of different origins.
#[test]
fn streams_of_several_clocks_are_put_in_order() {
    let header =
        |clock: &str| format!("event.header := struct {{ {} timestamp; }};", mapped(clock));
    let text = format!(
        "{} {CLOCK} {SLOW}
        stream {{ id = 0; {} }}; event {{ name = e; stream_id = 0; fields := struct {{ u8 x; }}; }};
        stream {{ id = 1; {} }}; event {{ name = e; stream_id = 1; fields := struct {{ u8 x; }}; }};",
        PREAMBLE.replace("byte_order = le;", "byte_order = le; packet.header := struct { integer { size = 8; } stream_id; };"),
        header("clock.slow.value"),
        header("clock.c.value"),
    );
    let stream = |id: u8, value: u64| [&[id][..], &words(&[value]), &[id]].concat();
    let late = 1_500_000_000_000;
    let (lines, errors) =
        ours(trace(&text, &[&stream(0, 10), &stream(1, 10), &stream(1, late)]).path());
    assert_eq!(errors, [""; 0]);
    assert_eq!(
        lines,
        "[00:16:40.000000010] (+?.?????????) e: { x = 1 }\n\
         [00:33:20.010000000] (+1000.009999990) e: { x = 0 }\n\
         [00:41:40.000000000] (+499.990000000) e: { x = 1 }\n"
    );
    let metadata = tsdl::parse(text.as_bytes()).unwrap();
    let names: Vec<&str> = metadata.clocks.iter().map(|clock| &*clock.name).collect();
    assert_eq!(names, ["c", "slow"]);
}

#[test]
fn two_clocks_in_one_stream_class_are_refused() {
    let both = CLOCK.to_owned() + SLOW;
    let stream = [0; 64];
    let (c, slow) = (mapped("clock.c.value"), mapped("clock.slow.value"));
    let errors = refused(&text(&both, "", &format!("{c} timestamp; {slow} other;")), &[&stream]);
    assert!(
        errors[0].contains("line 8, column 9: two clocks in one stream class: `c` and `slow`"),
        "{errors:?}"
    );
    refused(
        &text(&both, &format!("{slow} timestamp_begin;"), &format!("{c} timestamp;")),
        &[&stream],
    );
    // And several that could be meant.
    let errors = refused(&text(&both, BETWEEN, "u64 timestamp;"), &[&stream]);
    assert!(errors[0].contains("several clocks, but its times have no `map"), "{errors:?}");
}

/// An integer of fewer bits than the clock stands for the next value with these bits. How often it has gone round between
/// two events cannot be seen, so a second round is lost.
#[test]
fn narrow_clocks_go_round() {
    for (bits, ty, record_bytes) in [(27, "integer { size = 27; align = 1; }", 4), (32, "u32", 4)] {
        let begin = (5_u64 << bits) - 2;
        let header = format!(
            "{} timestamp; {}",
            ty,
            if bits == 27 { "integer { size = 5; align = 1; } id;" } else { "" }
        );
        let narrow = |value: u64| (value & ((1 << bits) - 1)).to_le_bytes();
        let mut stream = words(&[begin, begin + (3 << bits)]);
        // As it begins; round once; nearly round again; round twice, which looks as if it were once.
        let values = [begin, begin + 5, begin + 4 + (1 << bits), begin + 6 + (3 << bits)];
        for (nth, value) in values.into_iter().enumerate() {
            stream.extend(&narrow(value)[..record_bytes]);
            stream.push(nth as u8);
        }
        let lines = agreed(&text(CLOCK, BETWEEN, &header), &[&stream]);
        let deltas: Vec<u64> = lines
            .lines()
            .skip(1)
            .map(|line| {
                let delta = &line[23..].split(')').next().unwrap().replace('.', "");
                delta.parse().unwrap()
            })
            .collect();
        assert_eq!(deltas, [5, (1 << bits) - 1, 2], "{lines}");
    }
}

#[test]
fn clocks_may_begin_before_1970() {
    let stream = packet([&words(&[3_000_000_000]), &words(&[3_000_000_001])]);
    let early = CLOCK.replace("offset_s = 1000", "offset_s = -2");
    let lines = agreed(&text(&early, BETWEEN, "u64 timestamp;"), &[&stream]);
    assert!(lines.starts_with("[00:00:01.000000000]"), "{lines}");
    // babeltrace2 has no cycles below zero.
    let early = CLOCK.replace("offset_s = 1000", "offset_s = 1; offset = -3500000000");
    let (lines, errors) = ours(trace(&text(&early, BETWEEN, "u64 timestamp;"), &[&stream]).path());
    assert_eq!(errors, [""; 0]);
    assert!(lines.starts_with("[00:00:00.500000000]"), "{lines}");
    // Times that no 64 bits can hold.
    let late = CLOCK.replace("offset_s = 1000", "offset_s = 9223372036");
    let errors = refused(&text(&late, BETWEEN, "u64 timestamp;"), &[&stream]);
    assert!(errors[0].contains("the clock 3000000000 is out of range"), "{errors:?}");
}

#[test]
fn a_clock_says_whether_it_is_absolute() {
    for (attribute, expected) in [
        ("", false),
        ("absolute = false;", false),
        ("absolute = 0;", false),
        ("absolute = TRUE;", true),
        ("absolute = 1;", true),
    ] {
        let clock = CLOCK.replace("};", &format!("{attribute} }};"));
        let text = text(&clock, "", "u64 timestamp;");
        agreed(&text, &[&[&words(&[10])[..], &[1]].concat()]);
        assert_eq!(tsdl::parse(text.as_bytes()).unwrap().clocks[0].absolute, expected);
    }
    let clock = CLOCK.replace("};", "absolute = yes; };");
    let errors = refused(&text(&clock, "", "u64 timestamp;"), &[&[0; 9]]);
    assert!(errors[0].contains("`absolute` cannot be this"), "{errors:?}");
    let error = tsdl::parse(text("clock { freq = 5; };", "", "").as_bytes()).unwrap_err();
    assert_eq!(error.message, "a clock needs a `name`");
    assert!(
        theirs(trace(&text("clock { freq = 5; };", "", ""), &[&[1]]).path())
            .is_none_or(|v| !v.is_read)
    );
}
