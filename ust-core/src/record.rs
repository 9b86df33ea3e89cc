//! The hot path from the callsite down: for each channel that has the event on, one record.
//!
//! ```text
//!   record           one channel, a stream, room in the sub-buffer: straight through, no call
//!     '-- else -->   record_slowly    several channels, a first event, a full sub-buffer
//! ```
//!
//! The slow path is a call in tail position that starts over: so the fast one need not keep anything
//! across a call, and uses no register that it would have to save.

use crate::agent;
use crate::agent::protocol::MAX_CHANNELS;
use crate::callsite::{Callsite, CallsiteState};
use crate::thread_cache;
use crate::wire::Payload;

/// Writes an event into every channel that records it. Async-signal-safe.
#[inline(always)]
pub fn record<P: Payload>(callsite: &'static Callsite, payload: P) {
    let state = callsite.state();
    if !record_in_one(state, &payload) {
        record_slowly(state, payload);
    }
}

/// `false`, with nothing done, if it takes more.
#[inline(always)]
fn record_in_one<P: Payload>(state: CallsiteState, payload: &P) -> bool {
    let slots = state.slots();
    if !slots.is_power_of_two() {
        return false;
    }
    let slot = slots.trailing_zeros() as usize % MAX_CHANNELS;
    let cache = thread_cache::current();
    let outer = cache.enter();
    let stream = cache.stream(slot);
    let is_done = stream.is_some_and(|stream| stream.try_record(state.class_id(), payload));
    cache.leave(outer);
    is_done
}

#[cold]
#[inline(never)]
fn record_slowly<P: Payload>(state: CallsiteState, payload: P) {
    let slots = state.slots();
    for slot in (0..MAX_CHANNELS).filter(|slot| slots & 1 << slot != 0) {
        loop {
            let cache = thread_cache::current();
            let outer = cache.enter();
            let stream = cache.stream(slot);
            if let Some(stream) = stream {
                // A loss has been counted in the stream; the program has no use for it.
                let _ = stream.record(state.class_id(), &payload);
            }
            cache.leave(outer);
            // A first event gets its stream, and comes round again.
            if stream.is_some() || !agent::first_event(slot) {
                break;
            }
        }
    }
}
