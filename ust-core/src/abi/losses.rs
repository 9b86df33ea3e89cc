//! Records that the channel in one slot has lost because it had no stream to count them in.
//!
//! ```text
//!   begin    channel_uid = 0   clear_fence   no_stream, errno = 0   channel_uid = its own
//!   of       channel_uid?      no_stream, errno     read_fence      channel_uid still?
//! ```
//!
//! So a reader never takes one channel's losses for another's, even if the slot changes channels while it reads.

use super::layout::layout;
use super::orderings as order;
use crate::sync::{AtomicU32, AtomicU64};

/// See the module page.
#[repr(C)]
pub struct SlotLosses {
    /// The channel; 0 if there is none. The counts start anew with each channel.
    pub channel_uid: AtomicU64,
    /// Records lost.
    pub no_stream: AtomicU64,
    /// Why the last of them could have no stream: an `errno`.
    pub errno: AtomicU32,
    reserved: u32,
}

layout!(SlotLosses as "SlotLosses" {
    channel_uid @ 0,
    no_stream @ 8,
    errno @ 16,
    reserved @ 20,
} ends 24);

impl SlotLosses {
    /// Counts of no channel.
    pub fn nobodys() -> Self {
        Self {
            channel_uid: AtomicU64::new(0),
            no_stream: AtomicU64::new(0),
            errno: AtomicU32::new(0),
            reserved: 0,
        }
    }

    /// Begins to count for a channel that has taken the slot. Only one thread at a time does this. Meanwhile nobody
    /// counts, except children of a fork, by [`count_of`](Self::count_of).
    pub fn begin(&self, channel_uid: u64) {
        self.channel_uid.store(0, order::losses_end());
        order::losses_clear_fence();
        self.errno.store(0, order::losses_clear());
        self.no_stream.store(0, order::losses_clear());
        self.channel_uid.store(channel_uid, order::losses_begin());
    }

    /// Counts a record of the channel in the slot, and notes why.
    pub fn count(&self, errno: i32) {
        self.errno.store(errno as u32, order::losses_reason());
        self.no_stream.fetch_add(1, order::losses_count());
    }

    /// Counts the same in another process's file, if the slot is still that channel's. If another channel takes the
    /// slot between the two lines below, its count begins with 1 instead of 0: the two processes share no lock.
    pub fn count_of(&self, channel_uid: u64, errno: i32) {
        if self.channel_uid.load(order::losses_load()) == channel_uid {
            self.count(errno);
        }
    }

    /// How many records that channel has lost here, and the reason for the last one. `None` if the slot is not that
    /// channel's.
    pub fn of(&self, channel_uid: u64) -> Option<(u64, u32)> {
        if self.channel_uid.load(order::losses_load()) != channel_uid {
            return None;
        }
        let records = self.no_stream.load(order::losses_read());
        let lost = (records, self.errno.load(order::losses_reason_read()));
        order::losses_read_fence();
        (self.channel_uid.load(order::losses_check()) == channel_uid).then_some(lost)
    }
}
