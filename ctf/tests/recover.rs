//! What is recovered from a damaged trace: only whole events, in a trace that other readers read.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{
    babeltrace_lines, identity, is_in_order_within, put, reader_lines, small_class, small_trace,
    whole_lines,
};
use ctf::dir::Tree;
use ctf::read::{ReadError, Reader};
use ctf::recover::{DamagedTraces, Recovered};
use ctf::write::packet::PAGE_BYTES;
use ctf::write::stream_file::StreamWriter;
use proptest::prelude::*;

const STREAMS: [&str; 2] = ["s0", "s1"];

fn find(dir: &Path) -> Result<DamagedTraces, ReadError> {
    DamagedTraces::find(Tree::open(dir).unwrap())
}

/// Recovers `from`, and reads the result with our own reader, which must find no error.
fn recovered(from: &Path, to: &Path) -> (Recovered, Vec<String>) {
    let recovered = find(from).unwrap().recover(&Tree::open(to).unwrap()).unwrap();
    let lines = if to.join("metadata").exists() { reader_lines(to) } else { Vec::new() };
    assert_eq!(lines.len() as u64, recovered.events);
    (recovered, lines)
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_whole_trace_is_copied_to_the_byte() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let deeper = from.path().join("deeper/a");
    fs::create_dir_all(&deeper).unwrap();
    small_trace(&deeper);
    let found = find(from.path()).unwrap().recover(&Tree::open(to.path()).unwrap()).unwrap();
    assert_eq!((found.traces, found.events, found.damages.len()), (1, 30, 0));
    for file in ["metadata", "s0", "s1", "index/s0.idx", "index/s1.idx"] {
        let [one, other] =
            [&from, &to].map(|dir| fs::read(dir.path().join("deeper/a").join(file)).unwrap());
        assert!(one == other, "{file}");
    }
}

#[test]
fn the_packets_left_out_are_told_by_those_around_them() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    small_trace(from.path());
    change(&from.path().join("s0"), |s| {
        page(s, 1).fill(0);
        page(s, 2).fill(0);
    });
    recovered(from.path(), to.path());
    let gaps = |dir: &Path| {
        let mut reader = Reader::open(dir).unwrap();
        let events: Vec<_> = reader.by_ref().filter_map(Result::ok).collect();
        (events, reader.take_gaps())
    };
    let (events, gaps_of_recovered) = gaps(to.path());
    let [gap] = &gaps_of_recovered[..] else { panic!("{gaps_of_recovered:?}") };
    assert_eq!((gap.missing_packets, gap.discarded_events), (2, 0));
    assert_eq!(*gap.path, to.path().join("s0"));
    let of_s0 = events.iter().filter(|event| event.packet.path == gap.path);
    let is_before = |ns: i64| gap.after_ns.is_some_and(|after| ns <= after);
    let is_behind = |ns: i64| gap.after_ns < Some(ns) && Some(ns) <= gap.until_ns;
    // Three for each packet: one packet before the gap, and the first of those behind it.
    let (mut before, mut behind) = (0, 0);
    of_s0.for_each(|event| {
        before += u32::from(is_before(event.timestamp_ns));
        behind += u32::from(is_behind(event.timestamp_ns));
    });
    assert_eq!((before, behind), (3, 3));
    assert_eq!(
        gaps(from.path()).1,
        [ctf::read::Gap { path: from.path().join("s0").into(), ..gap.clone() }]
    );
}

