//! What `codec` writes and reads is what postcard writes and reads: for every message, and for bytes that are none.

use super::codec::{Decode, Encode, Reader, bytes_of, encoded_bytes};
use super::*;
use crate::abi::{Buffers, Mode, Residency};
use crate::clock::ClockKind;
use proptest::prelude::*;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Debug;

impl<T: Serialize> Serialize for Block<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&postcard::to_stdvec(&self.0).unwrap())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Block<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        postcard::from_bytes(bytes).map(Block).map_err(de::Error::custom)
    }
}

/// What may be done to bytes on their way.
#[derive(Debug, Clone)]
enum Harm {
    None,
    Cut(usize),
    Changed(usize, u8),
    Inserted(usize, u8),
    Removed(usize),
}

impl Harm {
    fn do_to(self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Harm::None => {}
            Harm::Cut(at) => bytes.truncate(at % (length + 1)),
            Harm::Changed(at, byte) => bytes[at % length] = byte,
            Harm::Inserted(at, byte) => bytes.insert(at % (length + 1), byte),
            Harm::Removed(at) => drop(bytes.remove(at % length)),
        }
    }
}

fn harm() -> impl Strategy<Value = Harm> {
    // Bytes that mean something: the edges of varints, and small numbers of variants.
    let byte = || prop_oneof![any::<u8>(), 0u8..9, Just(0x7f), Just(0x80), Just(0xff)];
    prop_oneof![
        Just(Harm::None),
        any::<usize>().prop_map(Harm::Cut),
        (any::<usize>(), byte()).prop_map(|(at, byte)| Harm::Changed(at, byte)),
        (any::<usize>(), byte()).prop_map(|(at, byte)| Harm::Inserted(at, byte)),
        any::<usize>().prop_map(Harm::Removed),
    ]
}

/// Both read the same, or nothing.
fn read_as_postcard<'a, T: Decode<'a> + Deserialize<'a> + PartialEq + Debug>(bytes: &'a [u8]) {
    let read = T::decode(&mut Reader::new(bytes));
    assert_eq!(read, postcard::from_bytes(bytes).ok(), "{bytes:?}");
}

/// Both write the same, and read the same of what has become of it.
fn written_as_postcard<T>(message: &T, harms: Vec<Harm>)
where
    T: Encode + for<'a> Decode<'a> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let mut bytes = bytes_of(message);
    assert_eq!(bytes, postcard::to_stdvec(message).unwrap());
    assert_eq!(encoded_bytes(message), bytes.len());
    for harm in harms {
        if !bytes.is_empty() {
            harm.do_to(&mut bytes);
        }
        read_as_postcard::<T>(&bytes);
    }
}

fn versions() -> impl Strategy<Value = Mismatch> {
    any::<(u16, u16, u16, u16)>().prop_map(|(a, b, c, d)| Mismatch {
        found: Version { major: a, minor: b },
        own: Version { major: c, minor: d },
    })
}

fn to_daemon() -> impl Strategy<Value = ToDaemon> {
    let lack = prop_oneof![Just(Lack::ProcessFile), Just(Lack::Agent), Just(Lack::Forks)];
    let copy =
        prop_oneof![versions().prop_map(OtherCopy::Table), versions().prop_map(OtherCopy::Abi)];
    prop_oneof![
        any::<[u8; 16]>().prop_map(|process_uid| ToDaemon::Introduction { process_uid }),
        any::<[u8; 16]>().prop_map(|process_uid| ToDaemon::Hello { process_uid }),
        any::<([u8; 16], u64, u32)>().prop_map(|(process_uid, channel_uid, file_index)| {
            ToDaemon::Handover { process_uid, channel_uid, file_index }
        }),
        any::<[u8; 16]>().prop_map(|process_uid| ToDaemon::SnapshotWanted { process_uid }),
        (any::<(Option<[u8; 16]>, u32, [u8; 16], u32)>(), lack).prop_map(
            |((process_uid, pid, procname, errno), what)| {
                ToDaemon::Lacking { process_uid, pid, procname, what, errno }
            }
        ),
        any::<u64>().prop_map(|generation| ToDaemon::Applied { generation }),
        copy.prop_map(|from| ToDaemon::Apart { from }),
    ]
}

