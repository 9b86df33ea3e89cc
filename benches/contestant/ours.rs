//! Ours: recorded, and switched off.
//!
//! In the executable itself; `plugin` has the same from a shared object.

use std::hint::black_box;
use ust::tracepoint;

#[tracepoint(provider = "bench", level = Info)]
fn small(number: u32);

#[tracepoint(provider = "bench", level = Info)]
fn large(bytes: u64, number: u32, name: &str);

// Of a provider that nobody asked for.
#[tracepoint(provider = "unheard_of", level = Info)]
fn switched_off(number: u32);

/// One `u32`.
// Not inlined, nor are the others: callgrind counts what happens inside of them, by name.
#[inline(never)]
pub fn emit_small(events: u64) {
    for event in 0..events {
        small(black_box(event as u32));
    }
}

/// A `u64`, a `u32` and 12 bytes of text.
#[inline(never)]
pub fn emit_large(events: u64) {
    for event in 0..events {
        large(event, black_box(event as u32), black_box("twelve bytes"));
    }
}

/// One `u32`, for nobody.
#[inline(never)]
pub fn emit_switched_off(events: u64) {
    for event in 0..events {
        switched_off(black_box(event as u32));
    }
}

/// Whether the events are on, or off, as they must be.
pub fn are_set_up() -> bool {
    small::enabled() && large::enabled() && !switched_off::enabled()
}
