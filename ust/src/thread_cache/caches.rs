//! The caches of all threads: how a thread gets one, what happens to it when the thread ends, how a channel is removed
//! from all of them.
#![allow(unsafe_code)]

use super::blocks::Blocks;
use super::cache::{ThreadCache, own_pid};
use super::current::{self, current};
use crate::cpu_streams::Way;
use crate::lockfree::Announced32;
use crate::lockfree::reclaim::reclaim;
use crate::slots::Slots;
use crate::undisturbed::Undisturbed;
use core::ptr;
use rustix::thread::gettid;
use std::time::Instant;
use ust_core::sync::{AtomicU32, Ordering};

/// glibc keeps the values of keys below this in the thread itself: setting them does not allocate.
const KEYS_WITHOUT_MALLOC: libc::pthread_key_t = 32;

/// See the module page.
pub(crate) struct Caches {
    blocks: Blocks,
    /// The pthread key whose destructor runs when a thread ends, plus one; 0 if there is none.
    exit_key: Announced32,
    /// The process whose threads own the caches. A child of vfork, which shares the memory, is another process.
    owner: AtomicU32,
}

impl Caches {
    pub(crate) const fn new() -> Self {
        Self { blocks: Blocks::new(), exit_key: Announced32::nothing(), owner: AtomicU32::new(0) }
    }

    /// A cache for the calling thread: its own, or a newly claimed one. Signals must be blocked. If a claimed cache
    /// still has streams of a thread that has ended, they go back to their channels, in `slots`.
    pub(crate) fn own(&self, slots: &Slots) -> Option<&'static ThreadCache> {
        let (present, owner) = (current(), self.owner.load(Ordering::Relaxed));
        let cache = if present.tenant.is_claimed() {
            present
        } else {
            // Only the owner can ask whether its threads exist: a child of vfork may be in another PID namespace.
            let is_owner = own_pid() == owner;
            self.blocks.claim(|claimed| is_owner && claimed.free_if_left(owner, slots))?
        };
        current::set(cache);
        if let Some(key) = self.exit_key() {
            // Set again even if the thread had a cache: the thread may be ending, and have given its streams back.
            // SAFETY: the key exists, and is low enough to need no allocation.
            unsafe { libc::pthread_setspecific(key, ptr::from_ref(cache).cast()) };
        }
        // A child of vfork claims the cache for its parent's thread and notes no tid: the child's own would soon be a
        // dead thread's. Such a cache is not freed until the parent's thread has noted its own tid.
        self.note_owner(cache);
        Some(cache)
    }

    /// The way that the calling thread's events take in a per-CPU channel, by what it asks for.
    pub(crate) fn way_of(&self, cache: &ThreadCache, asked: Way) -> Way {
        let owner = self.owner.load(Ordering::Relaxed);
        if own_pid() == owner {
            return asked;
        }
        cache.begin_vfork(owner);
        Way::Shared
    }

    fn note_owner(&self, cache: &ThreadCache) {
        if own_pid() == self.owner.load(Ordering::Relaxed) {
            cache.tenant.note(gettid().as_raw_nonzero().get() as u32);
        }
    }

    /// The key whose destructor notices the end of a thread, if there is one that can be set without allocating.
    fn exit_key(&self) -> Option<libc::pthread_key_t> {
        self.exit_key.get().checked_sub(1).filter(|key| *key < KEYS_WITHOUT_MALLOC)
    }

    /// Prepares for threads to end: `ended` is called with the cache of each ending thread that has one.
    pub(crate) fn initialise(&self, ended: unsafe extern "C" fn(*mut libc::c_void)) {
        self.owner.store(own_pid(), Ordering::Relaxed);
        let mut key = 0;
        // SAFETY: a valid pointer and a destructor that stays linked.
        if unsafe { libc::pthread_key_create(&mut key, Some(ended)) } == 0 {
            self.exit_key.set(key + 1);
            self.notice_end();
        }
    }

    /// Makes sure that the end of the calling thread is noticed, even if it has no event.
    pub(crate) fn notice_end(&self) {
        if let Some(key) = self.exit_key() {
            // SAFETY: the key exists, and is low enough to need no allocation. The empty cache is nobody's.
            unsafe {
                if libc::pthread_getspecific(key).is_null() {
                    libc::pthread_setspecific(key, ptr::from_ref(current::current()).cast());
                }
            }
        }
    }

    /// Gives an ending thread's streams back to their channels, in `slots`. `value` is the thread's value of the exit
    /// key.
    ///
    /// The cache stays the thread's until the thread is gone: thread-locals of any joined module may point to it, and
    /// the thread's last destructors may emit.
    ///
    /// # Safety
    /// `value` is what [`Caches::own`] or [`Caches::notice_end`] set for the calling thread.
    pub(crate) unsafe fn thread_ends(&self, value: *mut libc::c_void, slots: &Slots) {
        // SAFETY: caches are never unmapped.
        let cache: &'static ThreadCache = unsafe { &*value.cast() };
        // In a forked child the parent's value points to zeroes: nothing to give back.
        if !cache.tenant.is_claimed() {
            return;
        }
        // A handler that emitted meanwhile would claim a stream that nobody gives back.
        let _undisturbed = Undisturbed::new();
        self.note_owner(cache);
        cache.give_back(slots);
    }

    /// In a forked child: forgets every cache. The forking thread's pointer leads into one of them, so that one must
    /// never be claimed again, and none of them is.
    pub(crate) fn forget_all(&self) {
        self.blocks.forget();
        current::forget();
        self.owner.store(own_pid(), Ordering::Relaxed);
    }

    /// Removes the channel, which is in no slot any more, from every thread's cache at `slot`, and waits until no
    /// thread can be using it. `false` if a thread stayed in a tracepoint until the deadline (stopped by a debugger, or
    /// left by siglongjmp): then the memory that it may use must not be freed.
    pub(crate) fn quiesce(&self, slot: usize, deadline: Instant) -> bool {
        reclaim(|| self.blocks.all(), slot, || Instant::now() > deadline)
    }
}
