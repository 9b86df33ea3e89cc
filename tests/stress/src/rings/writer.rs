//! A writing thread of a round in this process, and its signal handlers.

use super::adapter::Ring;
use crate::config::Config;
use crate::ledger::DEPTHS;
use crate::signals::{self, Target};
use std::cell::Cell;
use ust_test_support::random::Random;

/// How many records one thread and its handlers emitted, by depth.
pub type Emitted = [u64; DEPTHS as usize];

/// A thread's state, as its handlers find it.
struct Writer<'a> {
    ring: &'a Ring,
    thread: u32,
    text_bytes: u64,
    begun: [Cell<u64>; DEPTHS as usize],
}

thread_local! {
    /// Null where there is nothing to write to.
    static WRITER: Cell<*const Writer<'static>> = const { Cell::new(core::ptr::null()) };
}

impl Writer<'_> {
    fn emit(&self, depth: usize) {
        // Nothing else emits at this depth: a handler's own signal is blocked while it runs.
        let sequence = self.begun[depth].get();
        self.begun[depth].set(sequence + 1);
        let source = self.thread * DEPTHS + depth as u32;
        self.ring.emit(source, sequence, self.text_bytes, depth > 0);
    }
}

extern "C" fn handler(signal: libc::c_int) {
    // SAFETY: this thread has set it to a value that lives until it is null again.
    if let Some(writer) = unsafe { WRITER.get().as_ref() } {
        writer.emit(signals::depth_of(signal) as usize);
    }
}

/// Installs the handlers. May be called again.
pub fn prepare() {
    signals::handle_all(handler);
}

/// Emits the records of one thread in this round.
pub fn run(config: &Config, thread: u32, ring: &Ring, target: &Target) -> Emitted {
    let writer = Writer { ring, thread, text_bytes: config.text_bytes, begun: Default::default() };
    WRITER.set(core::ptr::from_ref(&writer).cast());
    target.enter();
    let mut random = Random::new(config.seed ^ u64::from(thread) << 32);
    for _ in 0..config.events {
        writer.emit(0);
        target.step();
        if random.below(config.pause_in) == 0 {
            std::thread::yield_now();
        }
    }
    target.leave();
    // A signal that was sent before may still come. From here on its handler finds nothing.
    signals::block_all();
    WRITER.set(core::ptr::null());
    writer.begun.map(|begun| begun.get())
}
