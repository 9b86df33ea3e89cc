//! `quiet MODE`: a million events of every type in a thread that may do nothing but compute.
//!
//! Modes: `still` lets no system call pass; `crosses` first emits until every sub-buffer has been used once, and
//! then takes pauses, for the reader to keep up; `wakes` is the same and lets `futex` pass. `allocates` and `calls`
//! are `still` with an allocation, or a system call, in the middle: they must not pass.
//!
//! Exit codes: 0 quiet, 3 memory was allocated; a system call dies of SIGSYS.

use std::ffi::CStr;
use std::time::{Duration, Instant};
use ust_acceptance::quiet::{CountingAllocator, allocations, forbid_system_calls};
use ust_core::tracepoint;

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
    let crosses = mode == "crosses" || mode == "wakes";
    let mut text = String::from("x");
    // The first of each, and of the clock.
    (0..4).for_each(emit);
    spin(Duration::from_micros(1));
    if crosses {
        // Every sub-buffer once, which is when its pages are asked for. Slowly enough to be taken up.
        for n in 0..100_000 {
            emit(n);
            if n % 100 == 0 {
                std::thread::sleep(Duration::from_micros(500));
            }
        }
    }
    let allowed: &[libc::c_long] = if mode == "wakes" { &[libc::SYS_futex] } else { &[] };
    forbid_system_calls(allowed);
    let before = allocations();
    for n in 0..EVENTS {
        emit(n);
        if n == EVENTS / 2 {
            match &*mode {
                "allocates" => text = text.repeat(2),
                // SAFETY: a system call without arguments, which the filter does not survive.
                "calls" => drop(unsafe { libc::getppid() }),
                _ => {}
            }
        }
        if crosses && n % 500 == 0 {
            spin(Duration::from_micros(200));
        }
    }
    let code = if allocations() == before { 0 } else { 3 };
    std::hint::black_box(text);
    // SAFETY: ends the process by the one call that passes.
    unsafe { libc::_exit(code) }
}
