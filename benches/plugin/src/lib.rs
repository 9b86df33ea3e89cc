//! The small event from a shared object that is loaded at run time.
//!
//! ```text
//!   executable:      mov  rax, fs:[constant]            the thread's cache
//!   shared object:   call __tls_get_addr                the same, by way of the loader's table
//! ```
//!
//! It carries a copy of `ust` of its own, which joins the contestant's.
#![allow(unsafe_code)]

use std::hint::black_box;
use ust::tracepoint;

#[tracepoint(provider = "bench", level = Info)]
fn small(number: u32);

/// One `u32`, so often.
// SAFETY: no other object of the contestant has this name.
#[unsafe(no_mangle)]
pub extern "C" fn ust_bench_plugin_emit(events: u64) {
    for event in 0..events {
        small(black_box(event as u32));
    }
}

/// Whether the event is on.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn ust_bench_plugin_is_on() -> bool {
    small::enabled()
}
