//! What is told of one or several traces, as plain values. JSON has these names; `docs/stats.md` describes it.
//!
//! Times are nanoseconds since 1970, durations are nanoseconds. Names are printable. Every list begins with the greatest.

use serde::Serialize;

/// Of everything that was read.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Events.
    pub events: u64,
    /// When the first event was.
    pub first_ns: Option<i64>,
    /// When the last event was.
    pub last_ns: Option<i64>,
    /// From the first event to the last.
    pub duration_ns: u64,
    /// Events in a second of that; `None` if it is no time.
    pub events_per_second: Option<f64>,
    /// Events that were lost.
    pub lost_events: u64,
    /// Packets that are missing.
    pub missing_packets: u64,
    /// Whether anything is missing from the figures.
    pub is_uncertain: bool,
    /// Whether a part could not be read.
    pub is_damaged: bool,
    /// By event class.
    pub classes: Vec<OfClass>,
    /// By process.
    pub processes: Vec<OfProcess>,
    /// By thread.
    pub threads: Vec<OfThread>,
    /// By stream, of those that lost something.
    pub losses_by_stream: Vec<StreamLosses>,
    /// Each loss, in the order in which they were found.
    pub losses: Vec<Loss>,
    /// Durations by name.
    pub spans: Vec<Span>,
    /// What has no duration, and what was left out.
    pub unmatched: Unmatched,
}

/// An event class.
#[derive(Debug, Clone, Serialize)]
pub struct OfClass {
    /// Its name.
    pub name: String,
    /// Its events.
    pub events: u64,
    /// In a second of the whole time.
    pub events_per_second: Option<f64>,
}

/// A process.
#[derive(Debug, Clone, Serialize)]
pub struct OfProcess {
    /// Its process id, if the trace says so.
    pub pid: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its events.
    pub events: u64,
    /// Its threads that have events, if the trace says whose they are.
    pub threads: u64,
}

/// A thread.
#[derive(Debug, Clone, Serialize)]
pub struct OfThread {
    /// Its process's id.
    pub pid: Option<u64>,
    /// Its process's name.
    pub process: String,
    /// Its thread id. `None` if the trace does not say whose the events are, as in streams of CPUs.
    pub tid: Option<i64>,
    /// Its events.
    pub events: u64,
}

/// What a stream lost.
#[derive(Debug, Clone, Serialize)]
pub struct StreamLosses {
    /// The stream file.
    pub stream: String,
    /// Events that were lost.
    pub lost_events: u64,
    /// Packets that are missing.
    pub missing_packets: u64,
}

/// A loss, and between which packets it is.
#[derive(Debug, Clone, Serialize)]
pub struct Loss {
    /// The stream file.
    pub stream: String,
    /// When the packet before it ended; `None` at the stream's beginning.
    pub after_ns: Option<i64>,
    /// When the packet behind it ended.
    pub until_ns: Option<i64>,
    /// Events that were lost.
    pub lost_events: u64,
    /// Packets that are missing.
    pub missing_packets: u64,
}

/// The durations of one name.
#[derive(Debug, Clone, Serialize)]
pub struct Span {
    /// The event's name; without `_entry` and `_exit` for a function; `BEGIN..END` for a pair, with `,KEY` if it has
    /// one.
    pub name: String,
    /// How many have ended.
    pub count: u64,
    /// All of them together. A function that calls itself is in it once for each call.
    pub total_ns: u64,
    /// The same without what other spans of the thread took meanwhile. `None` if that is not known.
    pub self_ns: Option<u64>,
    /// How long futures were polled, if they are futures.
    pub busy_ns: Option<u64>,
    /// The shortest.
    pub min_ns: u64,
    /// Half of them took at most so long, within 1%.
    pub p50_ns: u64,
    /// The same for 90%.
    pub p90_ns: u64,
    /// The same for 99%.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// When it ended; of several, the first.
    pub longest_at_ns: i64,
    /// The counts by powers of two.
    pub histogram: Vec<Bucket>,
}

/// How many took how long.
#[derive(Debug, Clone, Serialize)]
pub struct Bucket {
    /// At least.
    pub from_ns: u64,
    /// At most.
    pub to_ns: u64,
    /// How many.
    pub count: u64,
}

/// What has no duration because a part of it is missing, and what was left out because of the limits.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// Entries of functions without an exit.
    pub entries: u64,
    /// Exits without an entry.
    pub exits: u64,
    /// Entries that were given up because events of their thread were lost.
    pub entries_cut_by_losses: u64,
    /// Entries and exits of which the trace does not say the thread.
    pub without_thread: u64,
    /// Begins of pairs without an end.
    pub pairs_without_end: u64,
    /// Ends of pairs without a begin.
    pub pairs_without_begin: u64,
    /// Events of pairs that do not have the key, or of which the trace does not say the thread.
    pub pairs_without_key: u64,
    /// Entries and begins that were too many at one time.
    pub beyond_limits: u64,
    /// Event classes whose spans were left out because there are too many names.
    pub names_beyond_limits: u64,
    /// Losses that are not in the list.
    pub losses_not_listed: u64,
}

impl Report {
    /// The span of this name.
    pub fn span(&self, name: &str) -> Option<&Span> {
        self.spans.iter().find(|span| span.name == name)
    }
}
