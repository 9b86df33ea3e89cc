//! The results of reading: traces, packets, events.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ReadError;
use super::value::Value;
use crate::dir::Tree;
use crate::json;
use crate::schema::{ClockType, EventType, Metadata};
use crate::tsdl;
use crate::write::metadata::EnvValue;

/// A trace: a directory and the content of its metadata.
#[derive(Debug)]
pub struct Trace {
    /// The directory.
    pub path: PathBuf,
    /// The description of everything in it.
    pub metadata: Metadata,
}

/// A packet, to which events refer.
#[derive(Debug)]
pub struct Packet {
    /// The stream file.
    pub path: Arc<PathBuf>,
    /// Where in the file it begins.
    pub offset_bytes: u64,
    /// Bytes from its beginning to the next one's.
    pub size_bytes: u64,
    /// The stream class that it belongs to.
    pub stream_id: u64,
    /// The stream of that class, if packets say so.
    pub stream_instance_id: Option<u64>,
    /// Number of the packet in its stream.
    pub seq: Option<u64>,
    /// Records lost since the stream began.
    pub discarded: Option<u64>,
    /// The clock when it begins.
    pub begin_clock: Option<u64>,
    /// The clock when it ends.
    pub end_clock: Option<u64>,
    /// All of its context.
    pub context: Option<Value>,
}

/// An event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Nanoseconds since 1970; 0 if it has [no clock](Event::clock_type).
    pub timestamp_ns: i64,
    /// The same in cycles of its clock.
    pub clock: u64,
    /// The trace that it is from.
    pub trace: Arc<Trace>,
    /// The packet that it is from.
    pub packet: Arc<Packet>,
    /// Its class.
    pub class: Arc<EventType>,
    /// The context that all events of the stream have.
    pub stream_context: Option<Value>,
    /// The context that only events of this class have.
    pub context: Option<Value>,
    /// The payload.
    pub fields: Option<Value>,
}

impl Trace {
    /// Opens a trace; also returns the damage of its metadata.
    pub(super) fn open(
        tree: &Tree,
        path: PathBuf,
    ) -> Result<(Trace, Option<ReadError>), ReadError> {
        let text = metadata_text(tree, &path)?;
        if json::is_sequence(&text) {
            return match json::parse(&text) {
                Ok(metadata) => Ok((Trace { path, metadata }, None)),
                Err(source) => Err(ReadError::JsonMetadata { path, source }),
            };
        }
        let wrong = |source| ReadError::Metadata { path: path.clone(), source };
        let whole = tsdl::whole(&text).map_err(wrong)?;
        let metadata = tsdl::parse(&whole.text).map_err(wrong)?;
        let damage = whole.damage.map(wrong);
        Ok((Trace { path, metadata }, damage))
    }

    /// A value of the environment.
    pub fn env(&self, name: &str) -> Option<&EnvValue> {
        self.metadata.env.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The clock of a stream class; `None` if its records have no times.
    pub fn clock(&self, stream_id: u64) -> Option<&ClockType> {
        self.metadata.streams.get(&stream_id)?.clock.as_deref()
    }
}

impl Event {
    /// The clock that its time is from; `None` if it has no time, and is then in the order in which it was written.
    pub fn clock_type(&self) -> Option<&ClockType> {
        self.trace.clock(self.packet.stream_id)
    }
}

/// The metadata text of the trace that is shown as `path`.
pub(crate) fn metadata_text(tree: &Tree, path: &Path) -> Result<Vec<u8>, ReadError> {
    let path = path.join("metadata");
    let mut text = Vec::new();
    match tree.open_plain(&path).and_then(|mut file| file.read_to_end(&mut text)) {
        Ok(_) => Ok(text),
        Err(source) => Err(ReadError::Io { path, source }),
    }
}
