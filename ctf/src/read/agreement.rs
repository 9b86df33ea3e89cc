//! The check of a payload and the reader of it agree about any bytes, for any class.
#![cfg(test)]

use super::bits::Bits;
use super::decode::{Decoder, Past};
use crate::schema::{Scope, Type};
use crate::tsdl;
use crate::write::any_class::{any_class, payload};
use crate::write::metadata::{self, Clock, EventClass, StreamClass, Trace};
use crate::write::payload_layout::{PayloadError, PayloadLayout};
use proptest::prelude::*;

/// The class as a reader knows it from the metadata.
fn read_class(class: &EventClass) -> Type {
    let clock = Clock {
        name: "clock".to_owned(),
        uuid: None,
        description: String::new(),
        freq_hz: 1_000_000_000,
        offset_s: 0,
        offset_cycles: 0,
    };
    let streams = vec![StreamClass { id: 0, extra: vec![], context: vec![] }];
    let trace = Trace { uuid: [1; 16], env: vec![], clock, streams };
    let text = metadata::preamble(&trace) + &metadata::event(class);
    let metadata = tsdl::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    metadata.streams[&0].events[&3].fields.clone().unwrap()
}

/// Whether a reader finds all of the class in these bytes, and nothing else.
fn is_read(ty: &Type, bytes: &[u8]) -> bool {
    let mut past = Past::default();
    let mut decoder = Decoder::new(Bits::new(bytes, 0, bytes.len() * 8, 0), &mut past);
    decoder.part(Scope::Fields, Some(ty)).is_ok() && decoder.bits.left() == 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_encoded_is_taken_and_nothing_shorter_or_longer(class in any_class(), seed: u64) {
        let (layout, ty) = (PayloadLayout::of(&class), read_class(&class));
        let mut bytes = payload(&class, seed);
        prop_assert_eq!(layout.check(&bytes), Ok(()));
        prop_assert!(is_read(&ty, &bytes));
        prop_assert!(layout.fixed_bytes().is_none_or(|fixed| fixed == bytes.len()));
        for len in 0..bytes.len() {
            prop_assert!(layout.check(&bytes[..len]).is_err());
        }
        bytes.push(0);
        prop_assert_eq!(layout.check(&bytes), Err(PayloadError::Long(1)));
    }

    #[test]
    fn of_any_bytes_both_say_the_same(
        class in any_class(),
        seed: u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..4),
        noise in proptest::collection::vec(prop_oneof![Just(0_u8), 0..4_u8, any::<u8>()], 0..60),
    ) {
        let (layout, ty) = (PayloadLayout::of(&class), read_class(&class));
        let mut changed = payload(&class, seed);
        for (at, byte) in changes {
            if !changed.is_empty() {
                let at = at.index(changed.len());
                changed[at] = byte;
            }
        }
        for bytes in [changed, noise] {
            prop_assert_eq!(layout.check(&bytes).is_ok(), is_read(&ty, &bytes), "{:?}", bytes);
        }
    }
}
