//! Packets: their sizes, what they say of themselves, and files that end within one.

mod common;

use common::foreign::FOREIGN;
use common::judged::{PREAMBLE, agreed, ours, refused, theirs, trace};
use ctf::read::{Gap, Reader};
use ctf::schema::EventType;

const CLOCK: &str = "clock { name = c; freq = 1000000000; offset_s = 1000; };";

/// The text of events of one byte in packets with this context.
fn text(context: &str) -> String {
    format!(
        "{PREAMBLE}{CLOCK} stream {{ packet.context := struct {{ {context} }};
        event.header := struct {{ integer {{ size = 64; map = clock.c.value; }} timestamp; }}; }};
        event {{ name = e; id = 0; fields := struct {{ u8 x; }}; }};"
    )
}

/// Records at these times, each of which shows its number.
fn records(times: &[u64]) -> Vec<u8> {
    times.iter().flat_map(|time| [&time.to_le_bytes()[..], &[*time as u8]].concat()).collect()
}

const FULL: &str = "u32 packet_size; u32 content_size; u64 timestamp_begin; u64 timestamp_end;
    u64 events_discarded; u64 packet_seq_num;";

/// A packet with the context [`FULL`] and some bytes of padding.
fn packet(seq: u64, between: [u64; 2], discarded: u64, times: &[u64]) -> Vec<u8> {
    let content = 40 + 9 * times.len() as u32;
    let sizes = [(content + 3) * 8, content * 8].map(u32::to_le_bytes).concat();
    let words = [between[0], between[1], discarded, seq].map(u64::to_le_bytes).concat();
    [sizes, words, records(times), vec![0xEE; 3]].concat()
}

fn shown(lines: &str) -> Vec<&str> {
    lines.lines().map(|line| line.split("x = ").nth(1).unwrap().trim_end_matches(" }")).collect()
}

#[test]
fn a_packet_that_states_one_of_its_sizes_ends_there() {
    let packet = |times: &[u64]| {
        let records = records(times);
        [&((4 + records.len() as u32) * 8).to_le_bytes()[..], &records].concat()
    };
    let stream = [packet(&[10, 20]), packet(&[]), packet(&[30])].concat();
    for size in ["content_size", "packet_size"] {
        let lines = agreed(&text(&format!("u32 {size};")), &[&stream]);
        assert_eq!(shown(&lines), ["10", "20", "30"], "{size}");
    }
    // Without both, the file is one packet.
    let stream = [vec![0; 4], records(&[10, 20, 30])].concat();
    assert_eq!(shown(&agreed(&text("u32 other;"), &[&stream])), ["10", "20", "30"]);
}

#[test]
fn impossible_sizes_are_refused() {
    for (sizes, expected) in [
        ([8 * 26, 400], "a packet of 208 bits, 400 in use"),
        ([8 * 26 + 4, 8 * 26], "a packet of 212 bits, 208 in use"),
        ([8 * 26, 8], "a packet of 208 bits, 8 in use"),
        ([8 * 27, 8 * 26], "a packet of 27 bytes, of which 26 are there"),
    ] {
        let stream = [sizes.map(u32::to_le_bytes).concat(), records(&[10, 20])].concat();
        let errors = refused(&text("u32 packet_size; u32 content_size;"), &[&stream]);
        assert!(errors[0].ends_with(&format!("s0, byte 0: {expected}")), "{errors:?}");
    }
    // babeltrace2 hangs, or crashes.
    let stream = [0_u8; 26];
    let (_, errors) = ours(trace(&text("u32 packet_size; u32 content_size;"), &[&stream]).path());
    assert!(errors[0].contains("a packet of 0 bits, 0 in use"), "{errors:?}");
}

#[test]
fn empty_packets_and_empty_files_have_no_events() {
    let stream =
        [packet(0, [5, 10], 0, &[]), packet(1, [11, 20], 0, &[12]), packet(2, [21, 22], 0, &[])];
    assert_eq!(shown(&agreed(&text(FULL), &[&stream.concat(), b""])), ["12"]);
    assert_eq!(agreed(&text(FULL), &[b""]), "");
}

/// Other writers' traces have such packets, and other readers do not mind.
#[test]
fn a_packet_may_have_another_uuid_than_the_metadata() {
    let header = "uuid = \"00000000-0000-0000-0000-000000000001\";
        packet.header := struct { integer { size = 32; } magic; integer { size = 8; } uuid[16]; };";
    let text = common::judged::with_fields("u8 x;");
    let text = text.replace("byte_order = le;", &format!("byte_order = le; {header}"));
    let magic = 0xC1FC_1FC1_u32.to_le_bytes();
    for last in [1, 2] {
        let stream = [&magic[..], &[0; 15], &[last, 5]].concat();
        assert_eq!(agreed(&text, &[&stream]), "e: { x = 5 }\n");
    }
    let errors = refused(&text, &[&[5; 21]]);
    assert!(errors[0].ends_with("no packet: wrong magic number 0x5050505"), "{errors:?}");
}

