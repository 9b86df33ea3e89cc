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
use crate::cpu_streams::Way;
use crate::lockfree::reclaim::Marked;
use crate::module;
use crate::thread_cache::{self, ThreadCache};
use crate::undisturbed::Undisturbed;
use ust_core::cpu;
use ust_core::hint::unlikely;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::{Elsewhere, Patience};
use ust_core::sync::{Local, Shared};
use ust_core::wire::Payload;

/// How often one event looks for a stream in one channel. Only moves to other CPUs, and a consumer that keeps closing streams,
/// make it look more than twice.
const MAX_TURNS: usize = 8;

/// After so many moves to another CPU, an event takes the way that does not depend on the CPU. A thread that takes single
/// steps for a debugger is moved at each.
const MAX_MOVES: usize = 4;

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
        stream.is_some_and(|it| it.try_record_usual(Local, state.class_id(), &payload))
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
    let is_done = cache.last_cpu_stream(state.fast_slot()).is_some_and(|stream| {
        stream
            .stay()
            .is_some_and(|stay| stream.try_record_usual(stay.writer(), state.class_id(), &payload))
    });
    cache.leave();
    if !is_done {
        record_generally(callsite, payload);
    }
}

/// Writes an event into every channel that records it, in one call, for payloads that lie in memory. Async-signal-safe.
#[inline(always)]
pub fn record<P: Payload>(callsite: &Switch, seen: CallsiteState, payload: &P) {
    #[cold]
    #[inline(never)]
    fn otherwise<P: Payload>(callsite: &Switch, payload: &P) {
        record_otherwise(callsite, payload);
    }

    if !try_record(callsite, seen, payload) {
        otherwise(callsite, payload);
    }
}

#[inline(never)]
fn record_generally<P: Payload>(callsite: &Switch, payload: P) {
    let cache = thread_cache::current();
    cache.enter();
    let state = callsite.state();
    let slot = state.only_slot();
    let class_id = state.class_id();
    let is_done = if let Some(cpus) = cache.cpus(slot) {
        match cache.way(cpus) {
            // What stands before the clock's fence takes its full time: as little as there can be.
            Way::Shared => {
                let stream = cpus.shared(cpu::current());
                stream.is_some_and(|stream| stream.try_record(Shared, class_id, &payload))
            }
            Way::Sequenced(_) => {
                let lent = cache.cpu_stream(slot).and_then(|stream| Some((stream, stream.stay()?)));
                lent.is_some_and(|(stream, stay)| {
                    stream.try_record(stay.writer(), class_id, &payload)
                })
            }
        }
    } else {
        let stream = cache.stream(slot);
        stream.is_some_and(|stream| stream.try_record(Local, class_id, &payload))
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
        let mut tries = Tries::default();
        while let Err(missing) = record_in(slot, callsite, &payload, &mut tries) {
            tries.turns += 1;
            if tries.turns == MAX_TURNS {
                module::runtime().give_up(slot);
                break;
            }
            // At a first event the thread gets its stream here, and the loop tries again.
            let Missing::Stream(way) = missing else { continue };
            let Some(cache) = module::runtime().first_event(slot, way) else { break };
            // The cache comes from the runtime, which may be another copy of this code. This copy has its own
            // thread-local.
            thread_cache::make_current(cache);
        }
    }
}

/// What one event has tried in one channel.
#[derive(Debug, Default)]
struct Tries {
    turns: usize,
    moves: usize,
    patience: Patience,
}

impl Tries {
    /// The thread has been moved to another CPU. A wait for room, after which it may wake up anywhere, begins a new count: such
    /// moves end with the wait, at the latest when its time is up.
    fn note_move(&mut self) {
        if self.patience.take_waited() {
            *self = Tries { patience: std::mem::take(&mut self.patience), ..Tries::default() };
        }
        self.moves += 1;
    }
}

/// What an event lacks that was not recorded, nor counted.
#[derive(Debug, Clone, Copy)]
enum Missing {
    /// A stream. If the channel is per-CPU, one that is written in this way.
    Stream(Way),
    /// A CPU to stay on.
    Rest,
}

fn record_in<P: Payload>(
    slot: usize,
    callsite: &Switch,
    payload: &P,
    tries: &mut Tries,
) -> Result<(), Missing> {
    let cache = thread_cache::current();
    // A tracepoint that interrupts another one of its thread must not wait: it might wait for the interrupted one.
    let may_wait = cache.enter();
    let slots = callsite.slots();
    let class_id = callsite.state().class_id();
    let outcome = if slots & 1 << slot == 0 {
        // The event has been switched off, and the slot may already be another channel's.
        Ok(())
    } else if let Some(stream) = cache.stream(slot) {
        let patience = may_wait.then_some(&mut tries.patience);
        stream.record(Local, class_id, payload, patience).map_err(|_closed| {
            forget_closed(cache, slot);
            Missing::Stream(Way::Shared)
        })
    } else {
        record_in_cpus(cache, (slot, class_id), payload, may_wait, tries)
    };
    cache.leave();
    outcome
}

/// Records into the stream of the CPU, if there are streams of CPUs.
fn record_in_cpus<P: Payload>(
    cache: &ThreadCache,
    (slot, class_id): (usize, u32),
    payload: &P,
    may_wait: bool,
    tries: &mut Tries,
) -> Result<(), Missing> {
    let cpus = cache.cpus(slot);
    let way = match cpus {
        _ if tries.moves == MAX_MOVES => Way::Shared,
        Some(cpus) => cache.way(cpus),
        None => Way::by(cpu::area()),
    };
    let missing = Missing::Stream(way);
    let Some(cpus) = cpus else { return Err(missing) };
    let patience = may_wait.then_some(&mut tries.patience);
    let outcome = match way {
        Way::Sequenced(cpu) => {
            let Some(stream) = cache.cpu_stream(slot) else { return Err(missing) };
            let outcome = match stream.stay() {
                Some(stay) => stream.record(stay.writer(), class_id, payload, patience),
                None => Err(Elsewhere::Moved),
            };
            outcome.inspect_err(|why| {
                if *why == Elsewhere::Closed {
                    cpus.forget_sequenced(cpu, stream);
                }
            })
        }
        Way::Shared => {
            let cpu = cpu::current();
            let Some(stream) = cpus.shared(cpu) else { return Err(missing) };
            let forget = |_: &Elsewhere| cpus.forget_shared(cpu, stream);
            stream.record(Shared, class_id, payload, patience).inspect_err(forget)
        }
    };
    outcome.map_err(|elsewhere| match elsewhere {
        Elsewhere::Closed => missing,
        Elsewhere::Moved => {
            tries.note_move();
            Missing::Rest
        }
    })
}

/// Called before `vfork`, by those who stand in front of it. Async-signal-safe.
pub fn before_vfork() {
    thread_cache::current().before_vfork();
}

/// Forgets the thread's stream, which is closed. The stream stays claimed for good. The thread's next event takes the
/// path of a first event.
#[cold]
fn forget_closed(cache: &ThreadCache, slot: usize) {
    let _undisturbed = Undisturbed::new();
    cache.clear(slot);
}
