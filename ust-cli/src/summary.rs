//! What `--summary` of `ust record` and `ust recover` writes: the closing line, and what was said beside it.

use consumerd::engine::{ChannelSummary, Unmatched};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What stands in it.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    recorded: u64,
    overwritten: u64,
    lost: &'a BTreeMap<String, u64>,
    processes: u64,
    /// Of a flight recorder: how many there are. The figures are those of the last.
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
        summary: &'a ChannelSummary,
        notes: &'a [String],
        trace: &Path,
        snapshots: Option<u64>,
    ) -> Self {
        let ChannelSummary { recorded, overwritten, lost, processes, errors, reach, gone: _ } =
            summary;
        Self {
            recorded: *recorded,
            overwritten: *overwritten,
            lost,
            processes: *processes,
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