/// What is lost before, between and within packets. Who writes a packet counts until its end.
#[test]
fn discarded_events_are_found_between_the_ends_of_packets() {
    let stream = [
        packet(0, [5, 10], 3, &[6]),
        packet(1, [11, 20], 8, &[12]),
        packet(2, [21, 22], 8, &[22]),
        packet(3, [31, 32], 10, &[]),
        packet(6, [41, 50], 10, &[42]),
        packet(7, [51, 60], 1, &[52]),
    ];
    let dir = trace(&text(FULL), &[&stream[..5].concat()]);
    let gaps = |dir| {
        let mut reader = Reader::open(dir).unwrap();
        assert!(reader.all(|event| event.is_ok()));
        let ns = |ns: Option<i64>| ns.map(|ns| ns - 1_000_000_000_000);
        let gap = |gap: Gap| {
            (ns(gap.after_ns), ns(gap.until_ns), gap.discarded_events, gap.missing_packets)
        };
        reader.take_gaps().into_iter().map(gap).collect::<Vec<_>>()
    };
    let mut expected = vec![
        (None, Some(10), 3, 0),
        (Some(10), Some(20), 5, 0),
        (Some(22), Some(32), 2, 0),
        (Some(32), Some(50), 0, 2),
    ];
    assert_eq!(gaps(dir.path()), expected);
    if let Some(theirs) = theirs(dir.path()) {
        let reports: Vec<&str> =
            theirs.report.lines().map(|line| line.split(" in trace").next().unwrap()).collect();
        let time = |ns| format!("[00:16:40.0000000{ns:02}]");
        assert_eq!(
            reports,
            [
                // It has no number for what was lost before the first packet.
                format!(
                    "WARNING: Tracer may have discarded events between {} and {}",
                    time(5),
                    time(10)
                ),
                format!("WARNING: Tracer discarded 5 events between {} and {}", time(10), time(20)),
                format!("WARNING: Tracer discarded 2 events between {} and {}", time(22), time(32)),
                // What packets lost ends where the next one begins.
                format!(
                    "WARNING: Tracer discarded 2 packets between {} and {}",
                    time(32),
                    time(41)
                ),
            ]
        );
    }
    // A count that goes back is another writer's: babeltrace2 reports 2^64 - 9 events.
    std::fs::write(dir.path().join("s0"), stream.concat()).unwrap();
    assert_eq!(gaps(dir.path()), expected);
    // And goes on from there.
    let more = [stream.concat(), packet(8, [61, 70], 2, &[])].concat();
    std::fs::write(dir.path().join("s0"), more).unwrap();
    expected.push((Some(60), Some(70), 1, 0));
    assert_eq!(gaps(dir.path()), expected);
}

/// A cut within a packet loses that packet, says so, and loses nothing else. A cut between two leaves a whole stream.
#[test]
fn a_stream_that_is_cut_anywhere_is_whole_or_an_error() {
    let packets = [packet(0, [5, 10], 0, &[6, 7]), packet(1, [11, 20], 0, &[12, 13])];
    let stream = packets.concat();
    let dir = trace(&text(FULL), &[]);
    for cut in 0..stream.len() {
        std::fs::write(dir.path().join("s0"), &stream[..cut]).unwrap();
        let (lines, errors) = ours(dir.path());
        let whole = cut / packets[0].len();
        assert_eq!(shown(&lines), ["6", "7"][..2 * whole], "{cut}");
        let is_whole = cut % packets[0].len() == 0;
        assert_eq!(errors.len(), usize::from(!is_whole), "{cut}: {errors:?}");
        let place = format!("s0, byte {}: ", whole * packets[0].len());
        assert!(errors.iter().all(|error| error.contains(&place)), "{cut}: {errors:?}");
    }
}

/// Where packets have no size, a cut loses a record.
#[test]
fn a_packet_without_size_that_is_cut_anywhere_has_whole_records_or_an_error() {
    let stream = records(&[10, 20, 30]);
    let dir = trace(&text("").replace("packet.context := struct {  };", ""), &[]);
    for cut in 0..stream.len() {
        std::fs::write(dir.path().join("s0"), &stream[..cut]).unwrap();
        let (lines, errors) = ours(dir.path());
        assert_eq!(shown(&lines), ["10", "20", "30"][..cut / 9], "{cut}");
        assert_eq!(errors.len(), usize::from(cut % 9 != 0), "{cut}: {errors:?}");
        if let Some(theirs) = theirs(dir.path()) {
            assert_eq!(theirs.is_read, errors.is_empty(), "{cut}: {}", theirs.report);
        }
    }
}

/// No cut of metadata makes another meaning: the text is whole as far as it goes, or it is refused.
#[test]
fn metadata_that_is_cut_anywhere_is_whole_as_far_as_it_goes_or_an_error() {
    let data =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lttng-ust/metadata");
    let (mut read, mut refused) = (0, 0);
    for file in [FOREIGN.as_bytes().to_vec(), std::fs::read(data).unwrap()] {
        let whole = ctf::tsdl::parse(&file).unwrap();
        for cut in 0..file.len() {
            match ctf::tsdl::parse(&file[..cut]) {
                Err(_) => refused += 1,
                Ok(metadata) => {
                    read += 1;
                    // What it has of events and streams, the whole has as well.
                    for (id, stream) in &metadata.streams {
                        for (event, class) in &stream.events {
                            let whole = &whole.streams[id].events[event];
                            assert_eq!(words(class), words(whole), "{cut}: {class:?}");
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 20 * read && read > 0, "{read} read, {refused} refused");
}

/// All that a class has; the order in which maps show their entries differs.
fn words(class: &EventType) -> Vec<String> {
    let shown = format!("{class:?}");
    let mut words: Vec<_> =
        shown.split([',', '{', '}']).map(|word| word.trim().to_owned()).collect();
    words.sort();
    words
}
