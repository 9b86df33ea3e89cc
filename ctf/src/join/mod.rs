//! Many traces joined into one: the events of thousands of processes in a single stream.
//!
//! ```text
//!   DIR/prog-1/  metadata, channel0_0, index/        TO/  metadata            each class once
//!   DIR/prog-2/  metadata, channel0_0, index/   ->        joined_0            all events, in the order of time
//!   DIR/prog-3/  ...                                      index/joined_0.idx
//! ```
//!
//! Readers such as babeltrace2 hold every stream file open at once, so they cannot read a recording of more processes
//! than they may open files. A joined trace has one stream, however many processes there were.
//!
//! What holds for it:
//!
//! - Each event is in it once, with its time and the bytes of its payload. Process id, process name, and thread (or
//!   CPU) are in each event's context, because a packet has events of many processes.
//! - Lost events are counted where they are missing, and their total is that of the joined traces. The stream cannot
//!   say whose they were; [`Joined::processes`] does.
//! - Facts on which all processes agree are in the environment; other facts are there with the process's number
//!   (`environment`).
//! - Streams whose clocks mean different things cannot share a trace. For each clock (and kind of stream, of threads or
//!   of CPUs) there is a trace, TO/1, TO/2, ... A process whose channels are of both kinds is in two of them.
//!
//! Only traces that this library has written are joined: their records have no alignment, so they mean the same at any
//! place.

mod classes;
mod environment;
mod kind;
mod output;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::dir::Tree;
use crate::printable;
use crate::read::{Event, Gap, ReadError, Reader, Trace};
use kind::Kind;
use output::Output;

/// The result of a join.
#[derive(Debug, Default)]
pub struct Joined {
    /// Events joined.
    pub events: u64,
    /// The result for each trace, ordered by path. There is one for each process.
    pub processes: Vec<Process>,
    /// Events that were lost according to the traces. Untrusted: the sum saturates.
    pub lost: u64,
    /// Packets that are missing according to the numbers of the others.
    pub missing_packets: u64,
    /// What could not be read, and is not in the joined trace.
    pub errors: Vec<ReadError>,
}

/// One of the traces that were joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its directory.
    pub path: PathBuf,
    /// Its events in the joined trace.
    pub events: u64,
    /// Its events that were lost. Untrusted, as the next field is.
    pub lost: u64,
    /// Its packets that are missing.
    pub missing_packets: u64,
}

