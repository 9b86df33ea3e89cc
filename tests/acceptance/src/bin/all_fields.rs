//! `all_fields`: emits every field type over its edge values, and reports what it emitted.
//!
//! The report is one object an event, in order: numbers as decimal text, floats as their bits, strings as they are to be
//! read, sequences as lists.

use serde_json::{Value, json};
use std::ffi::CStr;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "all", level = Info)]
fn unsigned(a: u8, b: u16, c: u32, d: u64, e: usize);

#[tracepoint(provider = "all", level = Info)]
fn signed(a: i8, b: i16, c: i32, d: i64, e: isize);

#[tracepoint(provider = "all", level = Info)]
fn other(flag: bool, letter: char);

#[tracepoint(provider = "all", level = Info)]
fn floats(single: f32, double: f64);

#[tracepoint(provider = "all", level = Info)]
fn texts(text: &str, foreign: &CStr, after: u8);

#[tracepoint(provider = "all", level = Info)]
fn slices(bytes: &[u8], words: &[u16], longs: &[i64], doubles: &[f64], flags: &[bool], after: u8);

#[tracepoint(provider = "all", level = Info)]
fn arrays(
    bytes: [u8; 4],
    longs: [i32; 3],
    singles: &[f32; 2],
    letters: [char; 2],
    none: [u32; 0],
    after: u8,
);

#[tracepoint(provider = "all", level = Info)]
fn others(
    maybe: Option<u32>,
    name: Option<&str>,
    pair: (u8, &str),
    nested: Option<(i16, Option<f64>)>,
    after: u8,
);

#[tracepoint(provider = "all", level = Info)]
fn several(
    texts: &[&str],
    pairs: &[(u16, &str)],
    rows: &[&[i32]],
    maybe: [Option<u8>; 3],
    grid: [[u8; 2]; 2],
    after: u8,
);

fn text(number: impl ToString) -> Value {
    Value::String(number.to_string())
}

fn list<T: Copy>(values: &[T], of: impl Fn(T) -> Value) -> Value {
    values.iter().map(|value| of(*value)).collect()
}

fn double(value: f64) -> Value {
    text(value.to_bits())
}

/// All its digits differ; a program of 32 bits has the lower half of the digits.
const WIDE: u64 = 0x0fed_cba9_8765_4321;

fn numbers(account: &mut Vec<Value>) {
    for (a, b, c, d, e) in [
        (u8::MIN, u16::MIN, u32::MIN, u64::MIN, usize::MIN),
        (u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX),
        (1, 1, 1, 1, 1),
        (0x80, 0x8000, 0x8000_0000, 1 << 63, 1 << (usize::BITS - 1)),
        (0x12, 0x1234, 0x1234_5678, 0x1234_5678_9abc_def0, WIDE as usize),
    ] {
        unsigned(a, b, c, d, e);
        account.push(json!({"a": text(a), "b": text(b), "c": text(c), "d": text(d), "e": text(e)}));
    }
    for (a, b, c, d, e) in [
        (i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN),
        (i8::MAX, i16::MAX, i32::MAX, i64::MAX, isize::MAX),
        (-1, -1, -1, -1, -1),
        (0, 0, 0, 0, 0),
        (0x12, -0x1234, 0x1234_5678, -0x1234_5678_9abc_def0, WIDE as isize),
    ] {
        signed(a, b, c, d, e);
        account.push(json!({"a": text(a), "b": text(b), "c": text(c), "d": text(d), "e": text(e)}));
    }
    for (flag, letter) in [
        (false, '\0'),
        (true, char::MAX),
        (true, 'a'),
        (false, 'ß'),
        (true, '🦀'),
        (true, '\u{d7ff}'),
    ] {
        other(flag, letter);
        account.push(json!({"flag": text(u8::from(flag)), "letter": text(u32::from(letter))}));
    }
}

fn floating(account: &mut Vec<Value>) {
    let doubles = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::from_bits(1),
        f64::from_bits(0x7ff8_0000_dead_beef),
        f64::from_bits(0xfff8_0000_0000_0001),
        f64::from_bits(0x7ff0_0000_0000_0001),
        f64::from_bits(0xfff4_1234_5678_9abc),
        std::f64::consts::PI,
    ];
    let singles = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        f32::MIN,
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::EPSILON,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::from_bits(1),
        f32::from_bits(0x7fc0_beef),
        f32::from_bits(0xffc0_0001),
        f32::from_bits(0x7f80_0001),
        f32::from_bits(0xffa1_2345),
        std::f32::consts::PI,
    ];
    for (single, double) in singles.into_iter().zip(doubles) {
        floats(single, double);
        account.push(json!({"single": text(single.to_bits()), "double": text(double.to_bits())}));
    }
}

