//! Records that are framed in rows are framed as they are one by one: the same bytes, counts, place and error.

use super::Framer;
use crate::engine::drain::stream_error::StreamError;
use crate::engine::drain::trace::Trace;
use crate::engine::played::number;
use crate::engine::played_stream::{self, PlayedStream};
use crate::output::Output;
use ctf::write::packet::{PAGE_BYTES, PacketContext};
use proptest::prelude::*;
use ust_core::abi::{Geometry, Mode, PAGE_BYTES as CONTROL_BYTES};
use ust_core::ring::Reader;
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;
use ust_core::wire::{FieldType, Part};

const SUBBUF_BYTES: usize = 16 << 10;

/// The classes of the records: their payloads are nothing, short, as long as a block, longer, and of any length. The
/// last one needs the long header, and the number behind it has no class.
const CLASSES: [(u32, &str); 7] = [
    (0, "nothing"),
    (1, "word"),
    (2, "block"),
    (3, "longer"),
    (4, "text"),
    (5, "sequence"),
    (40, "extended"),
];
const UNDESCRIBED: u32 = 7;

fn fields(class: &str) -> Vec<(&'static str, FieldType)> {
    match class {
        "nothing" => vec![],
        "word" | "extended" => vec![("value", FieldType::U32)],
        "block" => vec![("value", FieldType::U32); 7],
        "longer" => vec![("value", FieldType::U64); 5],
        "text" => vec![("value", FieldType::TEXT)],
        _ => vec![("value", FieldType::Sequence { element: Part::Static(&FieldType::U16) })],
    }
}

/// A payload that fits the class.
fn fitting(class: &str, length: u8) -> Vec<u8> {
    let length = usize::from(length);
    match class {
        "nothing" => vec![],
        "word" | "extended" => vec![1; 4],
        "block" => vec![2; 28],
        "longer" => vec![3; 40],
        "text" => [vec![b'a'; length], vec![0]].concat(),
        _ => [(length as u32).to_ne_bytes().to_vec(), vec![5; 2 * length]].concat(),
    }
}

/// Records that nearly always fit their classes.
fn record() -> impl Strategy<Value = (u32, Vec<u8>)> {
    let good = (0..CLASSES.len(), any::<u8>()).prop_map(|(at, length)| {
        let (id, class) = CLASSES[at];
        (id, fitting(class, length))
    });
    let bad = (0..=UNDESCRIBED, prop::collection::vec(any::<u8>(), 0..50));
    prop_oneof![1000 => good, 1 => bad]
}

/// Changes behind the writer's back: which word of the first sub-buffer, and what is turned in it.
fn changes() -> impl Strategy<Value = Vec<(usize, u32)>> {
    let bit = (0..32_u32).prop_map(|bit| 1_u32 << bit);
    let change = (0..SUBBUF_BYTES / 4, prop_oneof![bit, any::<u32>()]);
    prop_oneof![3 => Just(vec![]), 2 => prop::collection::vec(change, 1..4)]
}

/// What came of it, in the file and elsewhere.
#[derive(Debug, PartialEq)]
struct Framed {
    file: Vec<u8>,
    error: Option<String>,
    cursor: u64,
    written: u64,
    clock: u64,
}

type Framing =
    fn(&mut Framer, &mut Reader<StreamWords<ReadOnly>>, &mut Trace<'_>) -> Result<(), StreamError>;

/// Frames what the ring's first sub-buffer holds.
fn framed(player: &PlayedStream, framing: Framing) -> Framed {
    let dir = tempfile::tempdir().unwrap();
    let (mut folder, mut process) = (None, player.process.process_file());
    let output = Output::at(dir.path());
    let mut trace = played_stream::trace(&mut folder, &mut process, &output);
    let (mut reader, mut framer) = (Reader::new(player.words()), Framer::new(0));
    let outcome = framing(&mut framer, &mut reader, &mut trace);
    framer.settle().unwrap();
    let file = std::fs::read(dir.path().join("pppppppppppppppp-1/channel0_0")).unwrap_or_default();
    Framed {
        file: without_identity(file),
        error: outcome.err().map(|error| error.to_string()),
        cursor: reader.cursor(),
        written: framer.written(),
        clock: framer.clock,
    }
}

/// A stream file without what differs between two traces: their uuid, and so the checksums.
fn without_identity(mut file: Vec<u8>) -> Vec<u8> {
    for packet in file.chunks_mut(PAGE_BYTES) {
        let (_, context) = PacketContext::decode(packet, 4).unwrap();
        assert_eq!(context.packet_size_bytes, PAGE_BYTES as u64);
        packet[4..20].fill(0);
        packet[context.content_size_bytes as usize..].fill(0);
    }
    file
}

fn one_by_one(
    framer: &mut Framer,
    reader: &mut Reader<StreamWords<ReadOnly>>,
    trace: &mut Trace<'_>,
) -> Result<(), StreamError> {
    while let Some(found) = reader.next()? {
        if let Err(error) = framer.frame_one(reader.ring(), found, trace) {
            reader.put_back(found);
            return Err(error);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn rows_are_framed_as_records_one_by_one(
        records in prop::collection::vec(record(), 1..400),
        changes in changes(),
    ) {
        let geometry = Geometry::new(SUBBUF_BYTES as u64, 2).unwrap();
        let player = PlayedStream::new(1, [b'p'; 16], geometry, Mode::Discard);
        for (id, name) in CLASSES {
            let class = player.process.describe(name, 6, fields(name));
            number(&player.process.map, class, id);
        }
        records.iter().for_each(|(id, payload)| player.write(*id, payload));
        for (word, turned) in changes {
            player.change(CONTROL_BYTES + 4 * word, |old| old ^ turned);
        }
        let in_rows = framed(&player, Framer::frame_committed);
        let expected = framed(&player, one_by_one);
        prop_assert_eq!(in_rows, expected);
    }
}
