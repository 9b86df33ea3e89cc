//! What one thread keeps at hand. The hot path's fields come first.
#![allow(unsafe_code)]

use crate::callsite::SLOT_VALUES;
use crate::cpu_streams::{CpuStreams, Way};
use crate::lockfree::reclaim::{Marked, may_keep_on};
use crate::lockfree::{Lent, Mark, Tenant, mark};
use crate::slots::Slots;
use rustix::process::getpid;
use std::io;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::Stream;
use ust_core::sync::{AtomicU32, Local, OfCpu, Ordering};

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ThreadCache {
    // By slot; a slot value that names no channel is always empty. The fast path's streams come first.
    counting_streams: [Lent<Stream<Local>>; SLOT_VALUES],
    reserved: [u32; 15],
    /// The process to which the thread belongs, if it may be running as a child of vfork now; else 0.
    vforking: AtomicU32,
    // Never at the start of a page, as `private` has it. Wherever the block begins that the cache lies in.
    in_probe: Mark,
    pub(super) tenant: Tenant,
    // Of the CPU where the thread was last.
    cpu_streams: [Lent<Stream<OfCpu>>; SLOT_VALUES],
    cpus: [Lent<CpuStreams>; SLOT_VALUES],
    calling_streams: [Lent<Stream<Local>>; SLOT_VALUES],
}

/// The cache of every thread that has none of its own. Its mark means nothing.
pub(super) static EMPTY: ThreadCache = ThreadCache {
    counting_streams: [const { Lent::nothing() }; SLOT_VALUES],
    reserved: [0; 15],
    vforking: AtomicU32::new(0),
    in_probe: Mark::unset(),
    tenant: Tenant::nobody(),
    cpu_streams: [const { Lent::nothing() }; SLOT_VALUES],
    cpus: [const { Lent::nothing() }; SLOT_VALUES],
    calling_streams: [const { Lent::nothing() }; SLOT_VALUES],
};

/// The mark's offset.
const MARK_OFFSET: usize = core::mem::offset_of!(ThreadCache, in_probe);

// Wherever a cache lies in its block, its mark never lies at the start of a page. (On 32 bits it may: nobody measures
// there.)
#[cfg(target_pointer_width = "64")]
const _: () = {
    let padded_bytes = size_of::<crossbeam_utils::CachePadded<ThreadCache>>();
    assert!(MARK_OFFSET % 128 == 64 && padded_bytes.is_multiple_of(128));
};

impl ThreadCache {
    /// The offsets by which other copies of this code find the fields.
    #[cfg(test)]
    pub(crate) fn fields() -> [(&'static str, usize); 8] {
        use core::mem::offset_of;
        let tenant = |index: usize| {
            let (name, offset) = Tenant::FIELDS[index];
            (name, offset_of!(ThreadCache, tenant) + offset)
        };
        [
            ("counting_streams", offset_of!(ThreadCache, counting_streams)),
            ("vforking", offset_of!(ThreadCache, vforking)),
            ("in_probe", MARK_OFFSET),
            tenant(0),
            tenant(1),
            ("cpu_streams", offset_of!(ThreadCache, cpu_streams)),
            ("cpus", offset_of!(ThreadCache, cpus)),
            ("calling_streams", offset_of!(ThreadCache, calling_streams)),
        ]
    }

    /// Marks one more tracepoint of this thread as in progress. Returns whether it is the outermost (see
    /// [`mark::enter`]).
    #[inline(always)]
    pub(crate) fn enter(&self) -> bool {
        // SAFETY: only the mark's owner calls this. (All threads share the empty cache: its mark means nothing, and it
        // has no streams.)
        unsafe { mark::enter::<{ MARK_OFFSET }, _>(self) }
    }

    /// Takes the mark back.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        // SAFETY: as in `enter`.
        unsafe { mark::leave::<{ MARK_OFFSET }, _>(self) };
    }

    /// The thread's stream in the channel at `slot`, if its clock is a counter.
    #[inline(always)]
    pub(crate) fn counting_stream(&self, slot: usize) -> Option<&Stream<Local>> {
        self.counting_streams[slot].get()
    }

    /// The thread's stream in the channel at `slot`.
    #[inline(always)]
    pub(crate) fn stream(&self, slot: usize) -> Option<&Stream<Local>> {
        self.counting_stream(slot).or_else(|| self.calling_streams[slot].get())
    }

