//! Fork: how a child becomes a traced process of its own, and never writes into its parent's streams.
//!
//! ```text
//!   parent                     child
//!   caches, state page  -----> zero, by whatever call it was forked (MADV_WIPEONFORK)
//!   ring mappings       -----> the same memory as the parent's!  replaced by private pages
//!   process file, slots -----> the parent's; replaced by own ones
//!   agent               -----> gone; `fork` (not a raw clone) starts one
//!
//!                 own file, own channels, introduced
//!   FORKED --> BECOMING ------------------------------> CURRENT
//!                 |  ^ the next event, or the agent tries again
//!                 v  |
//!              UNTRACED    no descriptor, no memory: events are counted in the nearest ancestor's file
//! ```
//!
//! A recorder may ask not to follow children ([`Options`](ust_core::shim::Options)). Then a child has neither a file nor
//! channels, and its events are off.
//!
//! [`ensure_current`] does the replacing. After `fork` the handler of `pthread_atfork` calls it. After a raw `clone`
//! the child's first event calls it, because it finds no stream in its zeroed cache. It makes system calls and copies;
//! it neither allocates nor locks.
//!
//! The consumer must keep the ancestor's file for as long as a child counts there, even if the ancestor is dead. So
//! each `fork` marks the file beforehand ([`ProcessFile::add_heir`]), and the child removes the mark when it has a file
//! of its own. The runtime does not notice a raw `clone`, so that child adds the mark at its first event.
//!
//! A child of `vfork` shares the memory of its waiting parent, the state page included, and none of this applies: its
//! events are its parent's thread's (`thread_cache::Caches` decides whose tid it notes).
//!
//! Unsupported: a raw `clone` by a signal handler that interrupted a tracepoint. The interrupted record goes to the
//! parent's stream.

use crate::channel::Channel;
use crate::handover::Origin;
use crate::instance::Runtime;
use crate::process_file::ProcessFile;
use rustix::io::{self, Errno};
use std::time::Duration;
use ust_core::clock::monotonic_ns;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::shm::private;

/// How long a fork waits for a thread that changes the registry. A change takes milliseconds, unless the machine is
/// very busy.
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes sure that this process has files and channels of its own, and that the consumer has its process file. Counting
/// in a file that the consumer does not have would lose the counts.
///
/// # Errors
/// The process file or a channel cannot be had, with the reason of the last try; or `AGAIN`: another thread is just
/// making them. Later calls try again.
pub(crate) fn ensure_current(runtime: &'static Runtime, origin: Origin) -> io::Result<()> {
    let Some(becoming) = runtime.ancestry.enter()? else { return Ok(()) };
    let is_first = becoming.is_first;
    if is_first {
        leave_parent(runtime, origin);
    }
    let became = if runtime.follows_children() {
        become_own_process(runtime, origin)
    } else {
        leave_channels(runtime);
        Ok(())
    };
    if became.is_ok() && is_first {
        part_with_ancestor(runtime, origin);
    }
    runtime.ancestry.leave(becoming, became);
    became
}

/// Lets go of all that the parent's threads and channels hold.
fn leave_parent(runtime: &Runtime, origin: Origin) {
    runtime.caches.forget_all();
    runtime.registry.lose_what_is_half_changed();
    // The structs of the parent's files stay, a page or two: if a handler forked within a tracepoint, the tracepoint
    // may still read them.
    let files = runtime.slots.channels().flat_map(|(_, channel)| channel.files());
    files.for_each(|file| file.abandon());
    if let Some(parents) = runtime.process() {
        runtime.ancestry.set_ancestor(Some(parents));
        runtime.forget_process();
    }
    if let (Origin::Any, Some(ancestor)) = (origin, runtime.ancestry.ancestor()) {
        ancestor.add_heir();
    }
}

/// The child is not traced, as the recorder asked: it has no process file, and no channel that an event could be written to or
/// counted in.
fn leave_channels(runtime: &Runtime) {
    (0..MAX_CHANNELS).for_each(|slot| runtime.slots.set_channel(slot, None));
}

