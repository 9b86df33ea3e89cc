//! What a trace's metadata declare, in the form that a reader needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::numbers::ByteOrder;
use super::types::Type;

/// Everything that a trace's metadata declare.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The trace's byte order, which is the default of its numbers.
    pub byte_order: ByteOrder,
    /// Also in each packet's header.
    pub uuid: Option<[u8; 16]>,
    /// The fields with which each packet begins.
    pub packet_header: Option<Type>,
    /// Facts about the traced process.
    pub env: Vec<(String, EnvValue)>,
    /// The clocks, in the order of their declaration.
    pub clocks: Vec<Arc<ClockType>>,
    /// The stream classes by id.
    pub streams: BTreeMap<u64, StreamType>,
    /// Whether fields have the names that users gave them.
    pub names: Names,
}

/// What the names of fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// One underscore in front, if there is one, is not the user's: CTF 1.8 would have no other way to keep the words of
    /// its language out of names.
    Escaped,
    /// As users gave them.
    Plain,
}

impl Names {
    /// A name as users gave it.
    pub fn shown(self, name: &str) -> &str {
        match self {
            Names::Escaped => name.strip_prefix('_').unwrap_or(name),
            Names::Plain => name,
        }
    }
}

/// A value in the trace's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// Text.
    Str(String),
    /// A number.
    Int(i64),
}

/// The meaning of a clock's values: `offset_s + (offset_cycles + value) / freq_hz` are the seconds
/// since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockType {
    /// By which integers are mapped to it; empty if the metadata imply the clock and do not declare it.
    pub name: Arc<str>,
    /// Cycles in a second, not 0.
    pub freq_hz: u64,
    /// Whole seconds from 1970 to the clock's zero.
    pub offset_s: i64,
    /// The rest of them, in cycles.
    pub offset_cycles: i64,
    /// Whether its origin is the same on all machines and at all times, such as that of 1970.
    pub absolute: bool,
}

/// A stream class.
#[derive(Debug, Clone, Default)]
pub struct StreamType {
    /// The clock of its packets and records; `None` if they have no times.
    pub clock: Option<Arc<ClockType>>,
    /// The fields of each packet behind its header.
    pub packet_context: Option<Type>,
    /// The fields with which each record begins.
    pub event_header: Option<Type>,
    /// The fields of each record behind its header.
    pub event_context: Option<Type>,
    /// The event classes by id.
    pub events: BTreeMap<u64, Arc<EventType>>,
}

/// An event class.
#[derive(Debug, Clone)]
pub struct EventType {
    /// By convention `provider:name`.
    pub name: String,
    /// The number by which event headers name it.
    pub id: u64,
    /// Severity, if the writer gives one.
    pub loglevel: Option<i64>,
    /// Where the program has it, if the writer says so: `src/main.rs:12`.
    pub source: Option<String>,
    /// The fields before the payload that only records of this class have.
    pub context: Option<Type>,
    /// The payload.
    pub fields: Option<Type>,
}
