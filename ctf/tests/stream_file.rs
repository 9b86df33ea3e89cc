//! The content of a stream file after various operations, read back by resuming and from its bytes.

mod common;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use common::{identity, put};
use ctf::write::packet::{PAGE_BYTES, PacketContext};
use ctf::write::stream_file::{LastPacket, RECORD_BYTES_MAX, StreamWriter, last_packet};

fn create(dir: &Path) -> StreamWriter {
    StreamWriter::create(dir, "s", identity(0, 0, 1)).unwrap()
}

/// The contexts of a file's packets, with their `vtid`; the file must end with the last one.
fn packets(dir: &Path) -> Vec<(PacketContext, Vec<u8>)> {
    let bytes = fs::read(dir.join("s")).unwrap();
    let (mut rest, mut packets) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let (identity, context) = PacketContext::decode(rest, 4).unwrap();
        rest = &rest[context.packet_size_bytes as usize..];
        packets.push((context, identity.extra));
    }
    packets
}

fn content(context: &PacketContext) -> u64 {
    context.content_size_bytes - 92
}

#[test]
fn a_dropped_reservation_was_never_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    writer.reserve(100).unwrap().fill(0xEE);
    put(&mut writer, 0, 5, b"kept");
    drop(writer.reserve(50_000).unwrap());
    writer.cut();
    drop(writer.reserve(10).unwrap());
    writer.flush().unwrap();
    let [packet] = &packets(dir.path())[..] else {
        panic!("neither a large packet nor an empty one")
    };
    assert_eq!(content(&packet.0), 8);
    drop(writer.reserve(50_000).unwrap());
    put(&mut writer, 0, 6, b"more");
    writer.finish(0).unwrap();
    let sizes = packets(dir.path()).into_iter().map(|(packet, _)| packet.packet_size_bytes);
    assert_eq!(sizes.collect::<Vec<_>>(), [4096; 2], "no room for the one that did not come");
    let bytes = fs::read(dir.path().join("s")).unwrap();
    assert_eq!(bytes[96..100], *b"kept");
    assert!(
        bytes[104..4096].iter().all(|byte| *byte == 0),
        "the dropped bytes are not in the padding"
    );
    assert_eq!(writer.stats().records, 2);
}

#[test]
fn records_fill_a_packet_to_its_last_byte_and_larger_ones_get_larger_packets() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    let room = PAGE_BYTES - 96;
    for (clock, len) in
        [room - 10, 10, 1, room, room + 1, 2 * PAGE_BYTES - 96, RECORD_BYTES_MAX].iter().enumerate()
    {
        let mut record = writer.reserve(*len).unwrap();
        record.fill(clock as u8 + 1);
        record.commit(clock as u64, 0);
    }
    assert_eq!(writer.reserve(RECORD_BYTES_MAX + 1).unwrap_err().kind(), ErrorKind::InvalidInput);
    writer.finish(0).unwrap();
    let sizes: Vec<_> = packets(dir.path())
        .iter()
        .map(|(p, _)| (p.packet_size_bytes / 4096, content(p) as usize))
        .collect();
    let expected = [
        (1, room),
        (1, 1),
        (1, room),
        (2, room + 1),
        (2, 2 * PAGE_BYTES - 96),
        (65, RECORD_BYTES_MAX),
    ];
    assert_eq!(sizes, expected);
    let bytes = fs::read(dir.path().join("s")).unwrap();
    assert_eq!(bytes.len(), 72 * PAGE_BYTES);
    assert_eq!(writer.stats().bytes, bytes.len() as u64);
    let last = &bytes[7 * PAGE_BYTES + 92..][..RECORD_BYTES_MAX];
    assert!(last.iter().all(|byte| *byte == 7), "a large record's bytes are in the order they had");
}

#[test]
fn a_change_of_the_extra_fields_cuts_and_times_never_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    put(&mut writer, 0, 10, &[]);
    writer.set_extra(&1_i32.to_ne_bytes()).unwrap();
    put(&mut writer, 0, 20, &[]);
    writer.set_extra(&2_i32.to_ne_bytes()).unwrap();
    put(&mut writer, 0, 15, &[]);
    put(&mut writer, 0, 12, &[]);
    assert_eq!(writer.set_extra(&[]).unwrap_err().kind(), ErrorKind::InvalidInput);
    writer.finish(0).unwrap();
    let seen: Vec<_> = packets(dir.path())
        .into_iter()
        .map(|(p, extra)| {
            (p.timestamp_begin, p.timestamp_end, p.end_position, extra[..] == 1_i32.to_ne_bytes())
        })
        .collect();
    assert_eq!(seen, [(10, 20, 20, true), (20, 20, 12, false)]);
}

