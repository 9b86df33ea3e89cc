//! The hot path from the callsite down: for each channel that has the event on, one record.
//!
//! ```text
//!   try_record        the usual case: one channel, this thread's stream, nothing of the thread's under way, the
//!     |               short header, short texts, room in the sub-buffer: straight through, no call
//!     '-- else -->      record_otherwise   the usual case of this CPU's stream, known at once from the callsite
//!       '-- else -->    record_generally   one channel, and room
//!         '-- else -->  record_slowly      several channels, a first event, a full sub-buffer, a closed stream
//! ```
//!
//! Each is a call in tail position that starts over: so the one before it need not keep anything across a
//! call, and uses no register that it would have to save. (The macro's expansion makes the first.)

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

/// How often one event looks for a stream in one channel. More than twice takes a daemon that closes them all.
const MAX_TURNS: usize = 8;

/// Writes an event, if it is the usual case. `false`, with nothing done, if not: then [`record_otherwise`]. `seen` is what
/// the callsite said when the event was found to be on; it may have changed since. Async-signal-safe.
#[inline(always)]
pub fn try_record<P: Payload>(callsite: &Switch, seen: CallsiteState, payload: P) -> bool {
    if seen.is_of_cpus() {
        unlikely();
        return false;
    }
    let cache = thread_cache::current();
    // Marked first: what the state leads to may be taken away, and something else put in its place.
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
// The expansion's function is all that it is for; several of one payload would share it by a call.
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
        // A first event gets its stream, and comes round again.
        let mut turns = 0..MAX_TURNS;
        while !record_in(slot, callsite, &payload) {
            if turns.next().is_none() {
                module::runtime().give_up(slot);
                break;
            }
            let Some(cache) = module::runtime().first_event(slot) else { break };
            // The runtime's, which may be another copy of this code: this one has a thread-local of its own.
            thread_cache::make_current(cache);
        }
    }
}

/// `false`, with nothing counted, if there is no stream.
fn record_in<P: Payload>(slot: usize, callsite: &Switch, payload: &P) -> bool {
    let cache = thread_cache::current();
    // Not where a tracepoint of this thread is interrupted by this one: what it waits for may be in there.
    let may_wait = cache.enter();
    let slots = callsite.slots();
    let class_id = callsite.state().class_id();
    let outcome = if slots & 1 << slot == 0 {
        // Switched off by now, and the slot perhaps another channel's.
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

/// The thread's stream is closed: it stays claimed, for good, and the thread forgets it. The next event is as
/// its first.
#[cold]
fn forget_closed(cache: &ThreadCache, slot: usize) {
    let _undisturbed = Undisturbed::new();
    cache.clear(slot);
}
