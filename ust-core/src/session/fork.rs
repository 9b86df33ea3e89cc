//! Fork: how a child becomes a traced process of its own, and never writes into its parent's streams.
//!
//! ```text
//!   parent                     child
//!   caches, STATE page  -----> zero, whichever way it was forked (MADV_WIPEONFORK)
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
//! [`ensure_current`] does the replacing. After `fork` the handler of `pthread_atfork` calls it; after a
//! raw `clone` the child's first event does, because no stream is found in its zeroed cache. It makes
//! system calls and copies, and neither allocates nor locks.
//!
//! The daemon must keep the ancestor's file for as long as a child counts there, even when the ancestor is
//! dead. So it is told beforehand: each `fork` marks the file ([`ProcessFile::add_heir`]), and the child takes
//! the mark back when it has a file of its own. A raw `clone` is not seen; its child makes the mark at its
//! first event.
//!
//! A child of `vfork` shares its waiting parent's memory, `STATE` page included, and so is none of this: what it emits is
//! its parent's thread's (`thread_cache` looks whose number it notes).
//! Unsupported: a raw `clone` by a signal handler that interrupted a tracepoint; the interrupted record
//! goes to the parent's stream.

use super::{
    ProcessFile, channel, channel_uid, forget_process, process, registry, set_channel, set_process,
    starved,
};
use crate::agent::protocol::MAX_CHANNELS;
use crate::channel::Channel;
use crate::clock::monotonic_ns;
use crate::shm::private;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::thread_cache;
use core::ptr;
use rustix::io::{self, Errno};
use std::time::Duration;

/// A page that a child finds zero.
static STATE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

const FORKED: u32 = 0;
const BECOMING: u32 = 1;
const CURRENT: u32 = 2;
/// It could not get a process file of its own, and is not traced for now.
const UNTRACED: u32 = 3;

/// When an untraced child tries again, by `CLOCK_MONOTONIC`: an event that is only counted must stay cheap.
static NEXT_TRY_NS: AtomicU64 = AtomicU64::new(0);
const PAUSE_NS: u64 = 1_000_000;

/// Why it is untraced, as `errno` has it.
static UNTRACED_BECAUSE: AtomicU32 = AtomicU32::new(0);

/// The file in which an untraced child counts: that of the nearest ancestor that has one.
static ANCESTOR: AtomicPtr<ProcessFile> = AtomicPtr::new(ptr::null_mut());

/// What is known of how this process came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The handler of `fork` says it: there is one thread, and the parent has marked its file.
    Fork,
    /// An event, or the agent, asks: perhaps a raw clone, perhaps with threads by now.
    Any,
}

#[allow(unsafe_code)]
fn state() -> Option<&'static AtomicU32> {
    // SAFETY: set once, to pages that are never unmapped.
    unsafe { STATE.load(Ordering::Acquire).as_ref() }
}

#[allow(unsafe_code)]
fn ancestor() -> Option<&'static ProcessFile> {
    // SAFETY: the file that stood in `PROCESS`; freed only where there is one thread, which replaces it first.
    unsafe { ANCESTOR.load(Ordering::Acquire).as_ref() }
}

/// Prepares for forks. `false` if the kernel cannot wipe pages: then there is no tracing.
pub fn initialise() -> bool {
    let Some(page) = private::wiped_on_fork(size_of::<AtomicU32>()) else { return false };
    STATE.store(page.cast(), Ordering::Release);
    if let Some(state) = state() {
        state.store(CURRENT, Ordering::Release);
    }
    true
}

/// Makes sure that what this process has is its own.
///
/// `introduce` hands the new file to the daemon. A file that nobody has is as good as none: what is counted in
/// it would be lost. So an error of it means that the process has not got one yet.
///
/// # Errors
/// It cannot be had, for the reason that the last try met; or `AGAIN`: another thread is just doing so. Later calls
/// try again.
pub fn ensure_current(
    origin: Origin,
    introduce: impl Fn(&ProcessFile) -> io::Result<()>,
) -> io::Result<()> {
    let state = state().ok_or(Errno::NOSYS)?;
    let found = state.load(Ordering::Acquire);
    let may_try = match found {
        CURRENT => return Ok(()),
        FORKED => true,
        UNTRACED if monotonic_ns() < NEXT_TRY_NS.load(Ordering::Relaxed) => {
            return Err(Errno::from_raw_os_error(UNTRACED_BECAUSE.load(Ordering::Relaxed) as i32));
        }
        UNTRACED => true,
        _ => false,
    };
    let enter =
        || state.compare_exchange(found, BECOMING, Ordering::Acquire, Ordering::Acquire).is_ok();
    if !may_try || !enter() {
        return Err(Errno::AGAIN);
    }
    if found == FORKED {
        leave_parent(origin);
    }
    let became = become_own_process(introduce);
    if became.is_ok() && found == FORKED {
        part_with_ancestor(origin);
    }
    if let Err(reason) = became {
        UNTRACED_BECAUSE.store(reason.raw_os_error() as u32, Ordering::Relaxed);
        NEXT_TRY_NS.store(monotonic_ns() + PAUSE_NS, Ordering::Relaxed);
    }
    state.store(if became.is_ok() { CURRENT } else { UNTRACED }, Ordering::Release);
    became
}

