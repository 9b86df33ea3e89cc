//! Our tracepoints, recorded and switched off, in the executable itself. `plugin` has the same in a shared object.

use std::hint::black_box;
use ust::tracepoint;

#[tracepoint(provider = "bench", level = Info)]
fn small(number: u32);

#[tracepoint(provider = "bench", level = Info)]
fn large(bytes: u64, number: u32, name: &str);

// No rule names its provider.
#[tracepoint(provider = "unheard_of", level = Info)]
fn switched_off(number: u32);

/// One `u32`.
// None of these functions is inlined: callgrind counts the instructions within them by their names.
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

/// One `u32`, while the event is off.
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
