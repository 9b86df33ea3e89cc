//! Any bytes as a stream file of a trace whose metadata is right: read, recovered, joined.
//!
//! Input: the stream file. Its last page is filled up with zeros, unless the file's length is odd. It is read in three
//! ways, because hardly any mutation of a packet gets past its checksum:
//!
//! - as it is;
//! - with the right checksum behind the content that each page claims to have;
//! - unchecked, by metadata that declares no checksums.

#![no_main]

mod traces;

use std::fs;
use std::path::Path;

use ctf::dir::Tree;
use ctf::recover::{DamagedTraces, Recovered};
use ctf::write::packet::{PACKET_MAGIC, PAGE_BYTES};
use libfuzzer_sys::fuzz_target;

/// The metadata of one of the fixtures, made as short as possible: most of an input's time goes into reading it.
const METADATA: &str = include_str!("packets.metadata");

/// Its declaration of checksums.
const CHECKSUM: &str = "packet_checksum = \"crc32\";";

fuzz_target!(|input: &[u8]| {
    let mut stream = input.to_vec();
    if stream.len().is_multiple_of(2) {
        stream.resize(stream.len().next_multiple_of(PAGE_BYTES), 0);
    }
    let (from, on_trust) = (traces::directory(), traces::directory());
    traces::make(from.path(), METADATA, &[&stream, &mended(&stream)]);
    let read = traces::read(from.path(), 2 * stream.len());
    assert!(METADATA.contains(CHECKSUM));
    traces::make(on_trust.path(), METADATA.replace(CHECKSUM, ""), &[&stream]);
    traces::read(on_trust.path(), stream.len());

    // Whatever was damaged, the copy reads without an error.
    let to = traces::directory();
    let recovered = recovered(from.path(), to.path());
    assert_eq!(recovered.traces, 1);
    assert_eq!(recovered.damages.is_empty(), read.errors.is_empty());
    let copy = traces::read(to.path(), 2 * stream.len());
    assert!(copy.errors.is_empty(), "recovered, it reads: {:?}", copy.errors);
    assert_eq!(copy.events, recovered.events);
    assert!(copy.events <= read.events);

    // There is nothing in it to recover.
    let again = traces::directory();
    let nothing = self::recovered(to.path(), again.path());
    assert!(nothing.damages.is_empty(), "it was recovered: {:?}", nothing.damages);
    for stream in ["0", "1"] {
        let [one, other] = [&to, &again].map(|dir| fs::read(dir.path().join(stream)).ok());
        assert!(one == other, "stream {stream}");
    }
    // Reading a joined trace takes as long as all the rest, so only some inputs are joined.
    if input.len().is_multiple_of(4) {
        assert_eq!(traces::joined(to.path()), Some(recovered.events));
    }
});

fn recovered(from: &Path, to: &Path) -> Recovered {
    let found = DamagedTraces::find(Tree::open(from).expect("a directory")).expect("a trace");
    found.recover(&Tree::open(to).expect("a directory")).expect("room for the copy")
}

/// The stream with the right checksum in each page that may be a packet's first.
fn mended(stream: &[u8]) -> Vec<u8> {
    const PACKET_SIZE: std::ops::Range<usize> = 56..64;
    let mut mended = stream.to_vec();
    for at in (0..mended.len()).step_by(PAGE_BYTES) {
        let packet = &mut mended[at..];
        let Some(content_bits) = packet.get(48..56).and_then(|word| word.try_into().ok()) else {
            break;
        };
        let content_bytes =
            usize::try_from(u64::from_ne_bytes(content_bits) / 8).unwrap_or(usize::MAX);
        let is_packet = packet.starts_with(&PACKET_MAGIC.to_ne_bytes());
        let Some((content, behind)) = packet.split_at_mut_checked(content_bytes) else { continue };
        let Some(checksum) = behind.first_chunk_mut().filter(|_| is_packet) else { continue };
        let (Some(before), Some(after)) =
            (content.get(..PACKET_SIZE.start), content.get(PACKET_SIZE.end..))
        else {
            continue;
        };
        // The checksum does not cover the packet's size.
        let mut crc32 = crc32fast::Hasher::new();
        [before, &[0; 8], after].iter().for_each(|part| crc32.update(part));
        *checksum = crc32.finalize().to_ne_bytes();
    }
    mended
}