/// Makes the process file and channels, and introduces them. On failure everything is as before.
fn become_own_process(runtime: &Runtime, origin: Origin) -> io::Result<()> {
    // No ancestor has a process file: nothing to replace.
    let Some(ancestor) = runtime.ancestry.ancestor() else { return Ok(()) };
    let place = runtime.meeting_place().ok_or(Errno::NOENT)?;
    let own = private::place(ProcessFile::create_after_fork(ancestor)?)?;
    let mut channels = [None; MAX_CHANNELS];
    let replaced = replace_channels(runtime, own, &mut channels);
    if let Err(reason) = replaced.and_then(|()| place.introduce_child(own, origin)) {
        let dirs = runtime.slots.channels().filter_map(|(_, channel)| channel.shape.shm_path);
        dirs.for_each(|dir| own.remove_mirror(dir));
        (0..MAX_CHANNELS).filter_map(|slot| own.take_mirror(slot)).for_each(free);
        channels.into_iter().flatten().for_each(free);
        free(own);
        return Err(reason);
    }
    runtime.set_process(own);
    for (slot, own) in channels.into_iter().enumerate().filter(|(_, own)| own.is_some()) {
        runtime.slots.set_channel(slot, own);
    }
    Ok(())
}

/// Makes a channel for each of the parent's. A channel that lacks memory in the parent lacks it here too, until the
/// child's agent gets it some.
fn replace_channels(
    runtime: &Runtime,
    own: &ProcessFile,
    channels: &mut [Option<&'static Channel>; MAX_CHANNELS],
) -> io::Result<()> {
    let starved = (0..MAX_CHANNELS).filter_map(|slot| Some((slot, runtime.slots.starved(slot)?)));
    starved.for_each(|(slot, uid)| own.begin_losses(slot, uid));
    for (slot, parents) in runtime.slots.channels() {
        own.set_mirror(slot, parents.shape.shm_path);
        own.begin_losses(slot, parents.shape.uid);
        channels[slot] = Some(Channel::place(parents.shape)?);
    }
    Ok(())
}

/// Frees what nobody but this function's caller has seen.
#[allow(unsafe_code)]
fn free<T>(unseen: &'static T) {
    // SAFETY: it came from `private::place`, and was stored nowhere.
    unsafe { private::free(unseen) };
}

/// The first try has succeeded: this process has never counted in the ancestor's file.
#[allow(unsafe_code)]
fn part_with_ancestor(runtime: &Runtime, origin: Origin) {
    let Some(ancestor) = runtime.ancestry.ancestor() else { return };
    match origin {
        Origin::Fork => {
            ancestor.remove_heir();
            runtime.ancestry.set_ancestor(None);
            // SAFETY: only this process's threads use its copy of the struct, and there is only one thread.
            unsafe { private::free(ancestor) };
        }
        // Another thread may be counting in it. The mark stays too: removing it now might be too early.
        Origin::Any => ancestor.close_descriptor(),
    }
}

/// Counts an event of the channel in `slot` for which no stream could be had, by `reason`. Async-signal-safe.
pub(crate) fn count_lost(runtime: &Runtime, slot: usize, reason: Errno) {
    match (runtime.process(), runtime.ancestry.ancestor()) {
        (Some(own), _) => own.count_lost(slot, reason),
        // A child that is not traced has no agent, so nothing frees channels.
        (None, Some(ancestor)) => {
            if let Some(uid) = runtime.slots.channel_uid(slot) {
                ancestor.count_lost_of(slot, uid, reason);
            }
        }
        (None, None) => {}
    }
}

/// Before a fork: marks the file in which the child may have to count, and holds the registry, so that the child does
/// not find it half changed. Returns whether it holds the registry.
///
/// Waits at most [`REGISTRY_TIMEOUT`]: the runtime must never block the program, and the thread that changes the
/// registry may be waiting for this one. (Memory allocators have atfork handlers of their own, which may have run by
/// now, and the other thread may want memory.) A child of a fork that gave up has no agent: it is traced by the rules
/// as they were at the fork, as the child of a raw `clone` is. Nothing in it ever waits for the registry: it is lost
/// there, and modules that join or leave find that at once.
///
/// A signal handler that forks never waits for the code that it interrupted: a thread that changes the registry has
/// signals blocked.
pub(crate) fn before(runtime: &Runtime) -> bool {
    // If the fork fails the mark stays. The consumer then keeps a dead process's file for longer than needed.
    let counted_in = runtime.process().or_else(|| runtime.ancestry.ancestor());
    counted_in.into_iter().for_each(ProcessFile::add_heir);
    let started_ns = monotonic_ns();
    let waited = || Duration::from_nanos(monotonic_ns() - started_ns);
    runtime.registry.hold(|| waited() >= REGISTRY_TIMEOUT)
}

/// After a fork, in the parent, if [`before`] held the registry.
pub(crate) fn after_in_parent(runtime: &Runtime) {
    runtime.registry.let_go();
}

/// After a fork, in the child, if [`before`] held the registry.
pub(crate) fn after_in_child(runtime: &Runtime) {
    runtime.registry.let_go_of_all();
}
