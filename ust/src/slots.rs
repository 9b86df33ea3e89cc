//! The channels of this process, by slot.
//!
//! A *slot* is the number under which threads find a channel's stream in their cache, and the number of the
//! channel's bit in a callsite's word. One thread at a time applies rules, and holds the registry. Tracepoints read
//! slots without a lock.
//!
//! A channel without memory has a slot all the same, and callsites are on for it, so that its events are counted.
//! It is *starved* until the agent gets it the memory.

use crate::channel::Channel;
use crate::lockfree::{Announced64, Place};
use core::ptr;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::stream::Stream;
use ust_core::sync::Local;

/// See the module page.
pub(crate) struct Slots {
    channels: [Place<Channel>; MAX_CHANNELS],
    /// The identity of a channel that has the slot but no memory; 0 if there is none. When it is announced, the
    /// channel's loss counters are ready.
    starved: [Announced64; MAX_CHANNELS],
}

impl Slots {
    pub(crate) const fn new() -> Self {
        Self {
            channels: [const { Place::empty() }; MAX_CHANNELS],
            starved: [const { Announced64::nothing() }; MAX_CHANNELS],
        }
    }

    /// The channel at `slot`, if there is one. Async-signal-safe.
    ///
    /// The caller is marked as in a tracepoint, or holds the registry. Otherwise the channel may be freed.
    pub(crate) fn channel(&self, slot: usize) -> Option<&'static Channel> {
        self.channels[slot].get()
    }

    /// The place that holds the channel at `slot`.
    pub(crate) fn place(&self, slot: usize) -> &Place<Channel> {
        &self.channels[slot]
    }

    /// Every channel that has memory, with its slot. The caller must do as for [`channel`](Self::channel).
    pub(crate) fn channels(&self) -> impl Iterator<Item = (usize, &'static Channel)> {
        (0..MAX_CHANNELS).filter_map(|slot| Some((slot, self.channel(slot)?)))
    }

    /// Gives a thread's stream back to its channel. The caller is marked as in a tracepoint.
    pub(crate) fn release(&self, stream: &'static Stream<Local>) {
        let stream = ptr::from_ref(stream).cast();
        let _ = self.channels().any(|(_, channel)| channel.release(stream));
    }

    pub(crate) fn set_channel(&self, slot: usize, channel: Option<&'static Channel>) {
        self.channels[slot].set(channel);
    }

    /// The channel that has `slot`, with memory or without. Async-signal-safe. The caller must do as for
    /// [`channel`](Self::channel).
    pub(crate) fn channel_uid(&self, slot: usize) -> Option<u64> {
        self.channel(slot).map(|channel| channel.shape.uid).or_else(|| self.starved(slot))
    }

    /// The slot of a channel. The caller holds the registry.
    pub(crate) fn slot_of(&self, channel_uid: u64) -> Option<usize> {
        (0..MAX_CHANNELS).find(|slot| self.channel_uid(*slot) == Some(channel_uid))
    }

    /// The channel that has `slot` but no memory.
    pub(crate) fn starved(&self, slot: usize) -> Option<u64> {
        Some(self.starved[slot].get()).filter(|uid| *uid != 0)
    }

    pub(crate) fn set_starved(&self, slot: usize, channel_uid: Option<u64>) {
        self.starved[slot].set(channel_uid.unwrap_or(0));
    }

    /// Whether a channel waits for memory.
    pub(crate) fn is_starved(&self) -> bool {
        (0..MAX_CHANNELS).any(|slot| self.starved(slot).is_some())
    }
}
