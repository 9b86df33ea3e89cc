//! Where a field finds its length, or what it is.

use std::fmt;
use std::sync::Arc;

/// Where a length or a tag is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Path {
    /// The part in which it is, such as `stream.event.header`; `None` if it is found from the field that needs it.
    pub scope: Option<Scope>,
    /// Without a scope: how many structures further out than the innermost one. `None` is the nearest field before that
    /// has the path's first name, in whichever structure or part it is.
    pub up: Option<u32>,
    /// The field's name, behind the names of the structures that it is in: `meta.len`.
    pub names: Vec<Arc<str>>,
}

impl Path {
    /// The outermost name; empty if the path has none.
    pub(crate) fn first(&self) -> &str {
        self.names.first().map_or("", |name| name)
    }

    /// The name of the nearest field before, if it is such a path: one name.
    pub(crate) fn nearest(&self) -> Option<&Arc<str>> {
        match (&self.scope, self.up, &self.names[..]) {
            (None, None | Some(0), [name]) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope.map(Scope::path);
        let names = scope.into_iter().chain(self.names.iter().map(|name| &**name));
        for (at, name) in names.enumerate() {
            write!(out, "{}{name}", if at == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// The parts of a packet and a record, in the order in which they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `trace.packet.header`
    PacketHeader,
    /// `stream.packet.context`
    PacketContext,
    /// `stream.event.header`
    EventHeader,
    /// `stream.event.context`
    StreamEventContext,
    /// `event.context`
    EventContext,
    /// `event.fields`
    Fields,
}

impl Scope {
    /// All of them, in the order in which they are read.
    pub const ALL: [Scope; 6] = [
        Scope::PacketHeader,
        Scope::PacketContext,
        Scope::EventHeader,
        Scope::StreamEventContext,
        Scope::EventContext,
        Scope::Fields,
    ];

    /// Its name in a path.
    pub fn path(self) -> &'static str {
        match self {
            Scope::PacketHeader => "trace.packet.header",
            Scope::PacketContext => "stream.packet.context",
            Scope::EventHeader => "stream.event.header",
            Scope::StreamEventContext => "stream.event.context",
            Scope::EventContext => "event.context",
            Scope::Fields => "event.fields",
        }
    }
}