/// What a machine that went down may leave, each with how many events are whole, and in how many streams or texts there
/// is damage.
#[test]
fn babeltrace_reads_what_is_recovered() {
    if !common::has_babeltrace() {
        return;
    }
    type Damage = fn(&Path);
    let damages: [(&str, Damage, u64, usize); 17] = [
        ("a page that never came", |dir| change(&dir.join("s0"), |s| page(s, 2).fill(0)), 27, 1),
        ("the first one", |dir| change(&dir.join("s0"), |s| page(s, 0).fill(0)), 27, 1),
        ("half a page", |dir| change(&dir.join("s0"), |s| page(s, 1)[100..].fill(0)), 27, 1),
        ("a tail of zeros", |dir| change(&dir.join("s0"), |s| s.resize(90_000, 0)), 30, 1),
        ("a cut file", |dir| change(&dir.join("s0"), |s| s.truncate(10_000)), 21, 1),
        ("an empty file", |dir| change(&dir.join("s0"), Vec::clear), 15, 0),
        (
            "an older page",
            |dir| change(&dir.join("s0"), |s| s.copy_within(..PAGE_BYTES, 8192)),
            27,
            1,
        ),
        (
            "another stream's page",
            |dir| {
                let other = fs::read(dir.join("s1")).unwrap();
                change(&dir.join("s0"), |s| page(s, 4).copy_from_slice(&other[4 * PAGE_BYTES..]));
            },
            27,
            1,
        ),
        ("the last page over the first", |dir| change(&dir.join("s0"), |s| copy(s, 4, 0)), 27, 1),
        ("the last page over the second", |dir| change(&dir.join("s0"), |s| copy(s, 4, 1)), 27, 1),
        ("the first page once more", |dir| change(&dir.join("s0"), |s| copy(s, 0, 4)), 27, 1),
        (
            "another stream's first page",
            |dir| {
                let other = fs::read(dir.join("s1")).unwrap();
                change(&dir.join("s0"), |s| page(s, 0).copy_from_slice(&other[..PAGE_BYTES]));
            },
            27,
            1,
        ),
        (
            "two of the last pages over the first ones",
            |dir| {
                change(&dir.join("s0"), |s| {
                    copy(s, 3, 0);
                    copy(s, 4, 1);
                })
            },
            24,
            1,
        ),
        (
            "two of another stream's",
            |dir| {
                let other = fs::read(dir.join("s1")).unwrap();
                change(&dir.join("s0"), |s| {
                    s[PAGE_BYTES..3 * PAGE_BYTES]
                        .copy_from_slice(&other[2 * PAGE_BYTES..4 * PAGE_BYTES])
                });
            },
            24,
            1,
        ),
        ("a larger packet", |dir| change(&dir.join("s0"), |s| set_pages(page(s, 1), 4)), 27, 1),
        (
            "two damaged places",
            |dir| {
                change(&dir.join("s0"), |s| {
                    page(s, 1)[300] ^= 1;
                    page(s, 3)[300] ^= 1;
                })
            },
            24,
            1,
        ),
        // The class of the events is in the damaged part, so none of them can be read.
        (
            "metadata cut within a class",
            |dir| change(&dir.join("metadata"), |m| m.truncate(m.len() - 9)),
            0,
            3,
        ),
    ];
    for (what, damage, events, places) in damages {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        small_trace(from.path());
        let written = reader_lines(from.path());
        damage(from.path());
        let (found, lines) = recovered(from.path(), to.path());
        assert_eq!(found.events, events, "{what}: {:?}", found.damages);
        assert_eq!(found.damages.len(), places, "{what}: {:?}", found.damages);
        assert!(is_in_order_within(&lines, &written), "{what}");
        assert_eq!(lines, whole_lines(from.path()), "{what}: other events were shown");
        let theirs = babeltrace_lines(to.path());
        let theirs: Vec<_> = theirs.into_iter().filter(|line| line.starts_with('E')).collect();
        assert_eq!(theirs, lines, "{what}");
    }
}

/// A large packet was published over its fillers, and the disk still has the fillers: their numbers have been used
/// again since.
#[test]
fn fillers_of_a_large_packet_give_way_to_packets_with_records() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    common::write_metadata(from.path(), &[small_class(0)]);
    let mut writer = StreamWriter::create(from.path(), "s", identity(0, 0, 1)).unwrap();
    // What is in a place before the large packet is, as `publish` writes it: the file of a writer that was killed then.
    let mut fillers = Vec::new();
    for (number, clock) in (0..12).enumerate() {
        if number == 4 {
            writer.flush().unwrap();
            let before = fs::read(from.path().join("s")).unwrap();
            fillers = (4..9).map(|seq| filler(page(&mut before.clone(), 3), seq)).collect();
            // Five pages; no event of the class is that long.
            let mut large = writer.reserve(4 * PAGE_BYTES + 2000).unwrap();
            large.fill(0xEE);
            large.commit(clock, 0);
        } else {
            put(&mut writer, 0, clock, &common::small_payload());
        }
        writer.cut();
    }
    writer.finish(0).unwrap();
    let whole = fs::read(from.path().join("s")).unwrap();
    assert_eq!(whole.len(), (11 + 5) * PAGE_BYTES);
    // Only the first `kept` pages of the large packet came, or at least its first one.
    for kept in 0..5 {
        for first_is_new in [false, true] {
            let mut bytes = whole.clone();
            for (number, filler) in
                fillers.iter().enumerate().skip(kept.max(usize::from(first_is_new)))
            {
                page(&mut bytes, 4 + number).copy_from_slice(filler);
            }
            fs::write(from.path().join("s"), bytes).unwrap();
            let to = to.path().join(format!("{kept}-{first_is_new}"));
            fs::create_dir(&to).unwrap();
            let found = find(from.path()).unwrap().recover(&Tree::open(&to).unwrap()).unwrap();
            assert_eq!(found.events, 11, "{kept} {first_is_new}: {:?}", found.damages);
            assert!(!found.damages.is_empty());
        }
    }
}