    /// The stream of the per-CPU channel at `slot` that the thread wrote to last, in sequences: most often it has not moved.
    #[inline(always)]
    pub(crate) fn last_cpu_stream(&self, slot: usize) -> Option<&Stream<OfCpu>> {
        self.cpu_streams[slot].get()
    }

    /// The stream of the per-CPU channel at `slot` that is written in sequences on the CPU where the thread is now, if there
    /// is one, and the thread may write to it.
    pub(crate) fn cpu_stream(&self, slot: usize) -> Option<&Stream<OfCpu>> {
        if self.is_vforked() {
            return None;
        }
        let stream = self.cpus[slot].get()?.sequenced();
        self.cpu_streams[slot].lend_on(stream);
        if !may_keep_on(&self.cpus[slot]) {
            self.cpu_streams[slot].clear();
        }
        stream
    }

    /// The way that the thread's events take in that channel.
    #[inline(always)]
    pub(crate) fn way(&self, cpus: &CpuStreams) -> Way {
        if self.is_vforked() { Way::Shared } else { Way::by(cpus.area()) }
    }

    /// Notes that the thread, one of process `pid`, is about to run as a child of vfork: in the memory of its waiting parent,
    /// with an area that the kernel does not keep for it. Such a child must not write in sequences.
    pub(crate) fn begin_vfork(&self, pid: u32) {
        // Relaxed: parent and child are one thread at a time.
        // A child's child finds it set.
        if self.vforking.load(Ordering::Relaxed) == 0 {
            self.vforking.store(pid, Ordering::Relaxed);
        }
        self.cpu_streams.iter().for_each(Lent::clear);
    }

    /// Notes that the calling thread, whose cache this is, is about to call vfork.
    pub(crate) fn before_vfork(&self) {
        if self.tenant.is_claimed() {
            self.begin_vfork(own_pid());
        }
    }

    /// Whether the caller is a child of vfork that was noted. The parent's thread finds that it is not, when it goes on.
    #[inline(always)]
    pub(crate) fn is_vforked(&self) -> bool {
        self.vforking.load(Ordering::Relaxed) != 0 && self.is_still_vforked()
    }

    #[cold]
    fn is_still_vforked(&self) -> bool {
        let is_vforked = self.vforking.load(Ordering::Relaxed) != own_pid();
        if !is_vforked {
            self.vforking.store(0, Ordering::Relaxed);
        }
        is_vforked
    }

    /// The streams of the per-CPU channel at `slot`.
    #[inline(always)]
    pub(crate) fn cpus(&self, slot: usize) -> Option<&CpuStreams> {
        self.cpus[slot].get()
    }

    /// Sets the streams of a per-CPU channel.
    pub(crate) fn set_cpus(&self, slot: usize, cpus: &'static CpuStreams) {
        self.cpus[slot].set(cpus);
    }

    /// Sets the thread's stream in a channel.
    pub(crate) fn set_stream(&self, slot: usize, stream: &'static Stream<Local>) {
        let streams =
            if stream.is_counting() { &self.counting_streams } else { &self.calling_streams };
        streams[slot].set(stream);
    }

    /// Frees the cache if its thread, one of process `owner`, is gone. Also `false` if another thread is just checking
    /// it.
    pub(super) fn free_if_left(&self, owner: u32, slots: &Slots) -> bool {
        let has_ended = |tid: u32| {
            // SAFETY: signal 0 sends nothing: it only asks whether the thread exists.
            let asked = unsafe { libc::syscall(libc::SYS_tgkill, owner, tid, 0) };
            asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
        };
        self.tenant.free_if(has_ended, || self.give_back(slots))
    }

    /// Empties the cache. Its thread writes nothing more into its streams.
    pub(super) fn give_back(&self, slots: &Slots) {
        // Marked, so that the channels it looks at are not freed meanwhile.
        self.enter();
        let streams = self.counting_streams.iter().chain(&self.calling_streams);
        streams.filter_map(Lent::take).for_each(|stream| slots.release(stream));
        (0..MAX_CHANNELS).for_each(|slot| self.clear(slot));
        self.in_probe.clear();
    }
}

pub(super) fn own_pid() -> u32 {
    getpid().as_raw_nonzero().get() as u32
}

impl Marked for ThreadCache {
    fn mark(&self) -> &Mark {
        &self.in_probe
    }

    fn clear(&self, slot: usize) {
        self.counting_streams[slot].clear();
        self.calling_streams[slot].clear();
        self.cpu_streams[slot].clear();
        self.cpus[slot].clear();
    }
}
