//! Streams in several files: those of snapshots, which have packets in common, of rotations, and of files of limited size.

mod common;

use std::path::Path;

use common::judged::{PREAMBLE, ours, theirs, write};
use common::ways::{general, planned};
use ctf::read::Reader;

const CONTEXT: &str = "u64 packet_size; u64 content_size; u64 timestamp_begin; u64 timestamp_end;
    u64 events_discarded; u64 packet_seq_num;";

/// The text of a trace with this UUID; packets name an instance of their stream.
fn text(uuid: &str, instance: &str) -> String {
    let header = format!(
        "uuid = \"00000000-0000-0000-0000-0000000000{uuid}\";
        packet.header := struct {{ integer {{ size = 32; }} magic; integer {{ size = 64; }} {instance}; }};"
    );
    let preamble = PREAMBLE.replace("byte_order = le;", &format!("byte_order = le; {header}"));
    format!(
        "{preamble} clock {{ name = c; freq = 1000000000; offset_s = 1000; }}; stream {{ packet.context := struct {{ {CONTEXT} }};
        event.header := struct {{ integer {{ size = 64; map = clock.c.value; }} timestamp; }}; }};
        event {{ name = e; id = 0; fields := struct {{ u8 x; }}; }};"
    )
}

/// Packet number `seq` of an instance, from `seq * 10` on, with two events.
fn packet(instance: u64, seq: u64, discarded: u64) -> Vec<u8> {
    let begin = seq * 10 + instance;
    let records =
        [begin + 1, begin + 5].map(|time| [&time.to_le_bytes()[..], &[time as u8]].concat());
    let bits = (4 + 8 + 48 + 18) * 8;
    let words = [instance, bits, bits, begin, begin + 8, discarded, seq];
    [&0xC1FC_1FC1_u32.to_le_bytes()[..], &words.map(u64::to_le_bytes).concat(), &records.concat()]
        .concat()
}

fn packets(instance: u64, seqs: std::ops::Range<u64>) -> Vec<u8> {
    seqs.flat_map(|seq| packet(instance, seq, 0)).collect()
}

/// What both read.
fn agreed(dir: &Path) -> Vec<u64> {
    let (lines, errors) = ours(dir);
    assert_eq!(errors, [""; 0]);
    if let Some(theirs) = theirs(dir) {
        assert!(theirs.is_read, "{}", theirs.report);
        assert_eq!(lines, theirs.lines);
    }
    let value =
        |line: &str| line.split("x = ").nth(1).unwrap().trim_end_matches(" }").parse().unwrap();
    lines.lines().map(value).collect()
}

fn events(seqs: std::ops::Range<u64>) -> Vec<u64> {
    seqs.flat_map(|seq| [seq * 10 + 1, seq * 10 + 5]).collect()
}

#[test]
fn packets_that_snapshots_share_are_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let text = text("01", "stream_instance_id");
    for (name, seqs) in [("snapshot-1", 1..5), ("snapshot-2", 3..7), ("snapshot-3", 0..4)] {
        let streams = [packets(0, seqs.clone()), packets(1, seqs)];
        write(&dir.path().join(name), &text, &[&streams[0], &streams[1]]);
    }
    let both: Vec<u64> = events(0..7).into_iter().flat_map(|time| [time, time + 1]).collect();
    assert_eq!(agreed(dir.path()), both);
    assert_eq!(Reader::open(dir.path()).unwrap().traces().len(), 3);
}

/// Only the same stream of the same trace can have the same packet.
#[test]
fn equal_packets_of_other_streams_are_read_as_often_as_they_are_there() {
    let twice = |first: &str, second: &str| {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a"), first, &[&packets(0, 1..3)]);
        write(&dir.path().join("b"), second, &[&packets(0, 1..3)]);
        assert_eq!(agreed(dir.path()), [11, 11, 15, 15, 21, 21, 25, 25]);
    };
    let named = |uuid| text(uuid, "stream_instance_id");
    // Another UUID, none, and streams without a number.
    twice(&named("01"), &named("02"));
    let none = named("01").replace("uuid = \"00000000-0000-0000-0000-000000000001\";", "");
    twice(&none, &none);
    twice(&text("01", "other"), &text("01", "other"));
}

/// Packets of one number that differ: babeltrace2 takes one of them and says nothing.
#[test]
fn packets_with_the_same_place_and_other_bytes_are_both_read() {
    let dir = tempfile::tempdir().unwrap();
    let text = text("01", "stream_instance_id");
    write(&dir.path().join("a"), &text, &[&packet(0, 1, 0)]);
    let mut other = packet(0, 1, 0);
    *other.last_mut().unwrap() = 99;
    write(&dir.path().join("b"), &text, &[&other]);
    let (lines, _) = ours(dir.path());
    assert_eq!(lines.matches("x = 15 ").count() + lines.matches("x = 99 ").count(), 2, "{lines}");
}

