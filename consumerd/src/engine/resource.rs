//! What a process makes the consumer hold and there is a budget for, and the message if the budget is used up.

use crate::limits::{self, Budget};

/// A resource that has a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Process files, each mapped.
    Identities,
    /// Ring files, each mapped.
    RingFiles,
    /// Bytes of address space, for both.
    MappedBytes,
    /// Streams.
    Streams,
    /// Event classes in class logs.
    Classes,
    /// Bytes of the text that describes classes in traces.
    MetadataBytes,
    /// Connections of agents and of single messages.
    Connections,
    /// Descriptors: connections, pidfds, ring files that wait, files of traces.
    Descriptors,
}

impl Resource {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Identities,
        Self::RingFiles,
        Self::MappedBytes,
        Self::Streams,
        Self::Classes,
        Self::MetadataBytes,
        Self::Connections,
        Self::Descriptors,
    ];

    /// Its limits.
    pub fn budget(self) -> Budget {
        match self {
            Resource::Identities => limits::IDENTITIES,
            Resource::RingFiles => limits::RING_FILES,
            Resource::MappedBytes => limits::mapped_bytes(),
            Resource::Streams => limits::STREAMS,
            Resource::Classes => limits::CLASSES,
            Resource::MetadataBytes => limits::METADATA_BYTES,
            Resource::Connections => limits::CONNECTIONS,
            Resource::Descriptors => limits::descriptors(),
        }
    }

    /// The word for what is held, and what happens to what exceeds the budget.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Resource::Identities => ("identities", "what the others record is lost"),
            Resource::RingFiles => ("ring files", "what the others hold is lost"),
            Resource::MappedBytes => {
                ("bytes of ring and process files", "what the other files hold is lost")
            }
            Resource::Streams => ("streams", "what the others hold is lost"),
            Resource::Classes => ("event classes", "records of the others cannot be read"),
            Resource::MetadataBytes => {
                ("bytes of metadata", "streams with records of further classes are closed")
            }
            Resource::Connections => ("connections", "its oldest idle ones are closed"),
            Resource::Descriptors => (
                "descriptors",
                "what needs more of them is refused: let the consumer open more files (ulimit -n), or record into rings of \
                 CPUs (--buffers per-cpu)",
            ),
        }
    }
}