fn event_rule() -> impl Strategy<Value = Block<EventRule>> {
    let levels = prop_oneof![
        Just(Levels::All),
        any::<u8>().prop_map(Levels::AtLeast),
        any::<u8>().prop_map(Levels::Only),
    ];
    (".{0,9}", proptest::collection::vec(".{0,5}", 0..3), levels, any::<[u8; 3]>()).prop_map(
        |(pattern, exclusions, levels, filter)| {
            Block(EventRule { pattern, exclusions, levels, filter: filter.to_vec() })
        },
    )
}

fn channel() -> impl Strategy<Value = Block<ChannelRules>> {
    let mode = prop_oneof![
        Just(Mode::Discard),
        Just(Mode::Overwrite),
        any::<u32>().prop_map(|timeout_ms| Mode::Block { timeout_ms }),
    ];
    let residency =
        prop_oneof![Just(Residency::OnEntry), Just(Residency::Prefault), Just(Residency::Lock)];
    let clock = prop_oneof![Just(ClockKind::Tsc), Just(ClockKind::Monotonic)];
    let buffers = prop_oneof![Just(Buffers::PerThread), Just(Buffers::PerCpu)];
    let directory = (proptest::option::of(".{0,200}"), any::<Option<(u64, u64)>>());
    let contexts = proptest::collection::vec(".{0,5}", 0..3);
    let events = proptest::collection::vec(event_rule(), 0..3);
    let words = (any::<(u64, u64, u32, bool)>(), clock, buffers, mode, residency);
    (words, directory, contexts, events).prop_map(
        |(words, (shm_path, shm_dir), contexts, events)| {
            let ((channel_uid, size, subbuf_count, is_active), clock, buffers, mode, residency) =
                words;
            Block(ChannelRules {
                channel_uid,
                // Small and large ones.
                subbuf_size_bytes: size >> (size % 64),
                subbuf_count,
                clock,
                buffers,
                mode,
                residency,
                shm_path,
                shm_dir,
                is_active,
                contexts: contexts.into_iter().map(|name| Block(ContextRule { name })).collect(),
                events,
            })
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<u64>(), proptest::collection::vec(channel(), 0..3))
        .prop_map(|(generation, channels)| Rules { generation, channels })
}

fn harms() -> impl Strategy<Value = Vec<Harm>> {
    proptest::collection::vec(harm(), 1..4)
}

proptest! {
    #[test]
    fn what_a_process_says_is_as_postcard_says_it(message in to_daemon(), harms in harms()) {
        written_as_postcard(&message, harms);
    }

    #[test]
    fn what_the_consumer_says_is_as_postcard_says_it(rules in rules(), harms in harms()) {
        written_as_postcard(&rules, harms.clone());
        written_as_postcard(&ToProcess::Rules(rules), harms);
        written_as_postcard(&ToProcess::Welcome, vec![]);
    }

    /// Numbers at each size, well formed or not.
    #[test]
    fn numbers_are_as_postcard_has_them(
        bytes in proptest::collection::vec(prop_oneof![0x80u8..=0xff, any::<u8>()], 0..24),
        number: i128, shift in 0u32..128,
    ) {
        let number = number >> shift;
        written_as_postcard(&number, vec![]);
        written_as_postcard(&(number as u16, number as u32, number as u64), vec![]);
        read_as_postcard::<u16>(&bytes);
        read_as_postcard::<u32>(&bytes);
        read_as_postcard::<u64>(&bytes);
        read_as_postcard::<i128>(&bytes);
    }

    #[test]
    fn any_bytes_are_read_as_postcard_reads_them(bytes: Vec<u8>) {
        read_as_postcard::<ToDaemon>(&bytes);
        read_as_postcard::<ToProcess>(&bytes);
        read_as_postcard::<Rules>(&bytes);
        read_as_postcard::<(&str, &str, u8)>(&bytes);
        read_as_postcard::<Vec<String>>(&bytes);
    }
}

/// A length that no memory has room for ends the reading where the bytes end.
#[test]
fn a_length_allocates_nothing() {
    let lengths = bytes_of(&u64::MAX);
    assert_eq!(Vec::<u64>::decode(&mut Reader::new(&lengths)), None);
    assert_eq!(<&str>::decode(&mut Reader::new(&lengths)), None);
    assert_eq!(Block::<u8>::decode(&mut Reader::new(&lengths)), None);
}