/// Why nothing was joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no trace, or a directory cannot be listed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A trace that another program has written, or that is joined already.
    #[error("{}: not a trace that ust has recorded: leave it out", printable::path(.0))]
    Foreign(PathBuf),
    /// The joined trace cannot be written; what was written of it is removed.
    #[error("{} cannot be written: {source}", printable::path(path))]
    Write {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Joins the trace in `from`, or all traces below it, into `to`, which is an empty directory. Calls `make_uuid` once
/// for each trace that it makes.
///
/// # Errors
/// See [`JoinError`]. Errors of parts of the traces that cannot be read are among the result's
/// [`errors`](Joined::errors).
pub fn join(
    from: Tree,
    to: &Tree,
    make_uuid: impl FnMut() -> io::Result<[u8; 16]>,
) -> Result<Joined, JoinError> {
    let mut reader = Reader::open_in(from)?;
    let mut outputs = Outputs::new(reader.traces(), to, make_uuid)?;
    let joined = outputs.take_all(&mut reader).and_then(|joined| {
        outputs.outputs.iter_mut().try_for_each(Output::finish)?;
        Ok(joined)
    });
    joined.map_err(|source| {
        outputs.outputs.iter().for_each(|output| output.remove_from(to.dir()));
        JoinError::Write { path: to.path().to_owned(), source }
    })
}

/// Where a trace's events go: to which output, by stream class, and for which process they are counted.
#[derive(Debug)]
struct Place {
    outputs: BTreeMap<u64, usize>,
    process: usize,
}

struct Outputs {
    outputs: Vec<Output>,
    /// By a trace's directory.
    of_trace: HashMap<PathBuf, Place>,
}

impl Outputs {
    fn new(
        traces: &[Arc<Trace>],
        to: &Tree,
        mut make_uuid: impl FnMut() -> io::Result<[u8; 16]>,
    ) -> Result<Self, JoinError> {
        let mut groups: Vec<(Kind, Vec<Arc<Trace>>)> = Vec::new();
        let mut of_trace = HashMap::new();
        for (process, trace) in traces.iter().enumerate() {
            let kinds =
                Kind::of_streams(trace).ok_or_else(|| JoinError::Foreign(trace.path.clone()))?;
            let mut outputs = BTreeMap::new();
            for (stream_id, kind) in kinds {
                let known = groups.iter().position(|(other, _)| *other == kind);
                let output = known.unwrap_or_else(|| {
                    groups.push((kind, Vec::new()));
                    groups.len() - 1
                });
                // Several of its channels may go to one output.
                if !outputs.values().any(|other| *other == output) {
                    groups[output].1.push(Arc::clone(trace));
                }
                outputs.insert(stream_id, output);
            }
            of_trace.insert(trace.path.clone(), Place { outputs, process });
        }
        let mut outputs: Vec<Output> = Vec::new();
        let is_one = groups.len() == 1;
        for (index, (kind, group)) in groups.iter().enumerate() {
            let name = (!is_one).then(|| (index + 1).to_string());
            let path = name.as_ref().map_or(to.path().to_owned(), |name| to.path().join(name));
            let made =
                make_uuid().and_then(|uuid| Output::create(to.dir(), name, kind, group, uuid));
            outputs.push(made.map_err(|source| {
                outputs.iter().for_each(|output| output.remove_from(to.dir()));
                JoinError::Write { path, source }
            })?);
        }
        Ok(Self { outputs, of_trace })
    }

    fn take_all(&mut self, reader: &mut Reader) -> io::Result<Joined> {
        let processes = reader.traces().iter().map(|trace| Process::new(trace)).collect();
        let mut joined = Joined { processes, ..Joined::default() };
        loop {
            let item = reader.next();
            for gap in reader.take_gaps() {
                self.note(&gap, &mut joined);
            }
            match item {
                None => return Ok(joined),
                Some(Err(error)) => joined.errors.push(error),
                Some(Ok(event)) => match self.add(&event, reader.payload())? {
                    Some(process) => {
                        joined.events += 1;
                        joined.processes[process].events += 1;
                    }
                    None => joined.errors.push(undescribed(&event)),
                },
            }
        }
    }

    /// Adds an event. Returns the process that it belongs to; `None` if the event's class could not be described.
    fn add(&mut self, event: &Event, payload: &[u8]) -> io::Result<Option<usize>> {
        let Some(Place { outputs, process }) = self.of_trace.get(&event.trace.path) else {
            return Ok(None);
        };
        let Some(output) = outputs.get(&event.packet.stream_id) else { return Ok(None) };
        let is_added = self.outputs[*output].add(event, payload)?;
        Ok(is_added.then_some(*process))
    }

    fn note(&mut self, gap: &Gap, joined: &mut Joined) {
        joined.lost = joined.lost.saturating_add(gap.discarded_events);
        joined.missing_packets = joined.missing_packets.saturating_add(gap.missing_packets);
        let place = gap.path.parent().and_then(|dir| self.of_trace.get(dir));
        if let Some(Place { outputs, process }) = place {
            let output = outputs.get(&gap.stream_id);
            output.into_iter().for_each(|output| self.outputs[*output].note_lost(gap));
            let process = &mut joined.processes[*process];
            process.lost = process.lost.saturating_add(gap.discarded_events);
            process.missing_packets = process.missing_packets.saturating_add(gap.missing_packets);
        }
    }
}

impl Process {
    fn new(trace: &Trace) -> Self {
        Self { path: trace.path.clone(), events: 0, lost: 0, missing_packets: 0 }
    }
}

fn undescribed(event: &Event) -> ReadError {
    ReadError::Stream {
        path: event.packet.path.to_path_buf(),
        offset_bytes: event.packet.offset_bytes,
        message: format!("events {} are not as ust records them", event.class.name),
    }
}
