//! Reads back what was written, with a decoder that knows CTF but not the encoder.
//!
//! Each value is encoded between guard bytes, at every alignment.

#![allow(unsafe_code)]

use core::ffi::CStr;
use std::ffi::CString;

use proptest::prelude::*;

use super::*;

const GUARD: u8 = 0xA5;

/// What `write` stores in `size_bytes` bytes that start `misaligned` bytes off a word.
fn guarded(size_bytes: usize, misaligned: usize, write: impl FnOnce(*mut u8)) -> Vec<u8> {
    let mut memory = vec![GUARD; 16 + misaligned + size_bytes + 16];
    let (start, end) = (16 + misaligned, 16 + misaligned + size_bytes);
    write(memory[start..].as_mut_ptr());
    assert!(memory[..start].iter().all(|byte| *byte == GUARD), "wrote below its bytes");
    assert!(memory[end..].iter().all(|byte| *byte == GUARD), "wrote beyond its bytes");
    memory[start..end].to_vec()
}

fn encoded<P: Payload>(payload: P) -> Vec<u8> {
    let size_bytes = payload.size_bytes();
    assert!(P::FIXED_SIZE_BYTES.is_none_or(|fixed| fixed == size_bytes));
    let encode = |misaligned| {
        guarded(size_bytes, misaligned, |dst| {
            // SAFETY: `guarded` lends `size_bytes` bytes.
            let end = unsafe { payload.encode(dst) };
            assert_eq!(end, dst.wrapping_add(size_bytes));
        })
    };
    let bytes = encode(0);
    for misaligned in 1..8 {
        assert_eq!(encode(misaligned), bytes);
    }
    bytes
}

/// What a reader sees: numbers as their bits, sign-extended to 64.
#[derive(Debug, PartialEq)]
enum Seen {
    Number(i128),
    Bits(u64),
    Text(Vec<u8>),
    Several(Vec<Seen>),
    Chosen(String, Box<Seen>),
}

/// Reads bytes as a CTF reader does.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken.to_vec()
    }

    fn unsigned(&mut self, bits: u8) -> u64 {
        let mut bytes = self.take(usize::from(bits) / 8);
        if cfg!(target_endian = "little") {
            bytes.reverse();
        }
        bytes.into_iter().fold(0, |value, byte| value << 8 | u64::from(byte))
    }

    fn integer(&mut self, Integer { bits, signed, byte_order, .. }: Integer) -> Seen {
        assert_eq!(byte_order, ByteOrder::Native, "no value of Rust's is in another one");
        let value = i128::from(self.unsigned(bits));
        let is_negative = signed && value >> (bits - 1) == 1;
        Seen::Number(if is_negative { value - (1 << bits) } else { value })
    }

    fn several(&mut self, element: &FieldType, count: u64) -> Seen {
        Seen::Several((0..count).map(|_| self.field(element)).collect())
    }

    fn field(&mut self, ty: &FieldType) -> Seen {
        match ty {
            FieldType::Integer(integer) => self.integer(*integer),
            FieldType::Enumeration { container, .. } => self.integer(*container),
            FieldType::Float { bits } => Seen::Bits(self.unsigned(*bits)),
            FieldType::String { .. } => {
                let length = self.0.iter().position(|byte| *byte == 0).expect("no terminator");
                let text = self.take(length);
                self.take(1);
                Seen::Text(text)
            }
            FieldType::Array { element, length } => {
                assert_ne!(*length, 0);
                self.several(element, (*length).into())
            }
            FieldType::Sequence { element } => {
                let count = self.unsigned(32);
                self.several(element, count)
            }
            FieldType::Structure { members } => {
                Seen::Several(members.iter().map(|member| self.field(&member.ty)).collect())
            }
            FieldType::Variant { tag, choices } => {
                let Seen::Number(tag) = self.integer(*tag) else { unreachable!() };
                let is_chosen =
                    |choice: &&Choice| choice.label.low <= tag && tag <= choice.label.high;
                let choice = choices.iter().find(is_chosen).expect("a tag of a choice");
                Seen::Chosen(choice.label.name.to_string(), Box::new(self.field(&choice.ty)))
            }
        }
    }
}

/// Encodes one field and reads it.
fn seen<F: Field>(field: F) -> Seen {
    let bytes = encoded((field,));
    let mut reader = Reader(&bytes);
    let value = reader.field(F::TYPE);
    assert!(reader.0.is_empty(), "{:?} is longer than its type says", F::TYPE);
    value
}