fn strings(account: &mut Vec<Value>) {
    let long = "0123456789".repeat(1000);
    let wide = "Größe 寸法 🦀 ".repeat(50);
    for (string, foreign) in [
        ("", c""),
        ("a.txt", c"b.txt"),
        ("", c"something"),
        (&long, c""),
        ("\u{7f}\t\n\r\u{1}\"\\", c"\x7f\t\n\"\\"),
        (&wide, c"\xc3\xa9t\xc3\xa9"),
        ("nul\0inside\0", c"none"),
        ("\0", c""),
        ("12345678", c"1234567"),
    ] {
        texts(string, foreign, 0xa5);
        // A NUL would end the string: each is written as a SUBSTITUTE.
        let read = string.replace('\0', "\u{1a}");
        let foreign = foreign.to_str().expect("it is UTF-8");
        account.push(json!({"text": read, "foreign": foreign, "after": "165"}));
    }
}

fn sequences(account: &mut Vec<Value>) {
    let many: Vec<u8> = (0..=u8::MAX).cycle().take(5000).collect();
    let nan = f64::from_bits(0x7ff8_0000_dead_beef);
    for (bytes, words, longs, doubles, flags) in [
        (&[][..], &[][..], &[][..], &[][..], &[][..]),
        (&[0, 255], &[0, u16::MAX], &[i64::MIN, -1, i64::MAX], &[-0.0, nan], &[true, false]),
        (&many, &[1], &[0], &[f64::NEG_INFINITY], &[true; 9]),
        (&[], &[7; 3], &[], &[0.1], &[]),
    ] {
        slices(bytes, words, longs, doubles, flags, 0x5a);
        account.push(json!({
            "bytes": list(bytes, text), "words": list(words, text), "longs": list(longs, text),
            "doubles": list(doubles, double), "flags": list(flags, |flag| text(u8::from(flag))), "after": "90",
        }));
    }
    for (bytes, longs, singles, letters) in [
        ([0; 4], [i32::MIN, 0, i32::MAX], [0.0f32; 2], ['\0', 'z']),
        ([1, 2, 3, 255], [-1; 3], [-0.0, f32::MAX], ['🦀', 'é']),
    ] {
        arrays(bytes, longs, &singles, letters, [], 0xff);
        account.push(json!({
            "bytes": list(&bytes, text), "longs": list(&longs, text),
            "singles": list(&singles, |single| text(single.to_bits())),
            "letters": list(&letters, |letter| text(u32::from(letter))), "none": [], "after": "255",
        }));
    }
}

fn composed(account: &mut Vec<Value>) {
    let long = "0123456789".repeat(100);
    for (maybe, name, pair, nested) in [
        (None, None, (0, ""), None),
        (Some(u32::MAX), Some("name"), (255, "b"), Some((i16::MIN, None))),
        (Some(0), Some(&*long), (1, &*long), Some((-1, Some(-0.0)))),
    ] {
        others(maybe, name, pair, nested, 0x77);
        let inner =
            nested.map(|(first, second)| json!({"0": text(first), "1": second.map(double)}));
        account.push(json!({
            "maybe": maybe.map(text), "name": name, "pair": {"0": text(pair.0), "1": pair.1}, "nested": inner,
            "after": "119",
        }));
    }
}

/// An element that has a length or a tag of its own is read as a structure with the member `value`.
fn nested(account: &mut Vec<Value>) {
    let value = |value: Value| json!({"value": value});
    for (texts, pairs, rows, maybe, grid) in [
        (&[][..], &[][..], &[][..], [None; 3], [[0; 2]; 2]),
        (
            &["a", "", "bcd"],
            &[(1, "one"), (2, "")],
            &[&[][..], &[-1, i32::MAX]],
            [None, Some(1), Some(255)],
            [[1, 2], [3, 4]],
        ),
    ] {
        several(texts, pairs, rows, maybe, grid, 0x7f);
        account.push(json!({
            "texts": texts,
            "pairs": list(pairs, |(number, name)| json!({"0": text(number), "1": name})),
            "rows": list(rows, |row| value(list(row, text))),
            "maybe": list(&maybe, |maybe| value(maybe.map_or(Value::Null, text))),
            "grid": list(&grid, |row| value(list(&row, text))),
            "after": "127",
        }));
    }
}

fn main() {
    let mut account = Vec::new();
    numbers(&mut account);
    floating(&mut account);
    strings(&mut account);
    sequences(&mut account);
    composed(&mut account);
    nested(&mut account);
    report::write(&account);
}
