//! What a thread keeps at hand: its stream in each channel, and whether it is in a tracepoint.
//!
//! ```text
//!   thread-local                 pages that a forked child finds zeroed
//!   current() ----------------> +--------------------------------------+
//!   (at first: EMPTY)           | streams, cpus  by channel slot       |
//!                               | in_probe       is_claimed, tid       |
//!                               +--------------------------------------+
//! ```
//!
//! After a fork, by whatever call, all of it is zero in the child: no stream is found, and the child's
//! first event takes the slow path, which sees that it is in a new process. That costs the fast path
//! nothing but the pointer.
//!
//! `in_probe` counts the tracepoints of the thread that are under way, down from zero: changed before a stream is
//! looked up, and changed back after its last use. Whoever takes memory away waits for it to be zero (see
//! [`quiesce`]); and a tracepoint that finds itself the only one knows that all its thread has recorded before is
//! committed (see [`Stream::try_record_usual`]).
//!
//! A thread's end is noticed by a pthread key, which gives its streams back. Where ours is too high to be set without
//! allocating, its cache stays claimed until another thread finds none free, and asks who is still there.
#![allow(unsafe_code)]

mod blocks;
mod current;
mod mark;

pub use current::current;

use crate::agent::protocol::MAX_CHANNELS;
use crate::callsite::SLOT_VALUES;
use crate::channel::CpuStreams;
use crate::stream::Stream;
use crate::sync::{
    AtomicBool, AtomicPtr, AtomicU32, Local, Ordering, WriterWord, compiler_fence, fence,
};
use core::ptr;
use rustix::process::getpid;
use rustix::thread::gettid;
use std::io;
use std::time::{Duration, Instant};

const _: () = assert!(MAX_CHANNELS <= crate::callsite::SLOTS);

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub struct ThreadCache {
    // By slot; in those that are no channel's there never is anything. First those of the fast path.
    counting_streams: [AtomicPtr<Stream<Local>>; SLOT_VALUES],
    // Not at the beginning, which is a page's: a control page begins with the position. Processors take a load for
    // one of what was just stored at the same place of another page, and wait: a tenth of an event.
    in_probe: WriterWord<Local>,
    is_claimed: AtomicBool,
    // Whose it is; zero while that is not known, or being asked.
    tid: AtomicU32,
    cpus: [AtomicPtr<CpuStreams>; SLOT_VALUES],
    calling_streams: [AtomicPtr<Stream<Local>>; SLOT_VALUES],
}

/// The cache of every thread that has none. Its mark means nothing.
static EMPTY: ThreadCache = ThreadCache {
    counting_streams: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
    in_probe: WriterWord::new(0),
    is_claimed: AtomicBool::new(false),
    tid: AtomicU32::new(0),
    cpus: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
    calling_streams: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
};

/// The pthread key whose destructor tells that a thread ends, plus one; 0 when there is none.
static EXIT_KEY: AtomicU32 = AtomicU32::new(0);

/// The process whose threads have the caches: not a child of vfork, which has the same memory.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Keys below this lie in the thread itself: setting them does not allocate (glibc).
const KEYS_WITHOUT_MALLOC: libc::pthread_key_t = 32;

impl ThreadCache {
    /// Marks that one more tracepoint of this thread is under way. Whether it is the outermost: all that the thread
    /// has recorded before is committed. Not if it has left a tracepoint by siglongjmp, ever.
    // `quiesce` makes this thread's CPU order the store before the look-up; here it is the compiler.
    #[inline(always)]
    pub fn enter(&self) -> bool {
        let is_outermost = mark::lower(self);
        compiler_fence(Ordering::SeqCst);
        is_outermost
    }

    /// Takes the mark back.
    #[inline(always)]
    pub fn leave(&self) {
        // The last use of the stream comes before it; pairs with `quiesce`'s acquire.
        fence(Ordering::Release);
        mark::raise(self);
    }

