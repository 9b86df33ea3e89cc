//! The reader on traces that are not ours, and on bytes that are no trace.

mod common;

use std::fs;
use std::path::Path;

use common::foreign::FOREIGN;
use common::{identity, put, read_to_the_end, small_trace};
use ctf::read::{Event, ReadError, Reader};
use ctf::text::Printer;
use ctf::tsdl;
use ctf::write::stream_file::StreamWriter;
use proptest::prelude::*;

/// Recorded by LTTng-UST 2.13: packetised metadata, large event headers, contexts, network byte order, text arrays,
/// enumerations with ranges. Beside it is what babeltrace2 prints of it.
#[test]
fn an_lttng_ust_trace_reads_as_babeltrace_reads_it() {
    reads_as_expected("lttng-ust");
}

/// Written by a program with a tracer that barectf 3.1.2 generated: plain metadata, two streams, a clock of 16 bits that goes
/// round, bit fields, alignment, arrays of arrays, an event without fields.
#[test]
fn a_barectf_trace_reads_as_babeltrace_reads_it() {
    reads_as_expected("barectf");
    // What the program could not write is counted, as babeltrace2 does.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/barectf");
    let mut reader = Reader::open(&data).unwrap();
    assert!(reader.all(|event| event.is_ok()));
    let lost = reader.take_gaps().into_iter().map(|gap| gap.discarded_events).collect::<Vec<_>>();
    assert_eq!(lost, [1, 4]);
}

#[track_caller]
fn reads_as_expected(name: &str) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let theirs = fs::read_to_string(data.join(format!("{name}.expected.txt"))).unwrap();
    let mut printer = Printer::utc();
    let ours: Vec<String> = Reader::open(&data.join(name))
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
