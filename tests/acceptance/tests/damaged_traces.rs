//! Traces that a machine crash has damaged: no event is shown that was not emitted, and `ust recover` writes the rest for
//! other readers.
//!
//! Python's zlib says what the checksum behind each packet's content should be.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::left_behind::{recover, summary};
use ust_acceptance::recording::{Recorded, Recording, stream_files};
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

const EVENTS: u64 = 50_000;
const PAGE: u64 = 4096;

fn flood() -> (Recorded, PathBuf) {
    let recorded = Recording::of("flood").options(["--mode", "block"]).arg(1).arg(EVENTS).run();
    let recorded = recorded.succeeded();
    let folder = recorded.folders().remove(0);
    let [stream] = &stream_files(&folder)[..] else { panic!("one thread, one stream") };
    let stream = stream.clone();
    (recorded, stream)
}

/// Zeros over all of one page, and over a part of another: what the kernel had not written back.
fn damage(stream: &Path) {
    let file = fs::OpenOptions::new().write(true).open(stream).unwrap();
    file.write_all_at(&[0; PAGE as usize], 3 * PAGE).unwrap();
    file.write_all_at(&[0; 512], 9 * PAGE + 2048).unwrap();
}

fn sequences(trace: &Path) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    judge::babeltrace2(trace, |line| {
        assert!(seen.insert(line.number("sequence")), "{}", line.text);
    });
    seen
}

#[test]
fn what_is_damaged_is_left_out_and_the_rest_is_a_trace() {
    if !skip::judges_are_here() {
        return;
    }
    let (recorded, stream) = flood();
    assert_eq!(sequences(&recorded.trace()).len() as u64, EVENTS);
    damage(&stream);

    let viewed = run(Command::new(binaries::ust()).arg("view").arg(recorded.trace()));
    assert_eq!(viewed.code(), 1);
    let [first, after_first, second, after_second] = &viewed.stderr.lines().collect::<Vec<_>>()[..]
    else {
        panic!("two damaged places, and what is missing there: {}", viewed.stderr);
    };
    let is_gap = |line: &&str| line.contains("channel0_0: 1 packet is missing between [");
    assert!([after_first, after_second].into_iter().all(is_gap), "{}", viewed.stderr);
    assert!(first.contains(&format!("byte {}: no packet", 3 * PAGE)), "{first}");
    assert!(second.contains(&format!("byte {}: the packet is damaged", 9 * PAGE)), "{second}");

    let scratch = recorded.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let (finished, output) = recover(&recorded.trace(), &scratch);
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("and in one more place"), "{}", finished.stderr);
    let whole = sequences(&output);
    assert_eq!(whole.len() as u64, summary(&scratch).recorded);
    assert_eq!(whole.len(), viewed.stdout.lines().count());
    // Two packets, of some five hundred events at most.
    assert!((EVENTS - 1200..EVENTS).contains(&(whole.len() as u64)), "{}", whole.len());
    assert!(whole.last() < Some(&EVENTS));
    let viewed = run(Command::new(binaries::ust()).arg("view").arg(&output)).succeeded();
    assert_eq!(viewed.stderr.lines().filter(is_gap).count(), 2, "{}", viewed.stderr);
}

#[test]
fn checksums_are_what_zlib_says() {
    if !skip::judges_are_here() {
        return;
    }
    let (_recorded, stream) = flood();
    let check = |expected: &str| {
        let checked = run(Command::new("/usr/bin/python3").args(["-c", ZLIB]).arg(&stream));
        assert_eq!(checked.succeeded().stdout.trim(), expected);
    };
    check("0 wrong");
    damage(&stream);
    check("2 wrong");
}

const ZLIB: &str = "
import struct, sys, zlib
data, wrong = open(sys.argv[1], 'rb').read(), 0
for at in range(0, len(data), 4096):
    page = bytearray(data[at:at + 4096])
    content = struct.unpack_from('=Q', page, 48)[0] // 8
    page[56:64] = bytes(8)
    checksum = struct.unpack_from('=I', page, content)[0]
    wrong += content == 0 or zlib.crc32(page[:content]) != checksum
print(wrong, 'wrong')
";
