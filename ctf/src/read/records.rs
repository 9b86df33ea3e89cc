//! All records of all streams, ordered by time.
//!
//! ```text
//!   stream 0   packet, packet ...  --> next record --.
//!   stream 1   packet, packet ...  --> next record ---+--> heap --> next_record
//!   stream 2   ...                 --> next record --'
//! ```
//!
//! The stream of the last record stays outside of the heap as long as its next one is the earliest: streams take turns by
//! stretches, so most records cost one comparison.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;

use super::classes::{Class, Classes};
use super::error::ReadError;
use super::event::{Event, Packet, Trace};
use super::gap::Gap;
use super::merged::{self, Part};
use super::open_packet::Head;
use super::packets::Packets;
use super::plan::{Plan, Visitor};
use super::stream::StreamReader;
use super::stream_file::Share;
use super::tree;
use crate::dir::Tree;

/// If there are more streams, their files are open only while they are read.
const OPEN_FILES_MAX: usize = 128;
/// What all streams together keep in memory of their packets.
const WINDOWS_BYTES: usize = 32 << 20;
/// What one stream keeps, at least and at most.
const WINDOW_BYTES: std::ops::RangeInclusive<usize> = (16 << 10)..=(256 << 10);

/// Reads traces, record by record. The values of a record are read only when they are asked for.
#[derive(Debug)]
pub struct Records {
    traces: Vec<Arc<Trace>>,
    classes: Vec<Arc<Class>>,
    streams: Vec<StreamReader>,
    /// The stream of the last record.
    current: Option<usize>,
    /// Other streams whose next record is not known yet.
    unknown: Vec<usize>,
    /// The time of the next record of each other stream, the earliest first; of equal ones, that of the first stream.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    /// Errors from opening.
    errors: Vec<ReadError>,
    /// Gaps that were found and are not reported yet.
    gaps: Vec<Gap>,
}

/// The record that is the next one of all.
#[derive(Debug)]
pub struct Record<'r> {
    stream: &'r mut StreamReader,
    classes: &'r [Arc<Class>],
    head: Head,
    number: usize,
}

impl Records {
    /// Opens the trace in `path`, or all traces below it. Iterating first returns the errors of traces whose metadata
    /// is wrong or damaged.
    ///
    /// # Errors
    /// There is no trace, or a directory cannot be listed.
    pub fn open(path: &Path) -> Result<Records, ReadError> {
        let opened = Tree::open(path);
        Records::open_in(opened.map_err(|source| ReadError::Io { path: path.to_owned(), source })?)
    }