    /// The thread's stream in the channel at `slot`, if its clock is a counter.
    #[inline(always)]
    pub fn counting_stream(&self, slot: usize) -> Option<&Stream<Local>> {
        // SAFETY: a stream that stands here is not freed before `quiesce` has seen this thread unmarked.
        // Relaxed: the thread itself stored it; others only take it away.
        unsafe { self.counting_streams[slot].load(Ordering::Relaxed).as_ref() }
    }

    /// The thread's stream in the channel at `slot`.
    #[inline(always)]
    pub fn stream(&self, slot: usize) -> Option<&Stream<Local>> {
        // SAFETY: as in `counting_stream`, and Relaxed for the same reason.
        let calling = || unsafe { self.calling_streams[slot].load(Ordering::Relaxed).as_ref() };
        self.counting_stream(slot).or_else(calling)
    }

    /// The streams of the per-CPU channel at `slot`.
    #[inline(always)]
    pub fn cpus(&self, slot: usize) -> Option<&CpuStreams> {
        // SAFETY: as in `stream`, and Relaxed for the same reason.
        unsafe { self.cpus[slot].load(Ordering::Relaxed).as_ref() }
    }

    /// Sets the streams of a per-CPU channel.
    pub fn set_cpus(&self, slot: usize, cpus: &'static CpuStreams) {
        self.cpus[slot].store(ptr::from_ref(cpus).cast_mut(), Ordering::Release);
    }

    /// Sets the thread's stream in a channel.
    pub fn set_stream(&self, slot: usize, stream: &'static Stream<Local>) {
        let streams =
            if stream.is_counting() { &self.counting_streams } else { &self.calling_streams };
        streams[slot].store(ptr::from_ref(stream).cast_mut(), Ordering::Release);
    }

    /// Takes the thread's stream, or streams, in a channel away again.
    pub fn clear(&self, slot: usize) {
        self.counting_streams[slot].store(ptr::null_mut(), Ordering::Release);
        self.calling_streams[slot].store(ptr::null_mut(), Ordering::Release);
        self.cpus[slot].store(ptr::null_mut(), Ordering::Release);
    }

