//! What a trace itself says to be missing: events that were lost, packets that are gone.

use crate::limits::LOSSES_MAX;
use crate::report::{Loss, StreamLosses};
use ctf::printable;
use ctf::read::Gap;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The losses of all streams.
#[derive(Debug, Default)]
pub struct Losses {
    streams: BTreeMap<Arc<PathBuf>, (u64, u64)>,
    list: Vec<Loss>,
    pub not_listed: u64,
    pub events: u64,
    pub packets: u64,
}

impl Losses {
    /// Counts one. Its numbers are untrusted: sums saturate.
    pub fn add(&mut self, gap: &Gap) {
        let (events, packets) = (gap.discarded_events, gap.missing_packets);
        self.events = self.events.saturating_add(events);
        self.packets = self.packets.saturating_add(packets);
        let of_stream = self.streams.entry(Arc::clone(&gap.path)).or_default();
        *of_stream = (of_stream.0.saturating_add(events), of_stream.1.saturating_add(packets));
        if self.list.len() == LOSSES_MAX {
            self.not_listed += 1;
            return;
        }
        let (after_ns, until_ns) = (gap.after_ns, gap.until_ns);
        let stream = printable::path(&gap.path).to_string();
        self.list.push(Loss {
            stream,
            after_ns,
            until_ns,
            lost_events: events,
            missing_packets: packets,
        });
    }

    /// Whether nothing is missing.
    pub fn is_nothing(&self) -> bool {
        self.streams.is_empty()
    }

    /// Of each stream, those that lost most first.
    pub fn streams(&self) -> Vec<StreamLosses> {
        let of_stream = |(path, (lost_events, missing_packets)): (&Arc<PathBuf>, &(u64, u64))| {
            let stream = printable::path(path).to_string();
            StreamLosses { stream, lost_events: *lost_events, missing_packets: *missing_packets }
        };
        let mut all: Vec<_> = self.streams.iter().map(of_stream).collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.lost_events, one.missing_packets)));
        all
    }

    /// One by one, as they were found.
    pub fn list(&self) -> Vec<Loss> {
        self.list.clone()
    }
}
