//! A class is the same class in both languages: the same stream has the same values.
#![cfg(test)]

use std::fs;
use std::path::Path;

use crate::read::{Reader, Value};
use crate::schema::Names;
use crate::write::any_class::{any_class, payload};
use crate::write::event_header;
use crate::write::metadata::{self, Clock, EnvValue, EventClass, StreamClass, Trace};
use crate::write::packet::StreamIdentity;
use crate::write::stream_file::StreamWriter;
use crate::{json, tsdl};
use proptest::prelude::*;

fn trace() -> Trace {
    let clock = Clock {
        name: "monotonic".to_owned(),
        uuid: Some([7; 16]),
        description: "of \"tests\"\n".to_owned(),
        freq_hz: 1_000_000,
        offset_s: 1_700_000_000,
        offset_cycles: 2_500_000,
    };
    let env = vec![("fact".to_owned(), EnvValue::Str("größe \u{1e}".to_owned()))];
    let streams = vec![StreamClass { id: 0, extra: vec![], context: vec![] }];
    Trace { uuid: *b"one of two texts", env, clock, streams }
}

/// Writes a trace of one event, with these metadata.
fn write(dir: &Path, metadata: &str, class: &EventClass, payload: &[u8]) {
    fs::create_dir(dir).unwrap();
    fs::write(dir.join("metadata"), metadata).unwrap();
    let identity =
        StreamIdentity { uuid: trace().uuid, stream_id: 0, stream_instance_id: 5, extra: vec![] };
    let mut stream = StreamWriter::create(dir, "stream", identity).unwrap();
    let header = event_header::compact(class.id, 77).unwrap();
    let mut record = stream.reserve(header.len() + payload.len()).unwrap();
    record.copy_from_slice(&[&header[..], payload].concat());
    record.commit(77, 77);
    stream.finish(77).unwrap();
}

/// All that is read of the trace, as text; names as users gave them.
fn shown(dir: &Path) -> String {
    let events: Vec<_> = Reader::open(dir).unwrap().map(Result::unwrap).collect();
    let [event] = &events[..] else { panic!("{} events", events.len()) };
    let fields = value(event.fields.as_ref().unwrap(), event.trace.metadata.names);
    let (class, packet) = (&event.class, &event.packet);
    let known = (&class.name, class.loglevel, &class.source, packet.stream_instance_id, packet.seq);
    format!("{} {known:?} {:?} {fields}", event.timestamp_ns, packet.end_clock)
}

fn value(it: &Value, names: Names) -> String {
    let all = |values: Vec<String>| format!("[{}]", values.join(", "));
    match it {
        Value::Struct(fields) => all(fields
            .iter()
            .map(|(name, it)| format!("{} = {}", names.shown(name), value(it, names)))
            .collect()),
        Value::Array(elements) => all(elements.iter().map(|it| value(it, names)).collect()),
        Value::Variant { option, value: it, .. } => {
            format!("{}: {}", names.shown(option), value(it, names))
        }
        Value::Enum { ty, value } => {
            let labels: Vec<_> = ty.labels.of(*value).map(|(name, ..)| &**name).collect();
            format!("{value} {labels:?}")
        }
        leaf => format!("{leaf:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_stream_has_the_same_values_by_both(class in any_class(), seed: u64) {
        let place = tempfile::tempdir().unwrap();
        let [tsdl, json] = ["tsdl", "json"].map(|name| place.path().join(name));
        let bytes = payload(&class, seed);
        write(&tsdl, &(metadata::preamble(&trace()) + &metadata::event(&class)), &class, &bytes);
        let text = metadata::json::preamble(&trace()).unwrap()
            + &metadata::json::event(&class).unwrap();
        write(&json, &text, &class, &bytes);
        prop_assert_eq!(shown(&json), shown(&tsdl), "{}", text);
    }
}

/// The clock is the same moment, and packets are known to have checksums.
#[test]
fn a_preamble_says_the_same_in_both() {
    let tsdl = tsdl::parse(metadata::preamble(&trace()).as_bytes()).unwrap();
    let text = metadata::json::preamble(&trace()).unwrap();
    let json = json::parse(text.as_bytes()).unwrap();
    assert_eq!((json.uuid, json.byte_order), (tsdl.uuid, tsdl.byte_order));
    assert_eq!(json.env, tsdl.env);
    assert!(crate::read::whole::Layout::of(&json).is_some());
    let clock = r#""frequency":1000000,"origin":"unix-epoch","offset-from-origin":{"seconds":1700000002,"cycles":500000}"#;
    assert!(text.contains(clock), "{text}");
    assert!(text.contains(r#""uid":"07070707-0707-0707-0707-070707070707""#), "{text}");
}
