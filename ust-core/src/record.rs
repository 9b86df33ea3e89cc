//! The hot path from the callsite down: for each channel that has the event on, one record.
//!
//! ```text
//!   callsite word --slots--> thread cache --stream--> reserve, encode, commit
//!                                 '--none: first event of this thread in this channel (cold)
//! ```

use crate::agent;
use crate::agent::protocol::MAX_CHANNELS;
use crate::callsite::Callsite;
use crate::thread_cache;
use crate::wire::Payload;

/// Writes an event into every channel that records it. Async-signal-safe.
#[inline(always)]
pub fn record<P: Payload>(callsite: &'static Callsite, payload: P) {
    let state = callsite.state();
    let mut slots = state.slots();
    while slots != 0 {
        let slot = slots.trailing_zeros() as usize % MAX_CHANNELS;
        slots &= slots - 1;
        record_in(slot, state.class_id(), &payload);
    }
}

#[inline(always)]
fn record_in<P: Payload>(slot: usize, class_id: u32, payload: &P) {
    loop {
        let cache = thread_cache::current();
        let outer = cache.enter();
        let stream = cache.stream(slot);
        if let Some(stream) = stream {
            // A loss has been counted in the stream; the program has no use for it.
            let _ = stream.record(class_id, payload);
        }
        cache.leave(outer);
        if stream.is_some() || !agent::first_event(slot) {
            return;
        }
    }
}
