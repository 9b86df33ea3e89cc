//! Fork: how a child becomes a traced process of its own, and never writes into its parent's streams.
//!
//! ```text
//!   parent                     child
//!   caches, STATE page  -----> zero, whichever way it was forked (MADV_WIPEONFORK)
//!   ring mappings       -----> the same memory as the parent's!  replaced by private pages
//!   process file, slots -----> the parent's; replaced by own ones
//!   agent               -----> gone; `fork` (not a raw clone) starts one
//! ```
//!
//! [`ensure_current`] does the replacing. After `fork` the handler of `pthread_atfork` calls it; after a
//! raw `clone` the child's first event does, because no stream is found in its zeroed cache. It makes
//! system calls and copies, and neither allocates nor locks.
//!
//! A child of `vfork` shares its waiting parent's memory, `STATE` page included, and so is none of this.
//! Unsupported: a raw `clone` by a signal handler that interrupted a tracepoint; the interrupted record
//! goes to the parent's stream.

use super::{ProcessFile, channel, forget_process, process, registry, set_channel, set_process};
use crate::agent::protocol::MAX_CHANNELS;
use crate::channel::Channel;
use crate::shm::private;
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::thread_cache;
use core::ptr;

/// A page that a child finds zero.
static STATE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

const FORKED: u32 = 0;
const BECOMING: u32 = 1;
const CURRENT: u32 = 2;
/// It could not get a process file of its own, and is not traced.
const UNTRACED: u32 = 3;

#[allow(unsafe_code)]
fn state() -> Option<&'static AtomicU32> {
    // SAFETY: set once, to pages that are never unmapped.
    unsafe { STATE.load(Ordering::Acquire).as_ref() }
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

/// Makes sure that what this process has is its own. `false` while another thread is just doing so, or
/// if it cannot be had.
pub fn ensure_current() -> bool {
    let Some(state) = state() else { return false };
    match state.compare_exchange(FORKED, BECOMING, Ordering::Acquire, Ordering::Acquire) {
        Ok(_) => {
            let is_traced = become_own_process();
            state.store(if is_traced { CURRENT } else { UNTRACED }, Ordering::Release);
            is_traced
        }
        Err(found) => found == CURRENT,
    }
}

/// The child has one thread, and this is it, unless a raw clone's child made more before its first event.
#[allow(unsafe_code)]
fn become_own_process() -> bool {
    thread_cache::forget_all();
    let Some(parents) = process() else { return true };
    match ProcessFile::create_after_fork(parents).and_then(private::place) {
        Some(own) => {
            set_process(own);
            // SAFETY: only this process's threads look at its copy of the struct; there is one.
            unsafe { private::free(parents) };
            (0..MAX_CHANNELS).for_each(replace_channel);
            true
        }
        // Without a file of its own it cannot be traced, and must not pass for its parent.
        None => {
            forget_process();
            (0..MAX_CHANNELS).for_each(abandon_channel);
            false
        }
    }
}

fn replace_channel(slot: usize) {
    let Some(parents) = channel(slot) else { return };
    abandon_channel(slot);
    process().into_iter().for_each(|own| own.begin_losses(slot, parents.shape.uid));
    set_channel(slot, Channel::place(parents.shape));
}

/// The parent's struct stays, a page or two: a handler that forked in a tracepoint may still read it.
fn abandon_channel(slot: usize) {
    if let Some(parents) = channel(slot) {
        parents.files().for_each(|file| file.abandon());
        set_channel(slot, None);
    }
}

/// Before a fork: holds the registry, so that the child does not find it half changed. Gives up after a
/// while: a handler that forks may have interrupted the holder itself.
pub fn before() -> bool {
    for _ in 0..1000 {
        if registry::HOLDER.try_hold() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// After a fork, in both processes, if [`before`] held the registry.
pub fn let_registry_go() {
    registry::HOLDER.let_go();
}
