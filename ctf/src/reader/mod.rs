//! Traces read: all events of all streams of all traces in a directory, in the order of time.
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
//! - Any bytes: no panic, no endless loop, no allocation beyond a packet's size (and that is
//!   bounded).
//! - In memory are one packet and one event of each stream, whatever the trace's size.
//! - What is wrong with one stream is an `Err` among the events, one for each place; everything else is still read. What
//!   its writer says is missing is no error: a [`Gap`].
//! - Index files are not needed: the packets say where they end.

mod bits;
mod decode;
mod gap;
pub(crate) mod stream;
pub(crate) mod tree;
mod value;
pub(crate) mod whole;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use gap::Gap;
pub use value::Value;

use crate::dir::Tree;
use crate::metadata::EnvValue;
use crate::printable;
use crate::tsdl::{self, EventType, Metadata, TsdlError};
use stream::StreamReader;

/// A trace: a directory and what its metadata says.
#[derive(Debug)]
pub struct Trace {
    /// The directory.
    pub path: PathBuf,
    /// What everything in it is.
    pub metadata: Metadata,
}

/// A packet, of which events tell.
#[derive(Debug)]
pub struct Packet {
    /// The stream file.
    pub path: Arc<PathBuf>,
    /// Where in the file it begins.
    pub offset_bytes: u64,
    /// How far it is to the next one.
    pub size_bytes: u64,
    /// Which stream class it is of.
    pub stream_id: u64,
    /// Which stream of that class, if packets say so.
    pub stream_instance_id: Option<u64>,
    /// Counts a stream's packets.
    pub seq: Option<u64>,
    /// Records lost since the stream began.
    pub discarded: Option<u64>,
    /// All of its header.
    pub header: Option<Value>,
    /// All of its context.
    pub context: Option<Value>,
}

/// An event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Nanoseconds since 1970.
    pub timestamp_ns: i64,
    /// The same as the trace's clock counts it.
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

/// Why a trace, or a part of one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or directory could not be read.
    #[error("{}: {source}", printable::path(path))]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nowhere in the directory is metadata.
    #[error("{}: no trace here", printable::path(.0))]
    NoTrace(PathBuf),
    /// Whoever wrote the trace put no checksum into its packets, or did so on a machine of the other byte order: nobody
    /// here can say which are whole.
    #[error("{}: its packets have no checksums of this machine's kind, so nobody can say which are whole", printable::path(.0))]
    NoChecksums(PathBuf),
    /// A trace's metadata is wrong, so nothing of that trace is read; or an event class's declaration is damaged, and
    /// what needs it is not read.
    #[error("{}: {source}", printable::path(path))]
    Metadata {
        /// The trace's directory.
        path: PathBuf,
        /// What is wrong.
        source: TsdlError,
    },
    /// A stream file is wrong. Events before the place were read, and those in packets behind it,
    /// if it is known where these begin.
    #[error("{}, byte {offset_bytes}: {message}", printable::path(path))]
    Stream {
        /// The stream file.
        path: PathBuf,
        /// Where in it.
        offset_bytes: u64,
        /// What is wrong.
        message: String,
    },
}

/// Reads traces, event by event.
#[derive(Debug)]
pub struct Reader {
    traces: Vec<Arc<Trace>>,
    streams: Vec<StreamReader>,
    /// Streams whose next event is not known yet.
    unknown: Vec<usize>,
    /// The next event of each other stream, the earliest first; of equal ones the first stream's.
    next: BinaryHeap<Reverse<Next>>,
    /// What was wrong when opening.
    errors: Vec<ReadError>,
    /// What was found missing and is not told yet.
    gaps: Vec<Gap>,
}

#[derive(Debug)]
struct Next {
    stream: usize,
    event: Box<Event>,
}

impl Reader {
    /// Opens the trace in `path`, or all traces below it. A trace whose metadata is wrong or damaged is
    /// the first thing that iterating tells of.
    pub fn open(path: &Path) -> Result<Reader, ReadError> {
        let opened = Tree::open(path);
        Reader::open_in(opened.map_err(|source| ReadError::Io { path: path.to_owned(), source })?)
    }

    /// The same in an open directory.
    pub fn open_in(tree: Tree) -> Result<Reader, ReadError> {
        let found = tree::traces(&tree)?;
        let tree = Arc::new(tree);
        let (mut traces, mut streams, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for tree::TraceDir { path, streams: files } in found {
            match Trace::open(&tree, path) {
                Ok((trace, damage)) => {
                    errors.extend(damage);
                    let trace = Arc::new(trace);
                    let reader =
                        |file| StreamReader::new(Arc::clone(&tree), Arc::clone(&trace), file);
                    streams.extend(files.into_iter().map(reader));
                    traces.push(trace);
                }
                Err(error) => errors.push(error),
            }
        }
        // Both are taken from their ends.
        errors.reverse();
        let unknown = (0..streams.len()).rev().collect();
        Ok(Reader { traces, streams, unknown, next: BinaryHeap::new(), errors, gaps: vec![] })
    }

    /// What was found missing since this was last asked: in the packets of the events so far, and of the next one of each
    /// stream.
    pub fn take_gaps(&mut self) -> Vec<Gap> {
        std::mem::take(&mut self.gaps)
    }

    /// The bytes of the payload of the event that iterating gave last, in a trace whose records have no alignment.
    pub(crate) fn payload(&self) -> &[u8] {
        // Its stream is the first to be asked for another one.
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

impl Trace {
    /// A trace, and what is damaged of its metadata.
    fn open(tree: &Tree, path: PathBuf) -> Result<(Trace, Option<ReadError>), ReadError> {
        let text = metadata_text(tree, &path)?;
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

    /// Nanoseconds since 1970 of a clock value, `None` if an `i64` cannot hold them.
    pub fn timestamp_ns(&self, clock: u64) -> Option<i64> {
        const NS_IN_S: i128 = 1_000_000_000;
        let ours = &self.metadata.clock;
        let cycles = i128::from(ours.offset_cycles) + i128::from(clock);
        // No product of two 64-bit numbers and 10^9 is beyond 128 bits when seconds are taken out
        // first.
        let freq_hz = i128::from(ours.freq_hz);
        let (s, rest) = (cycles.div_euclid(freq_hz), cycles.rem_euclid(freq_hz));
        let ns = (i128::from(ours.offset_s) + s) * NS_IN_S + rest * NS_IN_S / freq_hz;
        i64::try_from(ns).ok()
    }
}

/// What stands in the metadata of the trace that is shown as `path`.
pub(crate) fn metadata_text(tree: &Tree, path: &Path) -> Result<Vec<u8>, ReadError> {
    let path = path.join("metadata");
    let mut text = Vec::new();
    match tree.open_plain(&path).and_then(|mut file| file.read_to_end(&mut text)) {
        Ok(_) => Ok(text),
        Err(source) => Err(ReadError::Io { path, source }),
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
