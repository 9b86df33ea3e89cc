//! Which traces can share a stream.

use crate::reader::Trace;
use crate::reader::whole::Layout;
use crate::tsdl::{ClockType, Type};

/// What a stream's packets belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Thread,
    Cpu,
}

/// What traces must agree on to share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) clock: ClockType,
    pub(super) owner: Owner,
}

impl Kind {
    /// That of a trace; `None` if it is not as ust records them.
    pub(super) fn of(trace: &Trace) -> Option<Self> {
        Layout::of(&trace.metadata)?;
        let mut streams = trace.metadata.streams.values();
        let (Some(stream), None) = (streams.next(), streams.next()) else { return None };
        // A joined trace has one, and packets of nobody.
        if stream.event_context.is_some() {
            return None;
        }
        let Some(Type::Struct(context)) = &stream.packet_context else { return None };
        let owner = match &*context.fields.last()?.0 {
            "vtid" => Owner::Thread,
            "cpu_id" => Owner::Cpu,
            _ => return None,
        };
        Some(Self { clock: trace.metadata.clock, owner })
    }
}
