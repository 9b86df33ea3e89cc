//! A thread's first event in a channel: gets the thread its stream, and the consumer the file that it lies in.
//!
//! Async-signal-safe: signals are blocked meanwhile, so that no handler finds it half done; nothing
//! allocates, nothing locks, nothing waits for the consumer.
#![allow(unsafe_code)]

use crate::fork;
use crate::handover::Origin;
use crate::instance::Runtime;
use crate::lockfree::reclaim::{Marked, may_keep};
use crate::thread_cache::{self, ThreadCache};
use crate::undisturbed::Undisturbed;
use rustix::io::{self, Errno};
use ust_core::abi::Buffers;
use ust_core::cpu;

impl Runtime {
    /// Gets the calling thread a stream in the channel at `slot`. `false` if the event cannot be recorded.
    #[cold]
    #[inline(never)]
    pub(crate) fn first_event(&'static self, slot: usize) -> bool {
        let _undisturbed = Undisturbed::new();
        let outcome = self.claim_stream(slot);
        match outcome {
            // The channel is gone, and so is whoever would count for it; the slot may be another's by now.
            Ok(()) | Err(Errno::CANCELED) => {}
            // No stream although there is a channel: that event is lost, and is counted.
            Err(reason) => self.count_lost_marked(slot, reason),
        }
        outcome.is_ok()
    }

    fn claim_stream(&'static self, slot: usize) -> io::Result<()> {
        fork::ensure_current(self, Origin::Any)?;
        self.orphans.close();
        // Where there is none they could not grow.
        let cache = self.caches.own(&self.slots).ok_or(Errno::NOMEM)?;
        // The caller marked the cache that it saw, which may have been the empty one.
        cache.enter();
        let claimed = self.claim_for(cache, slot);
        cache.leave();
        claimed
    }

    fn claim_for(&self, cache: &ThreadCache, slot: usize) -> io::Result<()> {
        // Without one: it is gone, and nothing is counted for it, or there was no memory for it.
        let channel = self.slots.channel(slot).ok_or(Errno::NOMEM)?;
        let process = self.process().ok_or(Errno::NOMEM)?;
        let place = self.meeting_place().ok_or(Errno::NOENT)?;
        // If its file cannot be sent, the event is counted as lost, and the next one tries again.
        let claimed = match channel.shape.buffers {
            // Another module's events have been here: what is new is only that module's pointer to the cache.
            Buffers::PerThread if cache.stream(slot).is_some() => None,
            Buffers::PerThread => {
                let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
                let stream = channel.claim(process, place, tid)?;
                // SAFETY: claimed for this thread, and only it finds the stream in its cache.
                cache.set_stream(slot, unsafe { stream.of_one_thread() });
                Some(stream)
            }
            Buffers::PerCpu => {
                channel.claim_for_cpu(process, place, cpu::current())?;
                cache.set_cpus(slot, channel.cpus());
                None
            }
        };
        // The channel may have been taken out of its slot meanwhile, by somebody who waits for our mark to go: it
        // is not freed yet, and must not be found again.
        if may_keep(self.slots.place(slot), channel) {
            return Ok(());
        }
        cache.clear(slot);
        if let Some(stream) = claimed {
            channel.release(stream);
        }
        Err(Errno::CANCELED)
    }

    /// Counts an event whose streams were closed as fast as they were had.
    pub(crate) fn give_up(&self, slot: usize) {
        self.count_lost_marked(slot, Errno::AGAIN);
    }

    /// Counts an event for which no stream could be had, for that reason.
    fn count_lost_marked(&self, slot: usize, reason: Errno) {
        // Marked, as it may count beside the channel's rings, in what is freed with them.
        let cache = thread_cache::current();
        cache.enter();
        if self.slots.channel_uid(slot).is_some() {
            fork::count_lost(self, slot, reason);
        }
        cache.leave();
    }
}
