//! What one thread keeps at hand. The fields of the hot path come first.
#![allow(unsafe_code)]

use super::mark;
use crate::callsite::SLOT_VALUES;
use crate::cpu_streams::CpuStreams;
use crate::slots::Slots;
use core::ptr;
use std::io;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::Stream;
use ust_core::sync::{
    AtomicBool, AtomicPtr, AtomicU32, Local, Ordering, WriterWord, compiler_fence, fence,
};

const _: () = assert!(MAX_CHANNELS <= crate::callsite::SLOTS);

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ThreadCache {
    // By slot; in those that are no channel's there never is anything. First those of the fast path.
    counting_streams: [AtomicPtr<Stream<Local>>; SLOT_VALUES],
    // Not at the beginning, which is a page's: a control page begins with the position. Processors take a load for
    // one of what was just stored at the same place of another page, and wait: a tenth of an event.
    pub(super) in_probe: WriterWord<Local>,
    pub(super) is_claimed: AtomicBool,
    // Whose it is; zero while that is not known, `ASKING` while somebody asks.
    pub(super) tid: AtomicU32,
    cpus: [AtomicPtr<CpuStreams>; SLOT_VALUES],
    calling_streams: [AtomicPtr<Stream<Local>>; SLOT_VALUES],
}

/// The cache of every thread that has none. Its mark means nothing.
pub(super) static EMPTY: ThreadCache = ThreadCache {
    counting_streams: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
    in_probe: WriterWord::new(0),
    is_claimed: AtomicBool::new(false),
    tid: AtomicU32::new(0),
    cpus: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
    calling_streams: [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_VALUES],
};

/// Instead of the thread's number, while somebody asks whether it is still there.
const ASKING: u32 = u32::MAX;

/// Where the mark lies.
const MARK_OFFSET: usize = core::mem::offset_of!(ThreadCache, in_probe);

impl ThreadCache {
    /// What other copies of this code find where.
    #[cfg(test)]
    pub(crate) const FIELDS: [(&str, usize); 6] = [
        ("counting_streams", core::mem::offset_of!(ThreadCache, counting_streams)),
        ("in_probe", MARK_OFFSET),
        ("is_claimed", core::mem::offset_of!(ThreadCache, is_claimed)),
        ("tid", core::mem::offset_of!(ThreadCache, tid)),
        ("cpus", core::mem::offset_of!(ThreadCache, cpus)),
        ("calling_streams", core::mem::offset_of!(ThreadCache, calling_streams)),
    ];

    /// Marks that one more tracepoint of this thread is under way. Whether it is the outermost: all that the thread
    /// has recorded before is committed. Not if it has left a tracepoint by siglongjmp, ever.
    // `Caches::quiesce` makes this thread's CPU order the store before the look-up; here it is the compiler.
    #[inline(always)]
    pub(crate) fn enter(&self) -> bool {
        // SAFETY: the mark is the owner's, who alone calls this. (The empty cache is everybody's: its mark means nothing,
        // and leads to nothing.)
        let is_outermost = unsafe { mark::lower::<{ MARK_OFFSET }, _>(self) };
        compiler_fence(Ordering::SeqCst);
        is_outermost
    }

    /// Takes the mark back.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        // The last use of the stream comes before it; pairs with `Caches::quiesce`'s acquire.
        fence(Ordering::Release);
        // SAFETY: as in `enter`.
        unsafe { mark::raise::<{ MARK_OFFSET }, _>(self) };
    }

    /// The thread's stream in the channel at `slot`, if its clock is a counter.
    #[inline(always)]
    pub(crate) fn counting_stream(&self, slot: usize) -> Option<&Stream<Local>> {
        // SAFETY: a stream that stands here is not freed before `Caches::quiesce` has seen this thread unmarked.
        // Relaxed: the thread itself stored it; others only take it away.
        unsafe { self.counting_streams[slot].load(Ordering::Relaxed).as_ref() }
    }

    /// The thread's stream in the channel at `slot`.
    #[inline(always)]
    pub(crate) fn stream(&self, slot: usize) -> Option<&Stream<Local>> {
        // SAFETY: as in `counting_stream`, and Relaxed for the same reason.
        let calling = || unsafe { self.calling_streams[slot].load(Ordering::Relaxed).as_ref() };
        self.counting_stream(slot).or_else(calling)
    }

    /// The streams of the per-CPU channel at `slot`.
    #[inline(always)]
    pub(crate) fn cpus(&self, slot: usize) -> Option<&CpuStreams> {
        // SAFETY: as in `stream`, and Relaxed for the same reason.
        unsafe { self.cpus[slot].load(Ordering::Relaxed).as_ref() }
    }

    /// Sets the streams of a per-CPU channel.
    pub(crate) fn set_cpus(&self, slot: usize, cpus: &'static CpuStreams) {
        self.cpus[slot].store(ptr::from_ref(cpus).cast_mut(), Ordering::Release);
    }

    /// Sets the thread's stream in a channel.
    pub(crate) fn set_stream(&self, slot: usize, stream: &'static Stream<Local>) {
        let streams =
            if stream.is_counting() { &self.counting_streams } else { &self.calling_streams };
        streams[slot].store(ptr::from_ref(stream).cast_mut(), Ordering::Release);
    }

    /// Takes the thread's stream, or streams, in a channel away again.
    pub(crate) fn clear(&self, slot: usize) {
        self.counting_streams[slot].store(ptr::null_mut(), Ordering::Release);
        self.calling_streams[slot].store(ptr::null_mut(), Ordering::Release);
        self.cpus[slot].store(ptr::null_mut(), Ordering::Release);
    }

    /// Frees the cache if its thread, one of process `owner`, is gone. `false` also if another thread is just looking.
    pub(super) fn free_if_left(&self, owner: u32, slots: &Slots) -> bool {
        let tid = self.tid.load(Ordering::Relaxed);
        // Who is let in decides alone. A number that was given to another thread since is that of a thread alive.
        let enter =
            || self.tid.compare_exchange(tid, ASKING, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if tid == 0 || tid == ASKING || !enter() {
            return false;
        }
        // SAFETY: signal 0 is none: it asks whether the thread is there.
        let asked = unsafe { libc::syscall(libc::SYS_tgkill, owner, tid, 0) };
        let has_ended =
            asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        if has_ended {
            self.give_back(slots);
            self.tid.store(0, Ordering::Relaxed);
            // Release: pairs with the claim; the next owner finds it empty, and nobody's.
            self.is_claimed.store(false, Ordering::Release);
        } else {
            self.tid.store(tid, Ordering::Release);
        }
        has_ended
    }

    /// Notes whose it is, unless that is known, or being asked: then whoever asks puts it back.
    pub(super) fn note_owner(&self, tid: u32) {
        let _ = self.tid.compare_exchange(0, tid, Ordering::Release, Ordering::Relaxed);
    }

    /// Empties it: its thread writes nothing more.
    pub(super) fn give_back(&self, slots: &Slots) {
        // Marked: the channels that are looked at are not freed meanwhile.
        self.enter();
        self.take_streams().for_each(|stream| slots.release(stream));
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
