//! What one thread keeps at hand. The hot path's fields come first.
#![allow(unsafe_code)]

use crate::callsite::SLOT_VALUES;
use crate::cpu_streams::CpuStreams;
use crate::lockfree::reclaim::Marked;
use crate::lockfree::{Lent, Mark, Tenant, mark};
use crate::slots::Slots;
use std::io;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::Stream;
use ust_core::sync::Local;

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ThreadCache {
    // By slot; a slot value that names no channel is always empty. The fast path's streams come first.
    counting_streams: [Lent<Stream<Local>>; SLOT_VALUES],
    reserved: [u64; 16],
    // Never at the start of a page, where a control page has its position. If a load and a recent store have the same
    // offset in different pages, processors assume that the load depends on the store (4K aliasing) and wait, which
    // costs a tenth of an event.
    in_probe: Mark,
    pub(super) tenant: Tenant,
    cpus: [Lent<CpuStreams>; SLOT_VALUES],
    calling_streams: [Lent<Stream<Local>>; SLOT_VALUES],
}

/// The cache of every thread that has none of its own. Its mark means nothing.
pub(super) static EMPTY: ThreadCache = ThreadCache {
    counting_streams: [const { Lent::nothing() }; SLOT_VALUES],
    reserved: [0; 16],
    in_probe: Mark::unset(),
    tenant: Tenant::nobody(),
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
    assert!(MARK_OFFSET % 256 == 128 && padded_bytes.is_multiple_of(256));
};

impl ThreadCache {
    /// The offsets by which other copies of this code find the fields.
    #[cfg(test)]
    pub(crate) fn fields() -> [(&'static str, usize); 6] {
        use core::mem::offset_of;
        let tenant = |index: usize| {
            let (name, offset) = Tenant::FIELDS[index];
            (name, offset_of!(ThreadCache, tenant) + offset)
        };
        [
            ("counting_streams", offset_of!(ThreadCache, counting_streams)),
            ("in_probe", MARK_OFFSET),
            tenant(0),
            tenant(1),
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

impl Marked for ThreadCache {
    fn mark(&self) -> &Mark {
        &self.in_probe
    }

    fn clear(&self, slot: usize) {
        self.counting_streams[slot].clear();
        self.calling_streams[slot].clear();
        self.cpus[slot].clear();
    }
}