fn numbers<T: Into<i128> + Copy>(values: &[T]) -> Seen {
    Seen::Several(values.iter().map(|value| Seen::Number((*value).into())).collect())
}

#[test]
fn extremes_are_read_as_written() {
    assert_eq!(seen(u8::MAX), Seen::Number(u8::MAX.into()));
    assert_eq!(seen(u16::MAX), Seen::Number(u16::MAX.into()));
    assert_eq!(seen(u32::MAX), Seen::Number(u32::MAX.into()));
    assert_eq!(seen(u64::MAX), Seen::Number(u64::MAX.into()));
    assert_eq!(seen(usize::MAX), Seen::Number(usize::MAX as i128));
    assert_eq!(seen(i8::MIN), Seen::Number(i8::MIN.into()));
    assert_eq!(seen(i16::MIN), Seen::Number(i16::MIN.into()));
    assert_eq!(seen(i32::MIN), Seen::Number(i32::MIN.into()));
    assert_eq!(seen(i64::MIN), Seen::Number(i64::MIN.into()));
    assert_eq!(seen(isize::MIN), Seen::Number(isize::MIN as i128));
    assert_eq!(seen(false), Seen::Number(0));
    assert_eq!(seen(true), Seen::Number(1));
    assert_eq!(seen(char::MAX), Seen::Number(0x10_FFFF));
}

#[test]
fn usize_is_64_bits_on_every_machine() {
    assert_eq!(<usize as Field>::FIXED_SIZE_BYTES, Some(8));
    assert_eq!(<[isize; 3] as Field>::FIXED_SIZE_BYTES, Some(24));
    assert_eq!(seen(&[usize::MAX, 1][..]), Seen::Several(vec![seen(usize::MAX), seen(1usize)]));
}

#[test]
fn an_array_of_length_0_is_an_empty_sequence() {
    assert_eq!(encoded(([0u64; 0],)), [0; 4]);
    assert_eq!(encoded((&[0u8; 0],)), [0; 4]);
    assert_eq!(<[u64; 0] as Field>::TYPE, <&[u64] as Field>::TYPE);
    assert_eq!(<[u64; 0] as Field>::FIXED_SIZE_BYTES, Some(4));
}

#[test]
fn a_payload_has_a_fixed_size_exactly_if_its_fields_have() {
    assert_eq!(<() as Payload>::FIXED_SIZE_BYTES, Some(0));
    assert_eq!(<(u8, u64, [u16; 3]) as Payload>::FIXED_SIZE_BYTES, Some(15));
    assert_eq!(<(u8, &str, u64) as Payload>::FIXED_SIZE_BYTES, None);
    assert_eq!(<(u8, &[u8]) as Payload>::FIXED_SIZE_BYTES, None);
}

fn some(value: Seen) -> Seen {
    Seen::Chosen("some".to_owned(), Box::new(value))
}

fn none() -> Seen {
    Seen::Chosen("none".to_owned(), Box::new(Seen::Several(vec![])))
}

#[test]
fn an_option_says_which_it_is() {
    assert_eq!(seen(None::<u64>), none());
    assert_eq!(seen(Some(7_u64)), some(Seen::Number(7)));
    assert_eq!(seen(Some("text")), some(Seen::Text(b"text".into())));
    assert_eq!(seen(Some(Some([1_u8, 2]))), some(some(numbers(&[1, 2]))));
    assert_eq!(seen(Some(None::<&[u32]>)), some(none()));
    assert_eq!(<Option<u8> as Field>::FIXED_SIZE_BYTES, None);
    assert!(None::<&str>.is_short() && Some("short").is_short());
    assert!(!Some("long".repeat(99).as_str()).is_short());
}

#[test]
fn a_tuple_is_a_structure_of_its_members() {
    let seen = seen((1_u8, "b", (2_i64, Some(3_u16))));
    let inner = Seen::Several(vec![Seen::Number(2), some(Seen::Number(3))]);
    let expected = vec![Seen::Number(1), Seen::Text(b"b".into()), inner];
    assert_eq!(seen, Seen::Several(expected));
    assert_eq!(<((u8, u64), [u16; 3]) as Field>::FIXED_SIZE_BYTES, Some(15));
    let FieldType::Structure { members } = <(u8, f32) as Field>::TYPE else { unreachable!() };
    let names: Vec<&str> = members.iter().map(|member| &*member.name).collect();
    assert_eq!(names, ["0", "1"]);
}

