//! The program's own count of its events.
//!
//! A trace is checked against these numbers. So they are atomics of the program, and share nothing with the tracer but the
//! place of the call.

// The lint keeps atomics out of the tracer's own files. These belong to the traced program.
#![allow(clippy::disallowed_types)]

use serde_json::{Value, json};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How often each event was emitted.
#[derive(Debug)]
pub struct Emitted {
    /// See [`crate::events`], here and below.
    pub directory_entered: AtomicU64,
    pub file_indexed: AtomicU64,
    pub queue_wait: AtomicU64,
    pub thread_done: AtomicU64,
    pub tick: AtomicU64,
}

/// The one instance.
pub static EMITTED: Emitted = Emitted {
    directory_entered: AtomicU64::new(0),
    file_indexed: AtomicU64::new(0),
    queue_wait: AtomicU64::new(0),
    thread_done: AtomicU64::new(0),
    tick: AtomicU64::new(0),
};

/// `emit!(event(arguments))` calls the tracepoint `event` and counts the call. Async-signal-safe.
macro_rules! emit {
    ($event:ident($($argument:expr),* $(,)?)) => {{
        $crate::emitted::count(&$crate::emitted::EMITTED.$event);
        $crate::events::$event($($argument),*);
    }};
}
pub(crate) use emit;

/// Adds one. Relaxed: the numbers are read when the threads that count have been joined.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// How many ticks there were.
pub fn ticks() -> u64 {
    EMITTED.tick.load(Relaxed)
}

/// How many files were indexed.
pub fn files() -> u64 {
    EMITTED.file_indexed.load(Relaxed)
}

/// All of them, as `{"provider:event": number}`.
pub fn as_json() -> Value {
    let Emitted { directory_entered, file_indexed, queue_wait, thread_done, tick } = &EMITTED;
    json!({
        "indexer:directory_entered": directory_entered.load(Relaxed),
        "indexer:file_indexed": file_indexed.load(Relaxed),
        "indexer:queue_wait": queue_wait.load(Relaxed),
        "indexer:thread_done": thread_done.load(Relaxed),
        "indexer:tick": tick.load(Relaxed),
    })
}
