//! The hot path behind the callsite: writes one record for each channel that has the event on.
//!
//! ```text
//!   try_record        the usual case: one channel, this thread's stream, no other tracepoint of the thread in
//!     |               progress, the short header, short texts, room in the sub-buffer: straight through, no call
//!     '-- else -->      record_otherwise   the usual case of this CPU's stream, known at once from the callsite
//!       '-- else -->    record_generally   one channel, and room
//!         '-- else -->  record_slowly      several channels, a first event, a full sub-buffer, a closed stream
//! ```
//!
//! Each step calls the next in tail position, and the next starts over. So no step keeps anything across a call, and
//! none has registers to save. (The macro's expansion makes the first of these calls.)

use crate::callsite::{CallsiteState, Switch};
use crate::lockfree::reclaim::Marked;
use crate::module;
use crate::thread_cache::{self, ThreadCache};
use crate::undisturbed::Undisturbed;
use ust_core::cpu;
use ust_core::hint::unlikely;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::Closed;
use ust_core::wire::Payload;

/// How often one event looks for a stream in one channel. Only a consumer that keeps closing streams makes it look more
/// than twice.
const MAX_TURNS: usize = 8;

/// Writes the event if this is the usual case. Otherwise does nothing and returns `false`; the caller then calls
/// [`record_otherwise`]. `seen` is the callsite's state when the caller found the event on; it may have changed since.
/// Async-signal-safe.
#[inline(always)]
pub fn try_record<P: Payload>(callsite: &Switch, seen: CallsiteState, payload: P) -> bool {
    if seen.is_of_cpus() {
        unlikely();
        return false;
    }
    let cache = thread_cache::current();
    // Mark, then load the state again: without the mark, the channel that the state names may be freed and its slot
    // reused.
    let is_outermost = cache.enter();
    let state = callsite.state();
    let is_done = if is_outermost {
        let stream = cache.counting_stream(state.fast_slot());
        stream.is_some_and(|stream| stream.try_record_usual(state.class_id(), &payload))
    } else {
        unlikely();
        false
    };
    cache.leave();
    is_done
}

/// Writes an event into every channel that records it. Async-signal-safe.
// Inlined, because the expansion's cold function holds nothing else. Otherwise callsites of one payload type would
// share this function, and each would need one more call to reach it.
#[inline(always)]
pub fn record_otherwise<P: Payload>(callsite: &Switch, payload: P) {
    let cache = thread_cache::current();
    cache.enter();
    let state = callsite.state();
    let place = cache.cpus(state.fast_slot()).zip(cpu::at_hand());
    let stream = place.and_then(|(cpus, cpu)| cpus.stream(cpu));
    let is_done = stream.is_some_and(|it| it.try_record_usual(state.class_id(), &payload));
    cache.leave();
    if !is_done {
        record_generally(callsite, payload);
    }
}

#[inline(never)]
fn record_generally<P: Payload>(callsite: &Switch, payload: P) {
    let cache = thread_cache::current();
    cache.enter();
    let state = callsite.state();
    let slot = state.only_slot();
    let is_done = if let Some(cpus) = cache.cpus(slot) {
        let stream = cpus.stream(cpu::current());
        stream.is_some_and(|stream| stream.try_record(state.class_id(), &payload))
    } else {
        let stream = cache.stream(slot);
        stream.is_some_and(|stream| stream.try_record(state.class_id(), &payload))
    };
    cache.leave();
    if !is_done {
        record_slowly(callsite, payload);
    }
}

#[cold]
#[inline(never)]
fn record_slowly<P: Payload>(callsite: &Switch, payload: P) {
    let slots = callsite.slots();
    for slot in (0..MAX_CHANNELS).filter(|slot| slots & 1 << slot != 0) {
        // At a first event the thread gets its stream here, and the loop tries again.
        let mut turns = 0..MAX_TURNS;
        while !record_in(slot, callsite, &payload) {
            if turns.next().is_none() {
                module::runtime().give_up(slot);
                break;
            }
            let Some(cache) = module::runtime().first_event(slot) else { break };
            // The cache comes from the runtime, which may be another copy of this code. This copy has its own
            // thread-local.
            thread_cache::make_current(cache);
        }
    }
}

/// Returns `false`, and counts nothing, if there is no stream.
fn record_in<P: Payload>(slot: usize, callsite: &Switch, payload: &P) -> bool {
    let cache = thread_cache::current();
    // A tracepoint that interrupts another one of its thread must not wait: it might wait for the interrupted one.
    let may_wait = cache.enter();
    let slots = callsite.slots();
    let class_id = callsite.state().class_id();
    let outcome = if slots & 1 << slot == 0 {
        // The event has been switched off, and the slot may already be another channel's.
        Ok(())
    } else if let Some(stream) = cache.stream(slot) {
        stream.record(class_id, payload, may_wait).inspect_err(|Closed| forget_closed(cache, slot))
    } else if let Some(cpus) = cache.cpus(slot) {
        let cpu = cpu::current();
        match cpus.stream(cpu) {
            Some(stream) => stream
                .record(class_id, payload, may_wait)
                .inspect_err(|Closed| cpus.forget(cpu, stream)),
            None => Err(Closed),
        }
    } else {
        Err(Closed)
    };
    cache.leave();
    outcome.is_ok()
}

/// Forgets the thread's stream, which is closed. The stream stays claimed for good. The thread's next event takes the
/// path of a first event.
#[cold]
fn forget_closed(cache: &ThreadCache, slot: usize) {
    let _undisturbed = Undisturbed::new();
    cache.clear(slot);
}
