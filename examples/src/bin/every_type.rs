//! Every type that a field can have, with values from the edges.
//!
//! ```text
//! target/release/ust record -o /tmp/types -e 'types:*' -- target/release/every_type
//! target/release/ust view /tmp/types                    (or: babeltrace2 /tmp/types)
//! ```
//!
//! A value of another type is recorded as one of these: a `String` as `&str`, a `Vec<T>` as `&[T]`.

use std::ffi::CStr;
use ust::tracepoint;

#[tracepoint(provider = "types")]
fn unsigned(a: u8, b: u16, c: u32, d: u64, e: usize);

#[tracepoint(provider = "types")]
fn signed(a: i8, b: i16, c: i32, d: i64, e: isize);

// Floats keep all their bits, those of a NaN included.
#[tracepoint(provider = "types")]
fn floats(single: f32, double: f64);

// A `bool` is recorded as 0 or 1, a `char` as its code point.
#[tracepoint(provider = "types")]
fn others(yes: bool, letter: char);

// A trace's strings end at a zero: a NUL inside a `&str` is recorded as SUBSTITUTE (0x1A).
#[tracepoint(provider = "types")]
fn texts(text: &str, c_text: &CStr);

// Slices carry their length, and may be empty.
#[tracepoint(provider = "types")]
fn slices(bytes: &[u8], numbers: &[i64], singles: &[f32], flags: &[bool], letters: &[char]);

// The length of an array is part of its type and takes no room in the record.
#[tracepoint(provider = "types")]
fn arrays(address: [u8; 4], matrix: &[f64; 4]);

// An `Option` is a variant: its tag says whether there is a value. A tuple is a structure. Elements may have any type of a
// field.
#[tracepoint(provider = "types")]
fn composed(parent: Option<u64>, place: (f32, f32), named: Option<(&str, u16)>, path: &[&str]);

// An event may have no fields at all, and up to 16.
#[tracepoint(provider = "types")]
fn nothing();

fn main() {
    unsigned(u8::MIN, u16::MIN, u32::MIN, u64::MIN, usize::MIN);
    unsigned(u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX);
    signed(i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN);
    signed(i8::MAX, i16::MAX, i32::MAX, i64::MAX, isize::MAX);
    floats(-0.0, f64::MIN_POSITIVE);
    floats(f32::INFINITY, f64::NAN);
    others(false, 'a');
    others(true, '\u{10FFFF}');
    texts("", c"");
    texts("Übergrößenträger, 日本語", c"from C");
    slices(&[], &[], &[], &[], &[]);
    slices(b"bytes", &[i64::MIN, -1, i64::MAX], &[0.5, f32::MAX], &[true, false], &['x', 'é']);
    arrays([192, 0, 2, 1], &[1.0, 0.0, 0.0, 1.0]);
    composed(None, (0.5, -0.5), Some(("http", 80)), &["usr", "bin"]);
    nothing();
}