#[test]
fn resuming_goes_on_with_numbers_clocks_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    put(&mut writer, 0, 10, &[]);
    writer.set_discarded(4);
    writer.finish(0).unwrap();
    drop(writer);
    assert_eq!(
        StreamWriter::create(dir.path(), "s", identity(0, 0, 1)).unwrap_err().kind(),
        ErrorKind::AlreadyExists
    );
    assert_eq!(
        StreamWriter::resume(dir.path(), "s", identity(0, 9, 1)).unwrap_err().kind(),
        ErrorKind::InvalidData
    );

    let (mut writer, last) = StreamWriter::resume(dir.path(), "s", identity(0, 0, 2)).unwrap();
    let LastPacket { identity: was, context } = last.unwrap();
    assert_eq!(was, identity(0, 0, 1));
    assert_eq!((context.seq, context.discarded, context.end_position), (1, 4, 10));
    writer.set_discarded(3);
    put(&mut writer, 0, 5, &[]);
    writer.finish(0).unwrap();
    let last = last_packet(dir.path(), "s", 4).unwrap().unwrap();
    assert_eq!(last.identity, identity(0, 0, 2));
    assert_eq!(
        (last.context.seq, last.context.discarded, last.context.timestamp_begin),
        (2, 4, 10)
    );
}

/// A machine that went down can leave anything behind the packets, and an index that is ahead or
/// missing.
#[test]
fn resuming_cuts_off_what_is_no_packet_and_mends_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    for clock in 0..5 {
        put(&mut writer, 0, clock, &[0; 1000]);
        writer.cut();
    }
    writer.finish(0).unwrap();
    drop(writer);
    let (data_path, index_path) = (dir.path().join("s"), dir.path().join("index/s.idx"));
    let (data, index) = (fs::read(&data_path).unwrap(), fs::read(&index_path).unwrap());
    let mut torn = data.clone();
    torn[3 * 4096 + 500] = 1;
    let tails: [(&str, Vec<u8>, Vec<u8>, usize); 7] = [
        ("zeros", [&data[..], &[0; 5000]].concat(), index.clone(), 5),
        ("a packet again", [&data[..], &data[4096..8192]].concat(), index.clone(), 5),
        ("a cut packet", data[..4 * 4096 + 90].to_vec(), index.clone(), 4),
        ("a torn packet", torn, index[..16 + 2 * 72].to_vec(), 3),
        ("a cut entry", data.clone(), index[..index.len() - 30].to_vec(), 5),
        ("no index", data.clone(), vec![], 5),
        ("nothing at all", vec![], index.clone(), 0),
    ];
    for (what, new_data, new_index, packets) in tails {
        fs::write(&data_path, new_data).unwrap();
        fs::write(&index_path, new_index).unwrap();
        let (_, last) = StreamWriter::resume(dir.path(), "s", identity(0, 0, 1)).unwrap();
        assert_eq!(last.map_or(0, |last| last.context.seq + 1), packets as u64, "{what}");
        assert_eq!(fs::read(&data_path).unwrap(), data[..packets * 4096], "{what}");
        let entries = if packets == 0 { 0 } else { 16 + packets * 72 };
        assert_eq!(fs::read(&index_path).unwrap(), index[..entries], "{what}");
    }
}

/// A limit on the file's size stands for a full disk: a write can succeed in part there too.
#[test]
fn a_write_that_fails_leaves_whole_packets_and_loses_none() {
    if let Some(dir) = std::env::var_os("CTF_TEST_DIR") {
        return write_beyond_a_limit(Path::new(&dir));
    }
    let exe = std::env::current_exe().unwrap();
    let dir = tempfile::tempdir().unwrap();
    // The unit is 512 bytes: ten packets and a half.
    let script = "trap '' XFSZ; ulimit -f 84; exec \"$0\" --exact \"$1\" --nocapture";
    let this = "a_write_that_fails_leaves_whole_packets_and_loses_none";
    let mut command = Command::new("sh");
    let output = command
        .args(["-c", script])
        .arg(exe)
        .arg(this)
        .env("CTF_TEST_DIR", dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("limit met"), "{text}");
    assert_eq!(packets(dir.path()).len(), 10);

    let (_, last) = StreamWriter::resume(dir.path(), "s", identity(0, 0, 1)).unwrap();
    assert_eq!(last.unwrap().context.seq, 9);
    assert_eq!(fs::metadata(dir.path().join("index/s.idx")).unwrap().len(), 16 + 10 * 72);
}

/// The body of the test above, which runs in a process of its own, under a limit.
fn write_beyond_a_limit(dir: &Path) {
    let mut writer = create(dir);
    for clock in 0..8 {
        put(&mut writer, 0, clock, &[0; 3000]);
    }
    writer.cut();
    writer.flush().unwrap();
    // A large packet first: it does not fit, and no part of it stays.
    put(&mut writer, 0, 8, &[0; 3 * 4096]);
    writer.cut();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::FileTooLarge);
    assert_eq!(fs::metadata(dir.join("s")).unwrap().len(), 8 * 4096);
    drop(writer);

    let (mut writer, _) = StreamWriter::resume(dir, "s", identity(0, 0, 1)).unwrap();
    for clock in 9..13 {
        put(&mut writer, 0, clock, &[0; 3000]);
    }
    writer.cut();
    for _ in 0..2 {
        assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(
            fs::metadata(dir.join("s")).unwrap().len(),
            10 * 4096,
            "the half packet is undone"
        );
    }
    // Packets wait, but not without bound.
    let refused = (0..100).find(|clock| {
        let reserved = writer.reserve(4000).map(|record| record.commit(20 + clock, 0));
        reserved.is_err()
    });
    assert!(refused.is_some_and(|number| number < 32), "refused at {refused:?}");
    println!("limit met");
}
