//! Which traces can share a stream.

use crate::read::Trace;
use crate::read::whole::Layout;
use crate::schema::{ClockType, StreamType, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The owner of a stream's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Thread,
    Cpu,
}

/// What traces must agree on to share a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) clock: Arc<ClockType>,
    pub(super) owner: Owner,
}

impl Kind {
    /// The kinds of a trace's streams, by stream class: one for each channel. `None` if the trace does not have the
    /// form that ust records.
    pub(super) fn of_streams(trace: &Trace) -> Option<BTreeMap<u64, Self>> {
        Layout::of(&trace.metadata)?;
        let streams = trace.metadata.streams.iter();
        let kinds: BTreeMap<_, _> =
            streams.map(|(id, stream)| Some((*id, Self::of(stream)?))).collect::<Option<_>>()?;
        (!kinds.is_empty()).then_some(kinds)
    }

    fn of(stream: &StreamType) -> Option<Self> {
        // A joined trace has such a context, and its packets have no owner.
        if stream.event_context.is_some() {
            return None;
        }
        let Some(Type::Struct(context)) = &stream.packet_context else { return None };
        let owner = match &*context.fields.last()?.0 {
            "vtid" => Owner::Thread,
            "cpu_id" => Owner::Cpu,
            _ => return None,
        };
        Some(Self { clock: Arc::clone(stream.clock.as_ref()?), owner })
    }
}
