//! The reader on traces that are not ours, and on bytes that are no trace.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{identity, put, small_trace};
use ctf::read::{Event, ReadError, Reader};
use ctf::text::Printer;
use ctf::tsdl;
use ctf::write::stream_file::StreamWriter;
use proptest::prelude::*;

/// Recorded by LTTng-UST 2.13: packetised metadata, large event headers, contexts, network byte
/// order, text arrays, enumerations with ranges. Beside it is what babeltrace2 prints of it.
#[test]
fn an_lttng_ust_trace_reads_as_babeltrace_reads_it() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let theirs = fs::read_to_string(data.join("lttng-ust.expected.txt")).unwrap();
    let mut printer = Printer::utc();
    let ours: Vec<String> = Reader::open(&data.join("lttng-ust"))
        .unwrap()
        .map(|event| printer.line(&event.unwrap()))
        .collect();
    assert_eq!(ours.len(), theirs.lines().count());
    for (ours, theirs) in ours.iter().zip(theirs.lines()) {
        // Lengths of sequences are not shown.
        let fields = theirs.split(", ").filter(|field| !field.contains("_length = "));
        assert_eq!(*ours, fields.collect::<Vec<_>>().join(", "));
    }
}

/// Big-endian, bit fields, no clock offset, 16-bit ids, C's type names, a length and a tag in other scopes, arrays of
/// arrays: much that neither we nor LTTng write.
const FOREIGN: &str = r#"/* CTF 1.8 */
// barectf and others
typealias integer { size = 8; } := unsigned char;
typedef unsigned char byte_t;
typealias integer { size = 16; signed = true; } := short int;
struct pair { byte_t x; byte_t y; } align(16);
enum kind : byte_t { none, some = 0x10 ... 020, "many\x20more" = 0x20, };
trace {
    major = 1; minor = 8; byte_order = be;
    packet.header := struct {
        integer { size = 32; } magic;
        integer { size = 8; } stream_id;
    };
};
env { barectf_gen_prefix = "b\"\101\x42"; version = -3; };
clock { name = slow; freq = 1000; offset_s = -1; offset = 500; };
typealias integer { size = 24; align = 8; map = clock.slow.value; } := ts_t;
stream {
    id = 9;
    packet.context := struct {
        integer { size = 32; } packet_size; integer { size = 32; } content_size;
        byte_t count;
    };
    event.header := struct { integer { size = 16; byte_order = le; } id; ts_t timestamp; };
    event.context := struct { enum kind what; };
};
event { name = "bits"; id = 258; stream_id = 9; fields := struct {
    integer { size = 3; signed = true; base = binary; } a;
    integer { size = 7; base = oct; } b;
    integer { size = 6; } c;
    struct pair p[2][1];
    short int grid[stream.packet.context.count];
    enum kind which;
    variant <which> { struct { byte_t n; } none; string some; } choice;
    floating_point { exp_dig = 8; mant_dig = 24; } f;
}; };
"#;

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

#[test]
fn wrong_metadata_is_told_with_its_place() {
    let trace = "trace { byte_order = le; };\n";
    let cases = [
        ("", "1:1: no `trace` block that states a `byte_order`"),
        ("trace { byte_order = le; }", "1:27: expected `;`"),
        ("trace {\n  byte_order le; };", "2:14: expected `=` or `:=`"),
        ("/* never closed", "1:3: expected `*/` at the comment's end"),
        ("env { é = 1; };", "1:7: expected `}`"),
        ("env { x = ; };", "1:11: expected a value"),
        ("env { x = \"never closed; };", "1:28: expected `\"` at the text's end"),
        ("event { fields := struct { integer { size = 8 } x; }; };", "1:47: expected `;`"),
        ("event { fields := struct { u8 x[; }; };", "1:33: expected a length"),
        ("event { fields := struct { u8 x; }; };", "2:28: there is no type `u8`"),
        (
            "event { fields := struct { integer { size = 65; } x; }; };",
            "2:38: an integer cannot have this `size`",
        ),
        (
            "event { fields := struct { integer { size = 8; signed = flse; } x; }; };",
            "2:48: an integer cannot have this `signed`",
        ),
        (
            "event { fields := struct { integer { align = 8; } x; }; };",
            "2:28: an integer needs a `size`",
        ),
        ("typealias integer { size = 8; align = 3; } := a;", "2:31: 3 is no alignment"),
        (
            "typealias floating_point { exp_dig = 5; mant_dig = 11; } := half;",
            "2:11: only floating point",
        ),
        ("clock { freq = 0; };", "2:1: a clock's `freq` cannot be 0"),
        ("stream { id = -1; };", "2:10: `id` cannot be this"),
    ];
    for (text, expected) in cases {
        // Grammar errors are found in the text alone; others need a trace block before.
        let text = if expected.starts_with("2:") && !text.contains('\n') {
            format!("{trace}{text}")
        } else {
            text.to_owned()
        };
        let error = tsdl::parse(text.as_bytes()).unwrap_err();
        let told = format!("{}:{}: {}", error.line, error.column, error.message);
        assert!(told.starts_with(expected), "{text}\n  told {told}\n  not  {expected}");
    }
}

