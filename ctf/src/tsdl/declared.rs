//! What a trace's metadata declare, as a reader wants it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::types::{ByteOrder, Type};
use crate::metadata::EnvValue;

/// All that a trace's metadata says.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The trace's own, and the default of its numbers.
    pub byte_order: ByteOrder,
    /// Also in each packet's header.
    pub uuid: Option<[u8; 16]>,
    /// What each packet opens with.
    pub packet_header: Option<Type>,
    /// Facts about who was traced.
    pub env: Vec<(String, EnvValue)>,
    /// The clock; of several, the first.
    pub clock: ClockType,
    /// The stream classes by id.
    pub streams: BTreeMap<u64, StreamType>,
}

/// What a clock's values mean: `offset_s + (offset_cycles + value) / freq_hz` are the seconds since
/// 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockType {
    /// Cycles in a second, not 0.
    pub freq_hz: u64,
    /// Whole seconds from 1970 to the clock's zero.
    pub offset_s: i64,
    /// What is left of them, in cycles.
    pub offset_cycles: i64,
}

/// A stream class.
#[derive(Debug, Clone, Default)]
pub struct StreamType {
    /// What each packet has behind its header.
    pub packet_context: Option<Type>,
    /// What each record opens with.
    pub event_header: Option<Type>,
    /// What each record has behind its header.
    pub event_context: Option<Type>,
    /// The event classes by id.
    pub events: BTreeMap<u64, Arc<EventType>>,
}

/// An event class.
#[derive(Debug, Clone)]
pub struct EventType {
    /// By convention `provider:name`.
    pub name: String,
    /// What event headers name it by.
    pub id: u64,
    /// Severity, if the writer gives one.
    pub loglevel: Option<i64>,
    /// What records of this class alone have before their payload.
    pub context: Option<Type>,
    /// The payload.
    pub fields: Option<Type>,
}