    /// The same in an open directory.
    ///
    /// # Errors
    /// As [`open`](Records::open).
    pub fn open_in(tree: Tree) -> Result<Records, ReadError> {
        let found = tree::traces(&tree)?;
        let tree = Arc::new(tree);
        let files: usize = found.iter().map(|trace| trace.streams.len()).sum();
        let (least, most) = WINDOW_BYTES.into_inner();
        let share = Share {
            bytes: (WINDOWS_BYTES / files.max(1)).clamp(least, most),
            keeps_open: files <= OPEN_FILES_MAX,
        };
        let (mut traces, mut all_files, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut classes = Vec::new();
        for tree::TraceDir { path, streams: files } in found {
            match Trace::open(&tree, path) {
                Ok((trace, damage)) => {
                    errors.extend(damage);
                    let trace = Arc::new(trace);
                    let ours = Arc::new(Classes::new(&trace.metadata, classes.len()));
                    classes.extend_from_slice(ours.all());
                    let reader = |file| {
                        let (tree, trace) = (Arc::clone(&tree), Arc::clone(&trace));
                        Part::new(Packets::new(tree, trace, file, share), Arc::clone(&ours))
                    };
                    all_files.extend(files.into_iter().map(reader));
                    traces.push(trace);
                }
                Err(error) => errors.push(error),
            }
        }
        // Both are taken from their ends.
        errors.reverse();
        let stream = |mut files: Vec<Part>| StreamReader::of(files.remove(0), files);
        let streams: Vec<_> = merged::streams(all_files).into_iter().map(stream).collect();
        let unknown = (0..streams.len()).rev().collect();
        let next = BinaryHeap::with_capacity(streams.len());
        let (current, gaps) = (None, Vec::new());
        Ok(Records { traces, classes, streams, current, unknown, next, errors, gaps })
    }

    /// The traces that could be opened.
    pub fn traces(&self) -> &[Arc<Trace>] {
        &self.traces
    }

    /// The classes of all traces, by [number](Record::class_number).
    pub fn classes(&self) -> &[Arc<Class>] {
        &self.classes
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The gaps found since the last call: in the packets of the records so far, and of the next record of each stream.
    pub fn take_gaps(&mut self) -> Vec<Gap> {
        std::mem::take(&mut self.gaps)
    }

    /// Whether there are gaps to take.
    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// The next record in the order of time, or an error; after an error there may be more. A record whose values nobody
    /// asks for is passed over.
    #[inline]
    pub fn next_record(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        let (number, head) = match self.go_on()? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        let stream = &mut self.streams[number];
        Some(Ok(Record { stream, classes: &self.classes, head, number }))
    }

    /// The stream of the next record, and the record.
    #[inline]
    fn go_on(&mut self) -> Option<Result<(usize, Head), ReadError>> {
        if let Some(number) = self.current {
            let stream = &mut self.streams[number];
            if let Err(error) = stream.skip() {
                return Some(Err(error));
            }
            // Nearly always the stream of the last record goes on.
            if let Some(head) = stream.peek_in_packet()
                && self.next.peek().is_none_or(|Reverse(next)| (head.time_ns, number) < *next)
            {
                return Some(Ok((number, head)));
            }
        }
        self.next_of_all()
    }

    fn next_of_all(&mut self) -> Option<Result<(usize, Head), ReadError>> {
        if let Some(error) = self.errors.pop() {
            return Some(Err(error));
        }
        self.unknown.extend(self.current.take());
        while let Some(number) = self.unknown.pop() {
            match self.streams[number].peek(&mut self.gaps) {
                None => {}
                Some(Ok(head)) => self.next.push(Reverse((head.time_ns, number))),
                Some(Err(error)) => {
                    self.unknown.push(number);
                    return Some(Err(error));
                }
            }
        }
        let Reverse((_, number)) = self.next.pop()?;
        self.current = Some(number);
        // It is known, so this reads nothing.
        let head = self.streams[number].peek(&mut self.gaps)?;
        Some(head.map(|head| (number, head)))
    }

    /// The bytes of the payload of the event that was read last, in a trace whose records have no alignment.
    pub(crate) fn payload(&self) -> &[u8] {
        self.current.map_or(&[], |stream| self.streams[stream].payload())
    }
}

impl Record<'_> {
    /// When it was made, in nanoseconds since 1970; 0 if its stream has no clock.
    #[inline]
    pub fn time_ns(&self) -> i64 {
        self.head.time_ns
    }

    /// Whether its stream has a clock.
    #[inline]
    pub fn has_time(&self) -> bool {
        self.stream.has_clock()
    }

    /// Whether its stream has lost something since its record before, or up to the end of this one's packet, according to
    /// the packets' own numbers.
    pub fn is_behind_gap(&self) -> bool {
        self.stream.is_behind_gap()
    }

    /// The same in cycles of its clock.
    pub fn clock(&self) -> u64 {
        self.head.clock
    }

    /// The number of its class among [all](Records::classes).
    #[inline]
    pub fn class_number(&self) -> usize {
        self.head.class
    }

    /// Its class.
    pub fn class(&self) -> &Class {
        &self.classes[self.head.class]
    }

    /// The number of its stream among those of all traces.
    #[inline]
    pub fn stream_number(&self) -> usize {
        self.number
    }

    /// The trace that it is from.
    pub fn trace(&self) -> &Arc<Trace> {
        self.stream.trace()
    }

    /// The packet that it is from.
    pub fn packet(&self) -> Option<&Arc<Packet>> {
        self.stream.packet()
    }

    /// Hands its values to a visitor, by a [plan of its class](Class::plan).
    ///
    /// # Errors
    /// It does not decode.
    #[inline]
    pub fn visit<N, V: Visitor<N>>(self, plan: &Plan<N>, visitor: &mut V) -> Result<(), ReadError> {
        self.stream.visit(plan, visitor)
    }

    /// All of it.
    ///
    /// # Errors
    /// It does not decode.
    pub fn event(self) -> Option<Result<Event, ReadError>> {
        self.stream.event()
    }
}
