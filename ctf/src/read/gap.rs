//! What is missing between the packets of a stream, according to their own numbers.
//!
//! ```text
//!   packet 3, 10 discarded  |  packet 4, 10  |  packet 5, 25  |  packet 8, 25
//!                                            '-- 15 events     '-- 2 packets
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use super::event::{Packet, Trace};

/// Something is missing in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The stream file.
    pub path: Arc<PathBuf>,
    /// The stream class of the stream.
    pub stream_id: u64,
    /// When the packet before the gap ended, in nanoseconds since 1970; `None` at the stream's
    /// beginning.
    pub after_ns: Option<i64>,
    /// When the packet behind the gap ended: a writer counts what it discards until then.
    pub until_ns: Option<i64>,
    /// Events that were discarded when they should have been recorded.
    pub discarded_events: u64,
    /// Packets that are missing.
    pub missing_packets: u64,
}

/// The state of the packet before, as needed to find gaps.
#[derive(Debug, Default)]
pub(super) struct Before {
    seq: Option<u64>,
    discarded: u64,
    end_ns: Option<i64>,
}

impl Before {
    /// Returns what is missing between the packet before and this one. This one is then the one
    /// before.
    pub(super) fn gap_to(&mut self, packet: &Packet, trace: &Trace) -> Option<Gap> {
        let now = Self {
            seq: packet.seq.or(self.seq),
            discarded: packet.discarded.unwrap_or(self.discarded),
            end_ns: packet
                .end_clock
                .and_then(|end| trace.clock(packet.stream_id)?.timestamp_ns(end)),
        };
        // Numbers that go back come from another writer's count.
        let missing = |before: u64, now: u64| now.saturating_sub(before).saturating_sub(1);
        let gap = Gap {
            path: Arc::clone(&packet.path),
            stream_id: packet.stream_id,
            after_ns: self.end_ns,
            until_ns: now.end_ns,
            discarded_events: now.discarded.saturating_sub(self.discarded),
            missing_packets: self
                .seq
                .zip(packet.seq)
                .map_or(0, |(before, now)| missing(before, now)),
        };
        *self = now;
        (gap.discarded_events > 0 || gap.missing_packets > 0).then_some(gap)
    }
}
