//! The caches of all threads: who gets one, what becomes of it when its thread ends, and how a channel is taken from all.
#![allow(unsafe_code)]

use super::ThreadCache;
use super::blocks::Blocks;
use super::current::{self, current};
use crate::lockfree::Announced32;
use crate::lockfree::reclaim::reclaim;
use crate::slots::Slots;
use crate::undisturbed::Undisturbed;
use core::ptr;
use rustix::process::getpid;
use rustix::thread::gettid;
use std::time::Instant;
use ust_core::sync::{AtomicU32, Ordering};

/// Keys below this lie in the thread itself: setting them does not allocate (glibc).
const KEYS_WITHOUT_MALLOC: libc::pthread_key_t = 32;

/// See the module page.
pub(crate) struct Caches {
    blocks: Blocks,
    /// The pthread key whose destructor tells that a thread ends, plus one; 0 when there is none.
    exit_key: Announced32,
    /// The process whose threads have the caches: not a child of vfork, which has the same memory.
    owner: AtomicU32,
}

impl Caches {
    pub(crate) const fn new() -> Self {
        Self { blocks: Blocks::new(), exit_key: Announced32::nothing(), owner: AtomicU32::new(0) }
    }

    /// A cache for the calling thread: the one it has, or a fresh one. Signals must be blocked. If that was a thread's that
    /// has ended, streams that it still had go back to their channels, in `slots`.
    pub(crate) fn own(&self, slots: &Slots) -> Option<&'static ThreadCache> {
        let (present, owner) = (current(), self.owner.load(Ordering::Relaxed));
        let cache = if present.tenant.is_claimed() {
            present
        } else {
            // Another process's threads it cannot ask for: a child of vfork may be in a namespace of its own.
            let is_owner = own_pid() == owner;
            self.blocks.claim(|claimed| is_owner && claimed.free_if_left(owner, slots))?
        };
        current::set(cache);
        if let Some(key) = self.exit_key() {
            // Also where the thread had one: it may be ending, and have given its streams back.
            // SAFETY: the key exists; such a low one needs no allocation.
            unsafe { libc::pthread_setspecific(key, ptr::from_ref(cache).cast()) };
        }
        // A child of vfork runs on its parent's thread, and takes the cache for that one: its own number would be a dead
        // thread's soon. Until that thread comes by itself, such a cache is never free.
        self.note_owner(cache);
        Some(cache)
    }

    fn note_owner(&self, cache: &ThreadCache) {
        if own_pid() == self.owner.load(Ordering::Relaxed) {
            cache.tenant.note(gettid().as_raw_nonzero().get() as u32);
        }
    }

    /// The key by which the end of a thread is noticed, if it is.
    fn exit_key(&self) -> Option<libc::pthread_key_t> {
        self.exit_key.get().checked_sub(1).filter(|key| *key < KEYS_WITHOUT_MALLOC)
    }

    /// Prepares for threads to end: `ended` is called with each stream of a thread that does.
    pub(crate) fn initialise(&self, ended: unsafe extern "C" fn(*mut libc::c_void)) {
        self.owner.store(own_pid(), Ordering::Relaxed);
        let mut key = 0;
        // SAFETY: a valid pointer and a destructor that stays linked.
        if unsafe { libc::pthread_key_create(&mut key, Some(ended)) } == 0 {
            self.exit_key.set(key + 1);
        }
    }

    /// The exit key's value, of a thread that ends: gives its streams back, to channels in `slots`.
    ///
    /// The cache stays the thread's until it is gone: thread-locals of any module that has joined may lead to it, and the
    /// thread's last destructors may emit.
    ///
    /// # Safety
    /// `value` is what [`Caches::own`] set for the calling thread.
    pub(crate) unsafe fn thread_ends(&self, value: *mut libc::c_void, slots: &Slots) {
        // SAFETY: caches are never unmapped.
        let cache: &'static ThreadCache = unsafe { &*value.cast() };
        // In a forked child the parent's value leads to zeroes: nothing to give back.
        if !cache.tenant.is_claimed() {
            return;
        }
        // A handler that emits meanwhile would get a stream that nobody gives back.
        let _undisturbed = Undisturbed::new();
        self.note_owner(cache);
        cache.give_back(slots);
    }

    /// Forked child: forgets every cache. The forking thread's pointer leads into one, which therefore must
    /// never be claimed again, by anybody.
    pub(crate) fn forget_all(&self) {
        self.blocks.forget();
        current::forget();
        self.owner.store(own_pid(), Ordering::Relaxed);
    }

    /// Takes the channel at `slot`, which stands in no slot any more, away from every thread, and waits until
    /// none can be using it. `false` if some thread stayed in a tracepoint until the deadline (stopped by a
    /// debugger, say, or gone by siglongjmp): what it may use must not be freed.
    pub(crate) fn quiesce(&self, slot: usize, deadline: Instant) -> bool {
        reclaim(|| self.blocks.all(), slot, || Instant::now() > deadline)
    }
}

fn own_pid() -> u32 {
    getpid().as_raw_nonzero().get() as u32
}
