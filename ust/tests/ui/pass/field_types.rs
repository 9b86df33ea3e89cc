//! Every type that can be a field.
use std::ffi::CStr;

use ust::tracepoint;

type Inode = u64;

#[tracepoint]
fn unsigned(a: u8, b: u16, c: u32, d: u64, e: usize);
#[tracepoint]
fn signed(a: i8, b: i16, c: i32, d: i64, e: isize);
#[tracepoint]
fn others(a: bool, b: char, c: f32, d: f64, e: Inode);
#[tracepoint]
fn texts(a: &str, b: &CStr, c: &'static str);
#[tracepoint]
fn several(a: &[u8], b: [u16; 4], c: &[i64; 2], d: &[bool], e: &[char], f: [f32; 0], g: &[usize]);
#[tracepoint]
fn options(a: Option<u8>, b: Option<&str>, c: Option<Option<[u8; 2]>>, d: Option<&'static [u64]>);
#[tracepoint]
fn structures(a: (u8, &str), b: (Inode, (f32, Option<&CStr>)), c: Option<(bool, char)>);
#[tracepoint]
fn nested(a: &[&str], b: &[(Inode, &str)], c: &[&[u8]], d: [Option<u8>; 2], e: [[u16; 2]; 2]);
#[tracepoint]
fn nothing();
#[tracepoint]
fn lifetimes<'a, 'b: 'a>(a: &'a str, b: &'b [u8], c: &'_ str);
#[tracepoint]
#[rustfmt::skip]
fn sixteen(
    a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8,
    i: u8, j: u8, k: u8, l: u8, m: u8, n: u8, o: u8, p: u8,
);

fn main() {
    unsigned(1, 2, 3, 4, 5);
    signed(1, 2, 3, 4, 5);
    others(true, 'x', 1.0, 2.0, 3);
    texts(&String::from("coerces"), c"b", "c");
    texts::with(|| ("a", c"b", "c"));
    several(&[1], [2; 4], &[3; 2], &[true], &['x'], [], &[4]);
    several::with(|| (&[1], [2; 4], &[3; 2], &[true], &['x'], [], &[4]));
    options(Some(1), None, Some(None), Some(&[7]));
    options::with(|| (None, Some("b"), Some(Some([1, 2])), None));
    structures((1, "b"), (2, (0.5, Some(c"c"))), None);
    structures::with(|| ((1, "b"), (2, (0.5, None)), Some((true, 'c'))));
    nested(&["a", "b"], &[(1, "c")], &[b"d", b""], [None, Some(1)], [[1, 2], [3, 4]]);
    nested::with(|| (&["a"], &[(1, "c")], &[b"d"], [None, Some(1)], [[1, 2], [3, 4]]));
    nothing();
    nothing::with(|| ());
    nothing::with(|| println!("is off"));
    let short_lived = String::from("a");
    lifetimes(&short_lived, &[1], "c");
    lifetimes::with(|| (&short_lived, b"bytes", "c"));
    sixteen(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}
