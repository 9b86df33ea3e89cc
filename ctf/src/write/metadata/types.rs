//! What a writer declares for a trace: its clock, its streams, its event classes.

use super::field_types::{Field, FieldType, Integer};
use crate::schema::EnvValue;

/// What all streams of a trace share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Ties metadata and packets together: each packet header carries it too.
    pub uuid: [u8; 16],
    /// Facts about the traced process (`hostname`, `procname`, `vpid`, `tracer_name`, ...).
    pub env: Vec<(String, EnvValue)>,
    /// The clock of all timestamps.
    pub clock: Clock,
    /// The kinds of streams.
    pub streams: Vec<StreamClass>,
}

/// A clock: `offset_s + (offset_cycles + value) / freq_hz` are the seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// An identifier, such as `monotonic`.
    pub name: String,
    /// Clocks of different traces with the same uuid are the same clock to readers that merge
    /// traces.
    pub uuid: Option<[u8; 16]>,
    /// For people.
    pub description: String,
    /// Cycles in a second.
    pub freq_hz: u64,
    /// Whole seconds from 1970 to the clock's zero.
    pub offset_s: u64,
    /// The rest of them, in cycles.
    pub offset_cycles: u64,
}

/// A kind of stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamClass {
    /// The number by which packet headers and event classes name it.
    pub id: u32,
    /// Packet context fields behind the standard ones, such as `vtid` or `cpu_id`. Their names are
    /// used as they are.
    pub extra: Vec<(String, Integer)>,
    /// The fields of each event between its header and its payload, such as `vpid`. Names are used
    /// as they are.
    pub context: Vec<(String, FieldType)>,
}

/// A kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventClass {
    /// The number by which event headers name it; unique in its stream class. `u32::MAX` crashes
    /// babeltrace 1.5.
    pub id: u32,
    /// The stream class in whose streams it occurs.
    pub stream_id: u32,
    /// By convention `provider:name`.
    pub name: String,
    /// Severity, in LTTng-UST's numbers: 0 is an emergency, 14 is debug. Any other number is left
    /// out.
    pub loglevel: i32,
    /// Where the program has it: `src/main.rs:12`. Left out if it is empty.
    pub source: String,
    /// The payload.
    pub fields: Vec<Field>,
}

impl StreamClass {
    /// Bytes of the extra fields: as many as
    /// [`StreamIdentity::extra`](crate::write::packet::StreamIdentity::extra) must have.
    pub fn extra_bytes(&self) -> usize {
        self.extra.iter().map(|(_, ty)| ty.width as usize / 8).sum()
    }
}