    /// Frees the cache if its thread has ended and nobody noticed. `false` also if another thread is just looking.
    fn free_if_left(&self, release: impl Fn(&'static Stream<Local>)) -> bool {
        // The number is taken away first: whoever has it decides. One that was given to another thread since is that of a
        // thread alive.
        let tid = self.tid.swap(0, Ordering::AcqRel);
        if tid == 0 {
            return false;
        }
        // SAFETY: signal 0 is none: it asks whether the thread is there.
        let asked =
            unsafe { libc::syscall(libc::SYS_tgkill, OWNER.load(Ordering::Relaxed), tid, 0) };
        let has_ended =
            asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        if has_ended {
            self.give_back(release);
            self.is_claimed.store(false, Ordering::Release);
        } else {
            self.tid.store(tid, Ordering::Release);
        }
        has_ended
    }

    /// Empties it: its thread writes nothing more.
    fn give_back(&self, release: impl Fn(&'static Stream<Local>)) {
        // Marked: the channels that are looked at are not freed meanwhile.
        self.enter();
        self.take_streams().for_each(release);
        (0..MAX_CHANNELS).for_each(|slot| self.clear(slot));
        // Whatever the thread has left by siglongjmp, it is in none of it any more.
        self.in_probe.store(0, Ordering::Release);
    }

    /// The streams that the thread has.
    fn take_streams(&self) -> impl Iterator<Item = &'static Stream<Local>> {
        // SAFETY: as in `counting_stream`.
        self.counting_streams
            .iter()
            .chain(&self.calling_streams)
            .filter_map(|slot| unsafe { slot.swap(ptr::null_mut(), Ordering::AcqRel).as_ref() })
    }
}

/// A cache for the calling thread: the one it has, or a fresh one. Signals must be blocked. If it was that of a thread whose
/// end nobody noticed, its streams go to `release`.
pub fn own(release: impl Fn(&'static Stream<Local>)) -> Option<&'static ThreadCache> {
    let present = current();
    if present.is_claimed.load(Ordering::Relaxed) {
        return Some(present);
    }
    let fresh = blocks::claim(|claimed| exit_key().is_none() && claimed.free_if_left(&release))?;
    current::set(fresh);
    if let Some(key) = exit_key() {
        // SAFETY: the key exists; such a low one needs no allocation.
        unsafe { libc::pthread_setspecific(key, ptr::from_ref(fresh).cast()) };
    }
    // A child of vfork runs on its parent's thread, and takes the cache for that one: its own number would be a dead
    // thread's soon. Such a cache is never free again.
    if own_pid() == OWNER.load(Ordering::Relaxed) {
        fresh.tid.store(gettid().as_raw_nonzero().get() as u32, Ordering::Release);
    }
    Some(fresh)
}

fn own_pid() -> u32 {
    getpid().as_raw_nonzero().get() as u32
}

/// The key by which the end of a thread is noticed, if it is.
fn exit_key() -> Option<libc::pthread_key_t> {
    EXIT_KEY.load(Ordering::Acquire).checked_sub(1).filter(|key| *key < KEYS_WITHOUT_MALLOC)
}

/// Prepares for threads to end: `ended` is called with each stream of a thread that does.
pub fn initialise(ended: unsafe extern "C" fn(*mut libc::c_void)) {
    OWNER.store(own_pid(), Ordering::Relaxed);
    let mut key = 0;
    // SAFETY: a valid pointer and a destructor that stays linked.
    if unsafe { libc::pthread_key_create(&mut key, Some(ended)) } == 0 {
        EXIT_KEY.store(key + 1, Ordering::Release);
    }
}

/// The exit key's value, of a thread that ends: hands its streams to `release` and frees the cache.
///
/// # Safety
/// `value` is what [`own`] set for the calling thread.
pub unsafe fn thread_ends(value: *mut libc::c_void, release: impl Fn(&'static Stream<Local>)) {
    // SAFETY: caches are never unmapped.
    let cache: &'static ThreadCache = unsafe { &*value.cast() };
    // In a forked child the parent's value leads to zeroes: nothing to give back.
    if !cache.is_claimed.load(Ordering::Relaxed) {
        return;
    }
    current::forget();
    cache.tid.store(0, Ordering::Relaxed);
    cache.give_back(release);
    cache.is_claimed.store(false, Ordering::Release);
}

/// Forked child: forgets every cache. The forking thread's pointer leads into one, which therefore must
/// never be claimed again, by anybody.
pub fn forget_all() {
    blocks::forget();
    current::forget();
    OWNER.store(own_pid(), Ordering::Relaxed);
}

/// Takes the channel at `slot`, which stands in no slot any more, away from every thread, and waits until
/// none can be using it. `false` if some thread stayed in a tracepoint for longer than `patience` (stopped by a
/// debugger, say, or gone by siglongjmp): what it may use must not be freed.
pub fn quiesce(slot: usize, patience: Duration) -> bool {
    use rustix::thread::{MembarrierCommand, membarrier};
    let forget = |cache: &ThreadCache| cache.clear(slot);
    // Pairs with the one behind `set_stream`: whoever claimed a stream before the slot was emptied has
    // stored it by now, and it is overwritten; who claims later finds the slot empty.
    fence(Ordering::SeqCst);
    blocks::all().for_each(forget);
    let _ = membarrier(MembarrierCommand::RegisterPrivateExpedited);
    // After it, a thread whose mark we do not see will see the null that we stored.
    if membarrier(MembarrierCommand::PrivateExpedited).is_err() {
        return false;
    }
    let deadline = Instant::now() + patience;
    let mut is_quiet = true;
    for cache in blocks::all() {
        while cache.in_probe.load(Ordering::Acquire) != 0 && is_quiet {
            is_quiet = Instant::now() <= deadline;
            std::thread::sleep(Duration::from_millis(1));
        }
        // A first event that was under way may have stored it and be about to take it back.
        forget(cache);
    }
    is_quiet
}
