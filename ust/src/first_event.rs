//! A thread's first event in a channel: claims a stream for the thread, and sends the consumer the ring file that
//! holds it.
//!
//! Async-signal-safe. Signals are blocked meanwhile, so no handler sees a half-finished state. Nothing here
//! allocates, locks, or waits for the consumer.
#![allow(unsafe_code)]

use crate::cpu_streams::Way;
use crate::fork;
use crate::handover::Origin;
use crate::instance::Runtime;
use crate::lockfree::reclaim::{Marked, may_keep};
use crate::thread_cache::{self, ThreadCache};
use crate::undisturbed::Undisturbed;
use rustix::io::{self, Errno};
use ust_core::abi::Buffers;

impl Runtime {
    /// Gets the calling thread a stream in the channel at `slot`: its own, or one of its CPU that is written in this way.
    /// Returns `false` if the event cannot be recorded.
    #[cold]
    #[inline(never)]
    pub(crate) fn first_event(&'static self, slot: usize, way: Way) -> bool {
        let _undisturbed = Undisturbed::new();
        let outcome = self.claim_stream(slot, way);
        match outcome {
            // The channel is gone, and its counters with it. The slot may already be another channel's.
            Ok(()) | Err(Errno::CANCELED) => {}
            // The channel exists, but no stream could be had: counts the event as lost.
            Err(reason) => self.count_lost_marked(slot, reason),
        }
        outcome.is_ok()
    }

    fn claim_stream(&'static self, slot: usize, way: Way) -> io::Result<()> {
        fork::ensure_current(self, Origin::Any)?;
        self.orphans.close();
        // No cache is free, and there is no memory for more.
        let cache = self.caches.own(&self.slots).ok_or(Errno::NOMEM)?;
        // The caller has marked the cache that it saw, which may have been the empty one.
        cache.enter();
        let claimed = self.claim_for(cache, slot, way);
        cache.leave();
        claimed
    }

    fn claim_for(&self, cache: &ThreadCache, slot: usize, way: Way) -> io::Result<()> {
        // Without a channel: either it is gone (then nothing is counted), or there was no memory for it.
        let channel = self.slots.channel(slot).ok_or(Errno::NOMEM)?;
        let process = self.process().ok_or(Errno::NOMEM)?;
        let place = self.meeting_place().ok_or(Errno::NOENT)?;
        // If the ring file cannot be sent, the event is counted as lost and the next event tries again.
        let claimed = match channel.shape.buffers {
            // Another module's event claimed it already. Only this module's pointer to the cache is missing.
            Buffers::PerThread if cache.stream(slot).is_some() => None,
            Buffers::PerThread => {
                let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
                let stream = channel.claim(process, place, tid)?;
                // SAFETY: claimed for this thread, and only it finds the stream in its cache.
                cache.set_stream(slot, unsafe { stream.of_one_thread() });
                Some(stream)
            }
            Buffers::PerCpu => {
                let way = self.caches.way_of(cache, way);
                channel.claim_for_cpu(process, place, way)?;
                cache.set_cpus(slot, channel.cpus());
                None
            }
        };
        // Meanwhile another thread may have taken the channel out of its slot and wait for our mark to go. The
        // channel is not freed yet, but this thread must not find it again.
        if may_keep(self.slots.place(slot), channel) {
            return Ok(());
        }
        cache.clear(slot);
        if let Some(stream) = claimed {
            channel.release(stream);
        }
        Err(Errno::CANCELED)
    }

    /// Counts an event that found its stream closed at each of `record::MAX_TURNS` tries.
    pub(crate) fn give_up(&self, slot: usize) {
        self.count_lost_marked(slot, Errno::AGAIN);
    }

    /// Counts an event for which no stream could be had, by `reason`.
    fn count_lost_marked(&self, slot: usize, reason: Errno) {
        // Marked: the loss may also be counted in a mirror, which is freed with the channel.
        let cache = thread_cache::current();
        cache.enter();
        if self.slots.channel_uid(slot).is_some() {
            fork::count_lost(self, slot, reason);
        }
        cache.leave();
    }
}