/// A place was made for a large packet that never came. What its size says is believed for the packet behind it, and that
/// one is not copied: it holds an event that does not decode.
#[test]
fn a_place_that_was_held_for_a_large_packet_is_not_copied() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    small_trace(from.path());
    change(&from.path().join("s0"), |s| {
        copy(s, 2, 3);
        let bad = page(s, 3);
        // The class of the first event.
        bad[92] |= 30;
        seal(bad);
        let held = filler(&mut page(s, 0).to_vec(), 1);
        page(s, 1).copy_from_slice(&held);
        set_pages(page(s, 1), 2);
        page(s, 2).fill(0);
    });
    let (found, lines) = recovered(from.path(), to.path());
    assert_eq!((found.events, lines.len(), found.damages.len()), (21, 21, 1));
    assert_eq!(fs::metadata(to.path().join("s0")).unwrap().len(), 3 * PAGE_BYTES as u64);
    let again = tempfile::tempdir().unwrap();
    let (nothing, _) = recovered(to.path(), again.path());
    assert_eq!((nothing.events, nothing.damages.len()), (21, 0), "{:?}", nothing.damages);
}

/// A packet without records behind this one, with this number.
fn filler(packet: &mut [u8], seq: u64) -> Vec<u8> {
    let content = 92;
    packet[48..56].copy_from_slice(&(content as u64 * 8).to_ne_bytes());
    packet[64..72].copy_from_slice(&seq.to_ne_bytes());
    let clock: [u8; 8] = packet[40..48].try_into().unwrap();
    packet[32..40].copy_from_slice(&clock);
    packet[content..].fill(0);
    seal(packet);
    packet.to_vec()
}

/// Puts the right checksum behind a packet's content.
fn seal(packet: &mut [u8]) {
    let content = u64::from_ne_bytes(packet[48..56].try_into().unwrap()) as usize / 8;
    let summed = [&packet[..56], &[0; 8], &packet[64..content]].concat();
    packet[content..content + 4].copy_from_slice(&crc32fast::hash(&summed).to_ne_bytes());
}

fn copy(bytes: &mut [u8], from: usize, to: usize) {
    let at = |page: usize| page * PAGE_BYTES;
    bytes.copy_within(at(from)..at(from + 1), at(to));
}

/// The fields that the checksum does not cover.
fn set_pages(packet: &mut [u8], pages: usize) {
    packet[56..64].copy_from_slice(&(pages as u64 * PAGE_BYTES as u64 * 8).to_ne_bytes());
}

fn page(bytes: &mut [u8], number: usize) -> &mut [u8] {
    &mut bytes[number * PAGE_BYTES..][..PAGE_BYTES]
}

#[test]
fn declarations_before_the_damage_are_kept_wherever_it_is() {
    let from = tempfile::tempdir().unwrap();
    small_trace(from.path());
    let one = fs::read(from.path().join("metadata")).unwrap();
    let mut text = one.clone();
    for id in 1..4 {
        text.extend(ctf::write::metadata::event(&small_class(id)).as_bytes());
    }
    for at in (one.len()..text.len()).step_by(41) {
        let mut damaged = text.clone();
        damaged[at..].fill(0);
        fs::write(from.path().join("metadata"), damaged).unwrap();
        let to = tempfile::tempdir().unwrap();
        let (found, lines) = recovered(from.path(), to.path());
        assert_eq!((lines.len(), found.damages.len()), (30, 1), "{at}: {:?}", found.damages);
        let kept = fs::read(to.path().join("metadata")).unwrap();
        assert!(kept.len() + 4 >= one.len() && text.starts_with(&kept), "{at}");
    }
}

/// A letter of a name, a field's size, the clock's offset: the text parses as before, but means something else.
#[test]
fn a_declaration_that_says_something_else_is_found() {
    let from = tempfile::tempdir().unwrap();
    small_trace(from.path());
    let path = from.path().join("metadata");
    let whole =
        [&*fs::read(&path).unwrap(), ctf::write::metadata::event(&small_class(1)).as_bytes()]
            .concat();
    let last = whole.windows(8).rposition(|bytes| bytes == b"prov:row").unwrap();
    let of = |dir: &Path| {
        let mut reader = Reader::open(dir).unwrap();
        let errors: Vec<String> =
            reader.by_ref().filter_map(Result::err).map(|error| error.to_string()).collect();
        (errors, reader.traces().len())
    };
    // The declaration that no record needs, the one that all need, and the preamble.
    let first = whole.windows(8).position(|bytes| bytes == b"prov:row").unwrap();
    let preamble = whole.windows(10).position(|bytes| bytes == b"offset_s =").unwrap();
    for (at, events, traces) in [(last + 5, 30, 1), (first + 5, 0, 1), (preamble + 13, 0, 0)] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(ctf::tsdl::parse(&damaged).is_ok());
        fs::write(&path, damaged).unwrap();
        let (errors, opened) = of(from.path());
        assert!(errors[0].contains("not what its checksum says"), "{errors:?}");
        assert_eq!(opened, traces);
        let to = tempfile::tempdir().unwrap();
        let (found, lines) = recovered(from.path(), to.path());
        assert_eq!((lines.len(), found.traces), (events, traces as u64), "{:?}", found.damages);
        assert!(found.damages[0].to_string().contains("not what its checksum says"));
        if traces > 0 {
            assert_eq!(of(to.path()), (vec![], 1), "the copy is whole");
        }
    }
}

