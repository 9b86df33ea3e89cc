//! The hot path from the callsite down: for each channel that has the event on, one record.
//!
//! ```text
//!   record            one channel, this thread's stream, room in the sub-buffer: straight through, no call
//!     '-- else -->    record_otherwise one channel, room, but this CPU's stream, or a clock that takes a call
//!       '-- else -->  record_slowly    several channels, a first event, a full sub-buffer, a closed stream
//! ```
//!
//! Each is a call in tail position that starts over: so the one before it need not keep anything across a
//! call, and uses no register that it would have to save.

use crate::agent;
use crate::agent::protocol::MAX_CHANNELS;
use crate::callsite::{Callsite, CallsiteState};
use crate::cpu;
use crate::stream::{Closed, Stream};
use crate::sync::Rmw;
use crate::thread_cache::{self, ThreadCache};
use crate::wire::Payload;

/// How often one event looks for a stream in one channel. More than twice takes a daemon that closes them all.
const MAX_TURNS: usize = 8;

/// Writes an event into every channel that records it. Async-signal-safe.
#[inline(always)]
pub fn record<P: Payload>(callsite: &'static Callsite, payload: P) {
    let state = callsite.state();
    if !record_in_one(state, |cache, slot| {
        let stream = cache.stream(slot);
        stream.is_some_and(|stream| stream.try_record_without_call(state.class_id(), &payload))
    }) {
        record_otherwise(state, payload);
    }
}

#[inline(never)]
fn record_otherwise<P: Payload>(state: CallsiteState, payload: P) {
    if !record_in_one(state, |cache, slot| {
        if let Some(cpus) = cache.cpus(slot) {
            let stream = cpus.stream(cpu::current());
            return stream.is_some_and(|stream| stream.try_record(state.class_id(), &payload));
        }
        cache.stream(slot).is_some_and(|stream| stream.try_record(state.class_id(), &payload))
    }) {
        record_slowly(state, payload);
    }
}

/// `false`, with nothing done, if it takes more.
#[inline(always)]
fn record_in_one(
    state: CallsiteState,
    try_record: impl FnOnce(&ThreadCache, usize) -> bool,
) -> bool {
    let slots = state.slots();
    if !slots.is_power_of_two() {
        return false;
    }
    let slot = slots.trailing_zeros() as usize % MAX_CHANNELS;
    let cache = thread_cache::current();
    let outer = cache.enter();
    let is_done = try_record(cache, slot);
    cache.leave(outer);
    is_done
}

#[cold]
#[inline(never)]
fn record_slowly<P: Payload>(state: CallsiteState, payload: P) {
    let slots = state.slots();
    for slot in (0..MAX_CHANNELS).filter(|slot| slots & 1 << slot != 0) {
        // A first event gets its stream, and comes round again.
        let mut turns = 0..MAX_TURNS;
        while !record_in(slot, state.class_id(), &payload) {
            if turns.next().is_none() {
                agent::count_lost(slot);
                break;
            }
            if !agent::first_event(slot) {
                break;
            }
        }
    }
}

/// `false`, with nothing counted, if there is no stream.
fn record_in<P: Payload>(slot: usize, class_id: u32, payload: &P) -> bool {
    let cache = thread_cache::current();
    let outer = cache.enter();
    let outcome = if let Some(stream) = cache.stream(slot) {
        write(stream, class_id, payload, outer).inspect_err(|Closed| agent::forget_closed(slot))
    } else if let Some(cpus) = cache.cpus(slot) {
        let cpu = cpu::current();
        match cpus.stream(cpu) {
            Some(stream) => write(stream, class_id, payload, outer)
                .inspect_err(|Closed| cpus.forget(cpu, stream)),
            None => Err(Closed),
        }
    } else {
        Err(Closed)
    };
    cache.leave(outer);
    outcome.is_ok()
}

/// Waits for room only if no tracepoint of this thread is interrupted by this one.
fn write<K: Rmw, P: Payload>(
    stream: &Stream<K>,
    class_id: u32,
    payload: &P,
    outer: u32,
) -> Result<(), Closed> {
    stream.record(class_id, payload, outer == 0)
}
