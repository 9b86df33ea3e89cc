//! Any bytes as a message between a traced process and its consumer, and as an event class in the class log.
//!
//! Input: a message, which begins with `UST`; or an event class, and behind it the payload of a record of that class.

#![no_main]

mod traces;
// How the consumer describes a class in its traces: the file that ships. It is not public.
#[path = "../../../consumerd/src/engine/process_file/class_body.rs"]
mod class_body;

use std::fmt::Debug;

use ctf::tsdl;
use ctf::write::event_header;
use ctf::write::metadata::{self, Clock, EventClass, StreamClass, Trace};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::payload_layout::PayloadLayout;
use ctf::write::stream_file::StreamWriter;
use libfuzzer_sys::fuzz_target;
use ust_core::protocol::{
    Block, ClassBody, Decode, Encode, Rules, ToDaemon, ToProcess, decode, encode, encode_into,
};

/// The largest fixed payload that is tried.
const PAYLOAD_BYTES_MAX: usize = 1 << 16;

fuzz_target!(|input: &[u8]| {
    if !input.starts_with(b"UST") {
        return class(input);
    }
    said::<ToDaemon>(input);
    for rules in [said::<ToProcess>(input).and_then(of_message), said::<Rules>(input)] {
        let events = rules.iter().flat_map(Rules::channels).flat_map(|channel| &channel.events);
        for Block(rule) in events {
            let is_named = rule.names("types:unsigned", 6);
            assert!(!is_named || rule.levels.has(6));
        }
    }
});

fn of_message(message: ToProcess) -> Option<Rules> {
    match message {
        ToProcess::Rules(rules) => Some(rules),
        ToProcess::Welcome => None,
    }
}

/// The message in these bytes. Encoded again it is the same, in no more bytes.
fn said<T: Encode + for<'a> Decode<'a> + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let message: T = decode(bytes).ok()?;
    let again = encode(&message);
    assert!(again.len() <= bytes.len(), "{message:?}");
    assert_eq!(decode(&again).as_ref(), Ok(&message));
    let mut buffer = vec![0; again.len()];
    assert_eq!(encode_into(&mut buffer, &message), Some(&again[..]));
    assert_eq!(encode_into(&mut buffer[1..], &message), None);
    Some(message)
}

/// A class that is within the bounds is encoded again, and traces may have it.
fn class(bytes: &[u8]) {
    let Some(body) = ClassBody::decode(bytes) else { return };
    let again = body.encode().expect("what was decoded is within the bounds");
    assert!(again.len() <= bytes.len(), "{body:?}");
    assert_eq!(ClassBody::decode(&again).as_ref(), Some(&body));

    let class = class_body::to_ctf(&body, 7);
    let (preamble, declared) = (metadata::preamble(&trace()), metadata::event(&class));
    assert!(declared.is_ascii());
    let read = tsdl::parse(format!("{preamble}{declared}").as_bytes());
    let read = read.unwrap_or_else(|error| panic!("{error}: {declared}"));
    let known = &read.streams[&0].events[&7];
    // Readers keep names as C strings.
    assert_eq!(known.name, class.name.replace('\0', "?"));
    assert_eq!(read.streams[&0].events.len(), 1);

    let layout = PayloadLayout::of(&class);
    if let Some(fixed_bytes) = layout.fixed_bytes().filter(|bytes| *bytes <= PAYLOAD_BYTES_MAX) {
        assert_eq!(layout.check(&vec![0; fixed_bytes]), Ok(()));
        assert!(layout.check(&vec![0; fixed_bytes + 1]).is_err());
    }
    if let Some(payload) = bytes.strip_prefix(&again[..])
        && layout.check(payload).is_ok()
    {
        record(&preamble, &declared, &class, payload);
    }
}

/// A reader understands a payload that the layout admits, to its last byte.
fn record(preamble: &str, declared: &str, class: &EventClass, payload: &[u8]) {
    let dir = traces::directory();
    let metadata = MetadataWriter::create(dir.path(), preamble);
    metadata.expect("a file").append(declared).expect("room for the metadata");
    let Trace { uuid, .. } = trace();
    let identity = StreamIdentity { uuid, stream_id: 0, stream_instance_id: 0, extra: vec![] };
    let mut stream = StreamWriter::create(dir.path(), "s", identity).expect("a file");
    for clock in [1000, 2000] {
        let record = [&event_header::extended(class.id, clock)[..], payload].concat();
        let mut place = stream.reserve(record.len()).expect("room for a record");
        place.copy_from_slice(&record);
        place.commit(clock, 0);
    }
    stream.finish(2000).expect("room for the packet");
    let read = traces::read(dir.path(), 1 << 20);
    assert!(read.errors.is_empty(), "{payload:?} as {declared}: {:?}", read.errors);
    assert_eq!(read.events, 2);
    // Its packets name no process, and such traces are not joined.
    assert_eq!(traces::joined(dir.path()), None);
}

fn trace() -> Trace {
    let clock = Clock {
        name: "monotonic".to_owned(),
        uuid: None,
        description: String::new(),
        freq_hz: 1_000_000_000,
        offset_s: 1_700_000_000,
        offset_cycles: 0,
    };
    let streams = vec![StreamClass { id: 0, extra: vec![], context: vec![] }];
    Trace { uuid: *b"a fuzzer's trace", env: vec![], clock, streams }
}
