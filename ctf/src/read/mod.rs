//! Reads traces: all events of all streams of all traces in a directory, ordered by time.
//!
//! ```text
//!   DIR --tree--> trace: metadata (tsdl), streams
//!                           stream 0   packet, packet ...  --> next event --.
//!                           stream 1   packet, packet ...  --> next event ---+--> heap --> Reader::next
//!                 trace:    stream 0   ...                 --> next event --'
//! ```
//!
//! Invariants:
//!
//! - Whatever the bytes are, there is no panic, no endless loop, and no allocation beyond a packet's size (which is
//!   bounded).
//! - Memory holds one packet and one event of each stream file, whatever the trace's size.
//! - An error in one stream is an `Err` among the events, one for each place; everything else is still read. What is
//!   missing according to its writer is no error, but a [`Gap`].
//! - Index files are not needed: the packets say where they end.

mod agreement;
mod bits;
mod decode;
mod error;
mod event;
mod gap;
mod merged;
pub(crate) mod stream;
pub(crate) mod tree;
mod value;
pub(crate) mod whole;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;

pub use error::ReadError;
pub(crate) use event::metadata_text;
pub use event::{Event, Packet, Trace};
pub use gap::Gap;
pub use value::Value;

use crate::dir::Tree;
use merged::Stream;
use stream::StreamReader;

/// Reads traces, event by event.
#[derive(Debug)]
pub struct Reader {
    traces: Vec<Arc<Trace>>,
    streams: Vec<Stream>,
    /// Streams whose next event is not known yet.
    unknown: Vec<usize>,
    /// The next event of each other stream, the earliest first; of equal ones, that of the first stream.
    next: BinaryHeap<Reverse<Next>>,
    /// Errors from opening.
    errors: Vec<ReadError>,
    /// Gaps that were found and are not reported yet.
    gaps: Vec<Gap>,
}

#[derive(Debug)]
struct Next {
    stream: usize,
    event: Box<Event>,
}

impl Reader {
    /// Opens the trace in `path`, or all traces below it. Iterating first returns the errors of traces whose metadata
    /// is wrong or damaged.
    pub fn open(path: &Path) -> Result<Reader, ReadError> {
        let opened = Tree::open(path);
        Reader::open_in(opened.map_err(|source| ReadError::Io { path: path.to_owned(), source })?)
    }

    /// The same in an open directory.
    pub fn open_in(tree: Tree) -> Result<Reader, ReadError> {
        let found = tree::traces(&tree)?;
        let tree = Arc::new(tree);
        let (mut traces, mut all_files, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for tree::TraceDir { path, streams: files } in found {
            match Trace::open(&tree, path) {
                Ok((trace, damage)) => {
                    errors.extend(damage);
                    let trace = Arc::new(trace);
                    let reader =
                        |file| StreamReader::new(Arc::clone(&tree), Arc::clone(&trace), file);
                    all_files.extend(files.into_iter().map(reader));
                    traces.push(trace);
                }
                Err(error) => errors.push(error),
            }
        }
        // Both are taken from their ends.
        errors.reverse();
        let streams = merged::streams(all_files);
        let unknown = (0..streams.len()).rev().collect();
        Ok(Reader { traces, streams, unknown, next: BinaryHeap::new(), errors, gaps: vec![] })
    }

    /// The gaps found since the last call: in the packets of the events so far, and of the next event of each stream.
    pub fn take_gaps(&mut self) -> Vec<Gap> {
        std::mem::take(&mut self.gaps)
    }

    /// The bytes of the payload of the event that iterating returned last, in a trace whose records have no alignment.
    pub(crate) fn payload(&self) -> &[u8] {
        // The stream of that event is the first to be asked for another one.
        self.unknown.last().map_or(&[], |stream| self.streams[*stream].payload())
    }

    /// The traces that could be opened.
    pub fn traces(&self) -> &[Arc<Trace>] {
        &self.traces
    }
}

impl Iterator for Reader {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Result<Event, ReadError>> {
        if let Some(error) = self.errors.pop() {
            return Some(Err(error));
        }
        while let Some(stream) = self.unknown.pop() {
            match self.streams[stream].next(&mut self.gaps) {
                None => {}
                Some(Ok(event)) => self.next.push(Reverse(Next { stream, event: Box::new(event) })),
                Some(Err(error)) => {
                    self.unknown.push(stream);
                    return Some(Err(error));
                }
            }
        }
        let Reverse(Next { stream, event }) = self.next.pop()?;
        self.unknown.push(stream);
        Some(Ok(*event))
    }
}

impl Next {
    fn key(&self) -> (i64, usize) {
        (self.event.timestamp_ns, self.stream)
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Next) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Next) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Next) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