/// `@` marks the places where a `;` would stand alone.
#[test]
fn an_empty_declaration_is_refused_wherever_babeltrace2_refuses_it() {
    const TEXT: &str = "/* CTF 1.8 */
        @trace { @major = 1; minor = 8; @byte_order = le; @};@
        @stream { event.header := struct { @integer { @size = 8; @} id; @}; };
        @typealias integer { size = 8; } := byte;
        @event { id = 0; name = e; fields := struct { byte x; }; };@";
    let has_judge = common::has_babeltrace();
    let is_read = |text: &str| {
        let is_read = tsdl::parse(text.as_bytes()).is_ok();
        if has_judge {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("metadata"), text).unwrap();
            fs::write(dir.path().join("s"), [0, 5]).unwrap();
            let output = Command::new("babeltrace2").arg(dir.path()).output().unwrap();
            assert_eq!(output.status.success(), is_read, "{text}: {output:?}");
        }
        is_read
    };
    let parts: Vec<&str> = TEXT.split('@').collect();
    assert!(is_read(&parts.concat()));
    for place in 1..parts.len() {
        let (before, behind) = parts.split_at(place);
        let text = format!("{};{}", before.concat(), behind.concat());
        assert!(!is_read(&text), "{text}");
    }
}

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

#[test]
fn a_tree_is_read_in_the_order_of_time_and_strays_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(dir.path()), Err(ReadError::NoTrace(_))));
    for trace in ["b", "a/deeper"] {
        let dir = dir.path().join(trace);
        fs::create_dir_all(&dir).unwrap();
        small_trace(&dir);
        fs::write(dir.join(".hidden"), "no stream").unwrap();
    }
    fs::create_dir(dir.path().join("wrong")).unwrap();
    fs::write(dir.path().join("wrong/metadata"), "trace").unwrap();
    std::os::unix::fs::symlink("..", dir.path().join("a/circle")).unwrap();

    let mut reader = Reader::open(dir.path()).unwrap();
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.ends_with("wrong: metadata, line 1, column 6: expected `{`"), "{error}");
    let events: Vec<Event> = reader.map(Result::unwrap).collect();
    assert_eq!(events.len(), 2 * 2 * 15);
    let order: Vec<_> =
        events.iter().map(|event| (event.timestamp_ns, event.packet.path.clone())).collect();
    assert!(order.is_sorted(), "equal times come in the order of paths: {order:?}");
}

