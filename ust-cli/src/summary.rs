//! What `--summary` of `ust record` and `ust recover` writes: the closing line, and what was said beside it.

use consumerd::engine::{Counts, CpuStreams, SessionSummary, Unmatched};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The fields of the JSON.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    #[serde(flatten)]
    all: &'a Counts,
    /// The same for each channel.
    channels: &'a BTreeMap<String, Counts>,
    processes: u64,
    /// Streams of CPUs, by how threads write to them.
    cpu_streams: CpuStreams,
    /// The number of snapshots of a flight recorder. The figures are those of the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<u64>,
    /// Processes that connected, whether or not they recorded; and of those, how many still ran.
    connected: u64,
    still_run: u64,
    /// Rules that no event matched, each with the events that come closest.
    unmatched: &'a [Unmatched],
    /// What was said of the recording beside its figures.
    errors: &'a [String],
    notes: &'a [String],
    trace: String,
}

impl<'a> Summary<'a> {
    /// Of a recording.
    pub fn new(
        summary: &'a SessionSummary,
        notes: &'a [String],
        trace: &Path,
        snapshots: Option<u64>,
    ) -> Self {
        let SessionSummary { all, channels, processes, cpu_streams, errors, reach, gone: _ } =
            summary;
        Self {
            all,
            channels,
            processes: *processes,
            cpu_streams: *cpu_streams,
            snapshots,
            connected: reach.connected,
            still_run: reach.still_run,
            unmatched: &reach.unmatched,
            errors,
            notes,
            trace: trace.to_string_lossy().into_owned(),
        }
    }
}
