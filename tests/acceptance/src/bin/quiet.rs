//! `quiet MODE [PROGRESS]`: a million events of every type in a thread that may do nothing but compute.
//!
//! Modes: `still` lets no system call pass. `crosses` first emits until the test sets word 0 of the progress, and then,
//! with pauses for the reader to keep up, until the test has read enough and sets word 1. Word 2 is the number of events at
//! the end. `wakes` is the same and lets `futex` pass. `allocates` and `calls` are `still` with an allocation, or a system
//! call, in the middle: they must not pass.
//!
//! Exit codes: 0 quiet, 3 memory was allocated; a system call dies of SIGSYS.

use std::ffi::CStr;
use std::path::Path;
use std::time::{Duration, Instant};
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};
use ust_acceptance::quiet::{CountingAllocator, allocations, forbid_system_calls};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[tracepoint(provider = "quiet", level = Info)]
fn integers(a: u8, b: u16, c: u32, d: u64, e: usize, f: i8, g: i16, h: i32, i: i64, j: isize);

#[tracepoint(provider = "quiet", level = Info)]
fn others(flag: bool, letter: char, single: f32, double: f64);

#[tracepoint(provider = "quiet", level = Info)]
fn texts(text: &str, foreign: &CStr);

#[tracepoint(provider = "quiet", level = Info)]
fn sequences(
    bytes: &[u8],
    longs: &[u64],
    doubles: &[f64],
    flags: &[bool],
    array: [i32; 3],
    none: &[u16],
);

const EVENTS: u64 = 1_000_000;

/// Then the test has failed. The filter does not let the program look whether the test is still there.
const FAR_TOO_MANY: u64 = 1000 * EVENTS;

/// The first event of each kind, and the first reading of the clock.
const FIRST: u64 = 4;

const TEXT: &str = "neither a system call nor an allocation, \0 not even for this";

#[inline(never)]
fn emit(n: u64) {
    match n % 4 {
        0 => integers(
            n as u8, n as u16, n as u32, n, n as usize, n as i8, n as i16, n as i32, n as i64,
            n as isize,
        ),
        1 => others(n % 8 == 1, 'ß', n as f32, n as f64),
        2 => texts(&TEXT[..n as usize % TEXT.len()], c"foreign"),
        _ => sequences(
            &[1; 30][..n as usize % 30],
            &[n; 3],
            &[n as f64],
            &[true; 5],
            [n as i32; 3],
            &[],
        ),
    }
}

fn spin(duration: Duration) {
    let started = Instant::now();
    while started.elapsed() < duration {
        std::hint::spin_loop();
    }
}

#[allow(unsafe_code)]
fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let crosses = std::env::args().nth(2);
    let progress = crosses.as_deref().map(|path| Progress::create(Path::new(path)));
    let mut text = String::from("x");
    (0..FIRST).for_each(emit);
    spin(Duration::from_micros(1));
    let mut emitted = FIRST;
    if let (Some(progress), Some(path)) = (progress, &crosses) {
        // Fills every sub-buffer once, so that its pages are populated. Slowly enough for the reader.
        let lease = Lease::begin(Path::new(path));
        while progress.word(0) == 0 && !lease.is_over() {
            (0..100).for_each(emit);
            emitted += 100;
            std::thread::sleep(Duration::from_micros(500));
        }
        progress.note(2, emitted);
    }
    let allowed: &[libc::c_long] = if mode == "wakes" { &[libc::SYS_futex] } else { &[] };
    forbid_system_calls(allowed);
    let before = allocations();
    let is_awaited = |n| progress.is_some_and(|progress| progress.word(1) == 0) && n < FAR_TOO_MANY;
    let mut n = 0;
    while n < EVENTS || is_awaited(n) {
        emit(n);
        if n == EVENTS / 2 {
            match &*mode {
                "allocates" => text = text.repeat(2),
                // SAFETY: a system call without arguments, which the filter does not survive.
                "calls" => drop(unsafe { libc::getppid() }),
                _ => {}
            }
        }
        n += 1;
        if progress.is_some() && n.is_multiple_of(500) {
            spin(Duration::from_micros(200));
        }
    }
    progress.into_iter().for_each(|progress| progress.note(2, emitted + n));
    let code = if allocations() == before { 0 } else { 3 };
    std::hint::black_box(text);
    // SAFETY: ends the process by the one call that passes.
    unsafe { libc::_exit(code) }
}