/// What is missing is found across files, and found once.
#[test]
fn gaps_are_those_of_the_whole_stream() {
    let gaps = |traces: &[(&str, &[&[u8]])]| {
        let dir = tempfile::tempdir().unwrap();
        for (name, streams) in traces {
            write(&dir.path().join(name), &text("01", "stream_instance_id"), streams);
        }
        let mut reader = Reader::open(dir.path()).unwrap();
        assert!(reader.all(|event| event.is_ok()));
        let gaps = reader.take_gaps().into_iter();
        let gaps: Vec<_> = gaps.map(|gap| (gap.discarded_events, gap.missing_packets)).collect();
        if let Some(theirs) = theirs(dir.path()) {
            let kinds = gaps
                .iter()
                .map(|(events, packets)| usize::from(*events > 0) + usize::from(*packets > 0));
            assert_eq!(theirs.report.lines().count(), kinds.sum::<usize>(), "{}", theirs.report);
        }
        gaps
    };
    let with = |numbers: &[(u64, u64)]| -> Vec<u8> {
        numbers.iter().flat_map(|(seq, discarded)| packet(0, *seq, *discarded)).collect()
    };
    // Two files of limited size, and two rotated traces.
    let (first, second) = (with(&[(0, 0), (1, 4)]), with(&[(2, 4), (3, 9)]));
    assert_eq!(gaps(&[("a", &[&second, &first])]), [(4, 0), (5, 0)]);
    assert_eq!(gaps(&[("a", &[&first]), ("b", &[&second])]), [(4, 0), (5, 0)]);
    // Two snapshots that share a packet behind which some are lost.
    let (first, second) = (with(&[(0, 0), (1, 4)]), with(&[(1, 4), (3, 9)]));
    assert_eq!(gaps(&[("a", &[&first]), ("b", &[&second])]), [(4, 0), (5, 1)]);
}

/// An error in one file costs that file's packet.
#[test]
fn a_damaged_file_costs_nothing_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let text = text("01", "stream_instance_id");
    let cut = packets(0, 1..5);
    write(&dir.path().join("a"), &text, &[&cut[..cut.len() - 1]]);
    write(&dir.path().join("b"), &text, &[&packets(0, 2..7)]);
    let (lines, errors) = ours(dir.path());
    assert_eq!(lines.lines().count(), 2 * 6, "{lines}");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("a/s0, byte 234: a packet of 78 bytes, of which 77 are there"),
        "{errors:?}"
    );
}

/// A packet of 600 kB, whose last byte is this one.
fn large(last: u8) -> Vec<u8> {
    let mut records: Vec<u8> = (11..17_u64)
        .flat_map(|time| [&time.to_le_bytes()[..], &[time as u8; 100_001]].concat())
        .collect();
    *records.last_mut().unwrap() = last;
    let bits = (4 + 8 + 48) * 8 + records.len() as u64 * 8;
    let words = [0, bits, bits, 10, 20, 0, 1].map(u64::to_le_bytes).concat();
    [&0xC1FC_1FC1_u32.to_le_bytes()[..], &words, &records].concat()
}

/// Only a part of such packets is in memory.
#[test]
fn large_packets_are_compared_to_their_last_byte() {
    let text = text("01", "stream_instance_id").replace("u8 x;", "u8 x; u8 rest[100000];");
    for (last, read) in [(7, 6), (8, 12)] {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a"), &text, &[&large(7)]);
        write(&dir.path().join("b"), &text, &[&large(last)]);
        let events = Reader::open(dir.path()).unwrap().map(Result::unwrap);
        assert_eq!(events.count(), read, "{last}");
    }
}

/// A stream's next packet may be from another trace, whose environment differs.
#[test]
fn each_packet_is_shown_with_the_environment_of_its_own_trace() {
    let dir = tempfile::tempdir().unwrap();
    for (host, seqs) in [("first", 1..3), ("second", 3..5)] {
        let text = text("01", "stream_instance_id") + &format!("env {{ hostname = {host}; }};");
        write(&dir.path().join(host), &text, &[&packets(0, seqs)]);
    }
    let lines = planned(dir.path());
    assert_eq!(lines, general(dir.path()));
    let hosts: Vec<_> = lines.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(hosts, [["first"; 4], ["second"; 4]].concat());
}