#[test]
fn slices_and_arrays_may_have_any_fields() {
    let texts = |texts: &[&str]| {
        Seen::Several(texts.iter().map(|text| Seen::Text(text.as_bytes().into())).collect())
    };
    assert_eq!(seen(&["a", "", "cd"][..]), texts(&["a", "", "cd"]));
    assert_eq!(seen(["a", "b"]), texts(&["a", "b"]));
    let pairs = [(1_u8, "one"), (2, "two")];
    let seen_pairs = pairs.map(|(number, text)| {
        Seen::Several(vec![Seen::Number(number.into()), Seen::Text(text.into())])
    });
    assert_eq!(seen(&pairs[..]), Seen::Several(seen_pairs.into()));
    let rows: [&[u16]; 3] = [&[1, 2], &[], &[3]];
    assert_eq!(seen(&rows[..]), Seen::Several(rows.iter().map(|row| numbers(row)).collect()));
    assert_eq!(seen([Some(1_u8), None]), Seen::Several(vec![some(Seen::Number(1)), none()]));
    assert_eq!(<[(u8, u32); 3] as Field>::FIXED_SIZE_BYTES, Some(15));
    assert_eq!(<[&str; 3] as Field>::FIXED_SIZE_BYTES, None);
    assert_eq!(<[[u16; 2]; 3] as Field>::FIXED_SIZE_BYTES, Some(12));
    assert_eq!(<[[u16; 0]; 3] as Field>::FIXED_SIZE_BYTES, Some(12), "three counts");
    assert!(![(1_u8, 2_u8)].is_short() && [(); 0].map(|()| "").is_short());
}

#[test]
fn sixteen_fields_lie_in_their_order() {
    let bytes = encoded((
        0u8, 1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u8, 11u8, 12u8, 13u8, 14u8, 15u8,
    ));
    assert_eq!(bytes, (0..16).collect::<Vec<u8>>());
}

#[test]
fn a_nul_is_substituted_wherever_it_stands() {
    for len in 0..=100 {
        let text: String = ('!'..='~').cycle().take(len).collect();
        assert_eq!(seen(&*text), Seen::Text(text.clone().into()), "{len} bytes");
        for at in 0..len {
            let mut with_nul = text.clone();
            with_nul.replace_range(at..=at, "\0");
            let mut substituted = text.clone();
            substituted.replace_range(at..=at, "\x1A");
            assert_eq!(
                seen(&*with_nul.into_boxed_str()),
                Seen::Text(substituted.into()),
                "{at} of {len} bytes"
            );
        }
        let nothing_but = "\0".repeat(len);
        assert_eq!(seen(&*nothing_but), Seen::Text(vec![0x1A; len]));
    }
}

#[test]
fn only_a_nul_is_substituted() {
    // Bytes at which an arithmetic test for zeros could err: 0x01, 0x7F, 0x80 and their neighbours.
    for text in [
        "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01",
        "\x7F\u{80}\u{81}\u{FF}\x01\u{100}",
        "\u{10FFFF}".repeat(30).as_str(),
    ] {
        assert_eq!(seen(text), Seen::Text(text.into()));
    }
}

/// What `encode_cut` writes within so many bytes.
fn cut<F: Field>(field: F, room: usize) -> Option<Vec<u8>> {
    let mut len = None;
    let mut bytes = guarded(room, 1, |dst| {
        // SAFETY: `guarded` lends `room` bytes.
        let end = unsafe { field.encode_cut(dst, room) };
        len = end.map(|end| end.addr() - dst.addr());
    });
    bytes.truncate(len?);
    Some(bytes)
}

