//! Reads traces: all events of all streams of all traces in a directory, ordered by time.
//!
//! ```text
//!   DIR --tree--> trace: metadata (schema), classes
//!                    stream file --packets--> open packet (window) --.
//!                    stream file --packets--> ...                  --+--> records --.--plan-----> values to a visitor
//!                                                                                   '--decode---> Event
//! ```
//!
//! Invariants:
//!
//! - Whatever the bytes are, there is no panic, no endless loop, and no allocation beyond a record's size (which is
//!   bounded).
//! - Memory holds a window of one packet of each stream file, whatever the trace's size.
//! - An error in one stream is an `Err` among the records, one for each place; everything else is still read. What is
//!   missing according to its writer is no error, but a [`Gap`].
//! - Index files are not needed: the packets say where they end.

mod agreement;
mod bits;
mod both_ways;
mod characters;
pub(crate) mod classes;
mod decode;
mod error;
mod event;
mod gap;
mod merged;
mod open_packet;
mod packets;
mod plan;
mod records;
mod replay;
pub(crate) mod stream;
mod stream_file;
mod trail;
pub(crate) mod tree;
mod value;
pub(crate) mod whole;
mod window;

use std::path::Path;
use std::sync::Arc;

pub use classes::Class;
pub use error::ReadError;
pub(crate) use event::metadata_text;
pub use event::{Event, Packet, Trace};
pub use gap::Gap;
pub(crate) use open_packet::OpenPacket;
pub use plan::{Format, Place, Plan, Visitor};
pub use records::{Record, Records};
pub(crate) use replay::replay;
pub(crate) use stream_file::Share;
pub use value::Value;

use crate::dir::Tree;

/// Reads traces, event by event, each with all its values. [`Records`] is many times as fast.
#[derive(Debug)]
pub struct Reader {
    records: Records,
}

impl Reader {
    /// Opens the trace in `path`, or all traces below it. Iterating first returns the errors of traces whose metadata
    /// is wrong or damaged.
    ///
    /// # Errors
    /// There is no trace, or a directory cannot be listed.
    pub fn open(path: &Path) -> Result<Reader, ReadError> {
        Ok(Reader { records: Records::open(path)? })
    }

    /// The same in an open directory.
    ///
    /// # Errors
    /// As [`open`](Reader::open).
    pub fn open_in(tree: Tree) -> Result<Reader, ReadError> {
        Ok(Reader { records: Records::open_in(tree)? })
    }

    /// The gaps found since the last call: in the packets of the events so far, and of the next event of each stream.
    pub fn take_gaps(&mut self) -> Vec<Gap> {
        self.records.take_gaps()
    }

    /// The bytes of the payload of the event that iterating returned last, in a trace whose records have no alignment.
    pub(crate) fn payload(&self) -> &[u8] {
        self.records.payload()
    }

    /// The traces that could be opened.
    pub fn traces(&self) -> &[Arc<Trace>] {
        self.records.traces()
    }
}

impl Iterator for Reader {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Result<Event, ReadError>> {
        match self.records.next_record()? {
            Ok(record) => record.event(),
            Err(error) => Some(Err(error)),
        }
    }
}