#[test]
fn what_is_wrong_with_one_packet_or_stream_costs_nothing_else() {
    let count = |dir: &Path| {
        let (events, errors): (Vec<_>, Vec<_>) =
            Reader::open(dir).unwrap().partition(Result::is_ok);
        let errors: Vec<String> =
            errors.into_iter().map(|error| error.unwrap_err().to_string()).collect();
        (events.len(), errors)
    };
    let dir = tempfile::tempdir().unwrap();
    small_trace(dir.path());
    assert_eq!(count(dir.path()), (30, vec![]));
    let path = dir.path().join("s0");
    let whole = fs::read(&path).unwrap();
    let packet = whole.len() / 5;

    // The last packet is cut: the four before it are there.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let (events, errors) = count(dir.path());
    assert_eq!((events, errors.len()), (27, 1));
    assert!(
        errors[0].contains(&format!("s0, byte {}: a packet of {packet} bytes", 4 * packet)),
        "{errors:?}"
    );

    // The second packet is damaged: none of its records is shown, the other packets are.
    for at in [4, 40, 92, 150] {
        let mut bytes = whole.clone();
        bytes[packet + at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (events, errors) = count(dir.path());
        assert_eq!((events, errors.len()), (27, 1));
        let expected = if at == 4 { "a packet of another trace" } else { "the packet is damaged" };
        let place = format!("s0, byte {packet}: {expected}");
        assert!(errors[0].contains(&place), "{errors:?}");
    }

    // Three packets never reached the disk, and half of another did not: one error for each place.
    let mut bytes = whole.clone();
    bytes[..2 * packet].fill(0);
    bytes[3 * packet + packet / 2..5 * packet].fill(0xFF);
    bytes[3 * packet + 92..][..100].fill(0);
    fs::write(&path, &bytes).unwrap();
    let (events, errors) = count(dir.path());
    assert_eq!((events, errors.len()), (18, 2), "{errors:?}");
    fs::write(&path, &whole).unwrap();

    // An event has an unknown id: the other packets are there.
    let mut writer = StreamWriter::create(dir.path(), "s2", identity(0, 2, 1)).unwrap();
    for (clock, id) in [(1, 5), (2, 0)] {
        put(&mut writer, id, clock, &common::small_payload());
        writer.cut();
    }
    writer.finish(0).unwrap();
    let (events, errors) = count(dir.path());
    assert_eq!((events, errors.len()), (31, 1));
    assert!(errors[0].contains("the metadata has no event 5 of stream 0"), "{errors:?}");
}

/// Reads everything, and returns how much there is: the test is that the end comes.
fn read_to_the_end(dir: &Path) -> (usize, usize) {
    let (mut events, mut errors) = (0, 0);
    let mut printer = Printer::utc();
    let Ok(reader) = Reader::open(dir) else { return (0, 1) };
    for event in reader {
        match event {
            Ok(event) => {
                assert!(!printer.line(&event).is_empty());
                events += 1;
            }
            Err(_) => errors += 1,
        }
    }
    (events, errors)
}

fn words() -> Vec<&'static str> {
    FOREIGN.split_inclusive([' ', ';', '{']).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_metadata_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = tsdl::parse(&bytes);
    }

    /// Words of TSDL in any order get further than bytes.
    #[test]
    fn any_words_are_metadata_or_an_error(
        words in prop::collection::vec(prop::sample::select(words()), 0..80),
    ) {
        let _ = tsdl::parse(words.concat().as_bytes());
    }

    #[test]
    fn any_bytes_are_a_stream_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
        let dir = tempfile::tempdir().unwrap();
        small_trace(dir.path());
        fs::write(dir.path().join("s0"), bytes).unwrap();
        let (events, errors) = read_to_the_end(dir.path());
        prop_assert!(events >= 15, "the other stream is whole");
        prop_assert!(events > 15 || errors <= 1);
    }

    /// A changed bit anywhere costs at most the stream that it is in, and no event is shown with a value that it did
    /// not have; a changed bit of the metadata costs the trace.
    #[test]
    fn a_turned_bit_costs_one_stream_at_most_and_makes_no_event_a_wrong_one(
        file in 0..3_usize,
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        small_trace(dir.path());
        let written: Vec<String> = common::reader_lines(dir.path());
        let path = dir.path().join(["s0", "s1", "metadata"][file]);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        let (events, errors) = read_to_the_end(dir.path());
        if file < 2 {
            prop_assert!(events >= 15, "{} events, {} errors", events, errors);
            let read = common::whole_lines(dir.path());
            prop_assert!(common::is_in_order_within(&read, &written), "{:#?}", read);
        }
        prop_assert!(events <= 30 * 4096);
    }
}