#[test]
fn what_can_be_cut_is_cut_within_its_room_and_what_cannot_is_left_out() {
    assert_eq!(cut("a\0b", 0), None);
    assert_eq!(cut("a\0b", 1), Some(vec![0]));
    assert_eq!(cut("a\0b", 3), Some(b"a\x1a\0".into()));
    assert_eq!(cut("\u{20ac}", 3), Some(vec![0]), "between characters");
    assert_eq!(cut("", 1), Some(vec![0]));
    assert_eq!(cut(c"ab", 2), Some(b"a\0".into()));
    assert_eq!(cut(c"ab", 0), None);
    assert_eq!(cut(&[1_u16, 2][..], 3), None);
    assert_eq!(cut(&[1_u8, 2][..], 5), Some([&1_u32.to_ne_bytes()[..], &[1]].concat()));
    assert_eq!(cut(7_u16, 1), None);
    assert_eq!(cut(7_u8, 1), Some(vec![7]));
    assert_eq!(cut(Some("abc"), 0), None);
    assert_eq!(cut(Some("abc"), 1), None);
    assert_eq!(cut(Some("abc"), 3), Some(b"\x01a\0".into()));
    assert_eq!(cut(None::<&str>, 1), Some(vec![0]));
    assert_eq!(cut(Err::<u64, _>("abc"), 4), Some(b"\x01ab\0".into()));
    assert_eq!(cut(Ok::<_, u8>(7_u64), 8), None);
}

proptest! {
    #[test]
    fn numbers_are_read_as_written(
        a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: char, j: bool,
    ) {
        prop_assert_eq!(seen(a), Seen::Number(a.into()));
        prop_assert_eq!(seen(b), Seen::Number(b.into()));
        prop_assert_eq!(seen(c), Seen::Number(c.into()));
        prop_assert_eq!(seen(d), Seen::Number(d.into()));
        prop_assert_eq!(seen(e), Seen::Number(e.into()));
        prop_assert_eq!(seen(f), Seen::Number(f.into()));
        prop_assert_eq!(seen(g), Seen::Number(g.into()));
        prop_assert_eq!(seen(h), Seen::Number(h.into()));
        prop_assert_eq!(seen(i), Seen::Number(u32::from(i).into()));
        prop_assert_eq!(seen(j), Seen::Number(u8::from(j).into()));
    }

    #[test]
    fn floats_keep_their_bits(single: u32, double: u64) {
        // From bits, to include quiet and signalling NaNs with payloads.
        prop_assert_eq!(seen(f32::from_bits(single)), Seen::Bits(single.into()));
        prop_assert_eq!(seen(f64::from_bits(double)), Seen::Bits(double));
    }

    #[test]
    fn slices_and_arrays_are_read_as_written(
        bytes: Vec<u8>, shorts: Vec<i16>, longs: Vec<u64>, doubles: Vec<u64>, array: [i32; 5],
        flags: Vec<bool>, letters: Vec<char>,
    ) {
        prop_assert_eq!(seen(&*bytes), numbers(&bytes));
        prop_assert_eq!(seen(&*shorts), numbers(&shorts));
        prop_assert_eq!(seen(&*longs), numbers(&longs));
        prop_assert_eq!(seen(array), numbers(&array));
        let borrowed = &array;
        prop_assert_eq!(seen(borrowed), numbers(borrowed));
        let floats: Vec<f64> = doubles.iter().map(|bits| f64::from_bits(*bits)).collect();
        let expected = doubles.into_iter().map(Seen::Bits).collect();
        prop_assert_eq!(seen(&*floats), Seen::Several(expected));
        let expected: Vec<u8> = flags.iter().map(|flag| u8::from(*flag)).collect();
        prop_assert_eq!(seen(&*flags), numbers(&expected));
        let expected: Vec<u32> = letters.iter().map(|letter| u32::from(*letter)).collect();
        prop_assert_eq!(seen(&*letters), numbers(&expected));
    }

    #[test]
    fn text_is_read_as_written_but_for_nuls(text in "(?s)[\0a-z\u{80}-\u{10FFFF}]{0,80}") {
        prop_assert_eq!(seen(&*text), Seen::Text(text.replace('\0', "\x1A").into()));
    }

    #[test]
    fn a_cstr_is_read_as_it_is(bytes in proptest::collection::vec(1u8.., 0..80)) {
        let owned = CString::new(bytes.clone()).expect("no NUL among them");
        let text: &CStr = &owned;
        prop_assert_eq!(seen(text), Seen::Text(bytes));
    }

    #[test]
    fn fields_follow_one_another(a: u8, text in "[a-z]{0,20}", words: Vec<u32>, last: u64) {
        let mut expected = encoded((a,));
        expected.extend(encoded((&*text,)));
        expected.extend(encoded((&*words,)));
        expected.extend(encoded((last,)));
        prop_assert_eq!(encoded((a, &*text, &*words, last)), expected);
    }
}