/// Nothing that a thread or a channel holds is the child's.
fn leave_parent(origin: Origin) {
    thread_cache::forget_all();
    registry::HOLDER.lose_what_is_half_changed();
    // The structs of the parent's files stay, a page or two: a handler that forked in a tracepoint may still
    // read them.
    let channels = (0..MAX_CHANNELS).filter_map(channel);
    channels.flat_map(Channel::files).for_each(|file| file.abandon());
    if let Some(parents) = process() {
        ANCESTOR.store(ptr::from_ref(parents).cast_mut(), Ordering::Release);
        forget_process();
    }
    if let (Origin::Any, Some(ancestor)) = (origin, ancestor()) {
        ancestor.add_heir();
    }
}

/// If anything of it cannot be had, all is as before.
fn become_own_process(introduce: impl Fn(&ProcessFile) -> io::Result<()>) -> io::Result<()> {
    // Nobody has been traced so far: nothing to be replaced.
    let Some(ancestor) = ancestor() else { return Ok(()) };
    let own = private::place(ProcessFile::create_after_fork(ancestor)?)?;
    let mut channels = [None; MAX_CHANNELS];
    if let Err(reason) = replace_channels(own, &mut channels).and_then(|()| introduce(own)) {
        let dirs = (0..MAX_CHANNELS).filter_map(|slot| channel(slot)?.shape.shm_path);
        dirs.for_each(|dir| own.remove_mirror(dir));
        (0..MAX_CHANNELS).filter_map(|slot| own.take_mirror(slot)).for_each(free);
        channels.into_iter().flatten().for_each(free);
        free(own);
        return Err(reason);
    }
    set_process(own);
    for (slot, own) in channels.into_iter().enumerate().filter(|(_, own)| own.is_some()) {
        set_channel(slot, own);
    }
    Ok(())
}

/// A channel of one's own for each that the parent had. What the parent had no memory for the child has none for either,
/// until its agent gets it some.
fn replace_channels(
    own: &ProcessFile,
    channels: &mut [Option<&'static Channel>; MAX_CHANNELS],
) -> io::Result<()> {
    for (slot, uid) in (0..MAX_CHANNELS).filter_map(|slot| Some((slot, starved(slot)?))) {
        own.begin_losses(slot, uid);
    }
    let parents = (0..MAX_CHANNELS).filter_map(|slot| Some((slot, channel(slot)?)));
    for (slot, parents) in parents {
        own.set_mirror(slot, parents.shape.shm_path);
        own.begin_losses(slot, parents.shape.uid);
        channels[slot] = Some(Channel::place(parents.shape)?);
    }
    Ok(())
}

/// What nobody but this function's caller has seen.
#[allow(unsafe_code)]
fn free<T>(unseen: &'static T) {
    // SAFETY: it came from `private::place`, and was put nowhere.
    unsafe { private::free(unseen) };
}

/// The first try has succeeded: nobody counts in the ancestor's file for this process.
#[allow(unsafe_code)]
fn part_with_ancestor(origin: Origin) {
    let Some(ancestor) = ancestor() else { return };
    match origin {
        Origin::Fork => {
            ancestor.remove_heir();
            ANCESTOR.store(ptr::null_mut(), Ordering::Release);
            // SAFETY: only this process's threads look at its copy of the struct, and there is one.
            unsafe { private::free(ancestor) };
        }
        // Another thread may be counting in it. Not even the mark is taken back: that might come too early.
        Origin::Any => ancestor.close_descriptor(),
    }
}

/// Counts an event of the channel in `slot` for which no stream could be had, for that reason. Async-signal-safe.
pub fn count_lost(slot: usize, reason: Errno) {
    match (process(), ancestor()) {
        (Some(own), _) => own.count_lost(slot, reason),
        // A child that is not traced has no agent that would free channels.
        (None, Some(ancestor)) => {
            if let Some(uid) = channel_uid(slot) {
                ancestor.count_lost_of(slot, uid, reason);
            }
        }
        (None, None) => {}
    }
}

/// How long a fork waits for whoever changes the registry, which takes milliseconds, unless a machine is so busy.
const PATIENCE: Duration = Duration::from_secs(1);

/// Before a fork: marks the file in which the child may have to count, and holds the registry, so that the
/// child does not find it half changed.
///
/// Gives up on the latter after a second: the program must not hang of us, and whoever changes the registry may
/// wait for this very thread. Memory allocators have handlers of their own before a fork, which may have run by
/// now, and the other thread may want memory. What the child then misses is an agent: the registry is of no use to
/// it, so it is traced by the rules as they were at the fork, as the child of a raw `clone` is, and nothing in it
/// ever waits for the registry: agents do, and constructors, which have run.
///
/// A signal handler that forks does not wait for what it has interrupted: whoever changes the registry has signals
/// blocked.
pub fn before() -> bool {
    // If the fork fails the mark stays: the daemon then keeps a dead process's file for longer than it must.
    process().or_else(ancestor).into_iter().for_each(ProcessFile::add_heir);
    registry::HOLDER.hold(PATIENCE)
}

/// After a fork, in the parent, if [`before`] held the registry.
pub fn after_in_parent() {
    registry::HOLDER.let_go();
}

/// After a fork, in the child, if [`before`] held the registry.
pub fn after_in_child() {
    registry::HOLDER.let_go_of_all();
}
