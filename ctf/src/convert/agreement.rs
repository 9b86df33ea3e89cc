//! A class is the same class in both languages: the same bytes have the same values.
#![cfg(test)]

use crate::json;
use crate::read::values_of;
use crate::schema::Metadata;
use crate::tsdl;
use crate::write::any_class::{any_class, payload};
use crate::write::metadata::{self, Clock, EnvValue, StreamClass, Trace};
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
    let env = vec![("größe".to_owned(), EnvValue::Str("a\u{1e}b".to_owned()))];
    let streams = vec![StreamClass { id: 0, extra: vec![], context: vec![] }];
    Trace { uuid: *b"one of two texts", env, clock, streams }
}

fn class_of(metadata: &Metadata) -> &crate::schema::Type {
    metadata.streams[&0].events[&3].fields.as_ref().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_have_the_same_values_by_both(class in any_class(), seed: u64) {
        let text = metadata::preamble(&trace()) + &metadata::event(&class);
        let tsdl = tsdl::parse(text.as_bytes()).unwrap();
        let text = metadata::json::preamble(&trace()).unwrap() + &metadata::json::event(&class).unwrap();
        let json = json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        let bytes = payload(&class, seed);
        let shown = |metadata| values_of(class_of(metadata), metadata, &bytes).unwrap();
        prop_assert_eq!(shown(&json), shown(&tsdl), "{}", text);
        // Whatever is cut short is so for both.
        for len in 0..bytes.len() {
            let read = |metadata| values_of(class_of(metadata), metadata, &bytes[..len]).is_some();
            prop_assert_eq!(read(&json), read(&tsdl));
        }
    }
}

/// The clock is the same moment, and packets have the same roles.
#[test]
fn a_preamble_says_the_same_in_both() {
    let tsdl = tsdl::parse(metadata::preamble(&trace()).as_bytes()).unwrap();
    let text = metadata::json::preamble(&trace()).unwrap();
    let json = json::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (json.clock.freq_hz, json.clock.offset_s, json.clock.offset_cycles),
        (1_000_000, 1_700_000_002, 500_000)
    );
    assert_eq!((json.uuid, json.byte_order), (tsdl.uuid, tsdl.byte_order));
    assert_eq!(json.env, tsdl.env);
    assert!(crate::read::whole::Layout::of(&json).is_some());
    assert!(text.contains(r#""uid":"07070707-0707-0707-0707-070707070707""#), "{text}");
}