/// As others write it, and as this library once did.
#[test]
fn metadata_without_checksums_are_read_as_they_are() {
    let from = tempfile::tempdir().unwrap();
    small_trace(from.path());
    let is_checksum = |line: &&str| line.starts_with("/* crc32 of the ");
    let text = fs::read_to_string(from.path().join("metadata")).unwrap();
    assert_eq!(text.lines().filter(is_checksum).count(), 2);
    let without: Vec<_> = text.lines().filter(|line| !is_checksum(line)).collect();
    let mut without = without.join("\n");
    fs::write(from.path().join("metadata"), &without).unwrap();
    assert_eq!(reader_lines(from.path()).len(), 30);
    let to = tempfile::tempdir().unwrap();
    let (found, lines) = recovered(from.path(), to.path());
    assert_eq!((lines.len(), found.damages.len()), (30, 0));
    // Text that does not parse is cut off, to the last whole declaration.
    without.push_str("event { name = \"cut");
    fs::write(from.path().join("metadata"), &without).unwrap();
    let to = tempfile::tempdir().unwrap();
    let (found, lines) = recovered(from.path(), to.path());
    assert_eq!((lines.len(), found.damages.len()), (30, 1));
}

#[test]
fn what_carries_no_checksum_is_refused_and_so_is_what_is_no_trace() {
    let to = tempfile::tempdir().unwrap();
    let theirs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lttng-ust");
    let found = find(&theirs).unwrap().recover(&Tree::open(to.path()).unwrap()).unwrap();
    assert_eq!((found.events, found.damages.len()), (0, 1));
    assert!(found.damages[0].to_string().contains("have no checksums"), "{}", found.damages[0]);
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    assert!(matches!(find(to.path()), Err(ReadError::NoTrace(_))));
}

proptest! {
    /// Whole pages that are elsewhere, or missing: of most streams with a few pages something is kept, and everything
    /// that is kept was in that place.
    #[test]
    fn pages_that_are_elsewhere_make_no_event_come_twice_or_out_of_order(
        moves in prop::collection::vec((0..2_usize, 0..5_usize, 0..2_usize, 0..6_usize), 1..5),
    ) {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        small_trace(from.path());
        let written = reader_lines(from.path());
        for (stream, number, other_stream, other) in moves {
            let there = fs::read(from.path().join(STREAMS[other_stream])).unwrap();
            let zeros = [0; PAGE_BYTES];
            let over = there.chunks_exact(PAGE_BYTES).nth(other).unwrap_or(&zeros);
            change(&from.path().join(STREAMS[stream]), |bytes| {
                page(bytes, number).copy_from_slice(over);
            });
        }
        let (found, lines) = recovered(from.path(), to.path());
        prop_assert!(lines.len() == 30 || !found.damages.is_empty());
        prop_assert_eq!(&lines, &whole_lines(from.path()));
        prop_assert!(lines.iter().all(|line| written.contains(line)));
        // One file may have become a copy of the other; within a file time goes on.
        let mut last = BTreeMap::new();
        for event in Reader::open(from.path()).unwrap().flatten() {
            let before = last.insert(event.packet.path.clone(), event.timestamp_ns);
            prop_assert!(before < Some(event.timestamp_ns));
        }
    }

    /// Any bytes over any part of any file: everything recovered is whole, and was written.
    #[test]
    fn no_event_is_invented(
        file in 0..5_usize,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..6000),
        from_another in any::<bool>(),
    ) {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        small_trace(from.path());
        let written = reader_lines(from.path());
        let name = ["s0", "s1", "metadata", "index/s0.idx", "index/s1.idx"][file];
        let other = fs::read(from.path().join(STREAMS[file % 2])).unwrap();
        change(&from.path().join(name), |there| {
            let at = at.index(there.len());
            let len = bytes.len().min(there.len() - at);
            let over = if from_another { &other[..len.min(other.len())] } else { &bytes[..len] };
            there[at..][..over.len()].copy_from_slice(over);
        });
        let (found, lines) = recovered(from.path(), to.path());
        prop_assert!(is_in_order_within(&lines, &written));
        prop_assert!(lines.len() == 30 || !found.damages.is_empty());
    }
}
