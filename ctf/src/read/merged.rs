//! Streams, each in one file or in several: those of one trace's snapshots and rotations, or of files of limited size.
//!
//! ```text
//!   snapshot-1/stream-0   packet 3, packet 4, packet 5
//!   snapshot-2/stream-0                       packet 5, packet 6       the same packet 5: it is read once
//! ```
//!
//! Files belong to one stream if their traces have the same UUID, or are the same trace, and their packets name the same
//! stream class and the same instance of it. Packets are read in the order in which they begin, so that what is missing
//! between two of them is found wherever they are.
//!
//! A packet that several files have is read once. It is the same if its place in time, its number and its bytes are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use super::error::ReadError;
use super::event::Event;
use super::gap::{Before, Gap};
use super::stream::{OpenPacket, StreamReader};
use super::whole::Layout;

/// A stream.
#[derive(Debug)]
pub(super) enum Stream {
    One(Box<StreamReader>),
    Several(Box<Several>),
}

/// A stream in several files.
#[derive(Debug)]
pub(super) struct Several {
    files: Vec<Part>,
    /// The packet whose records are being read, and the file that it is from.
    open: Option<(usize, OpenPacket)>,
    before: Before,
}

/// One of the files, and its next packet.
#[derive(Debug)]
struct Part {
    reader: StreamReader,
    next: Option<OpenPacket>,
    is_at_end: bool,
}

/// What a file's packets say of their stream.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    trace: Result<[u8; 16], PathBuf>,
    stream_id: u64,
    instance_id: u64,
}

/// The streams of these files.
pub(super) fn streams(files: Vec<StreamReader>) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::new();
    let mut places = HashMap::new();
    for file in files {
        let key = key(&file);
        let Some(key) = key else {
            streams.push(Stream::One(Box::new(file)));
            continue;
        };
        match places.entry(key) {
            Entry::Vacant(place) => {
                place.insert(streams.len());
                streams.push(Stream::One(Box::new(file)));
            }
            Entry::Occupied(place) => streams[*place.get()].add(file),
        }
    }
    streams
}

/// `None` if the first packet cannot be read, or does not say which stream it is from. Our writer has one file for each
/// stream, and a UUID for each trace.
fn key(file: &StreamReader) -> Option<Key> {
    let trace = file.trace();
    if Layout::of(&trace.metadata).is_some() {
        return None;
    }
    let first = file.again().next_packet()?.ok()?;
    Some(Key {
        trace: trace.metadata.uuid.ok_or_else(|| trace.path.clone()),
        stream_id: first.packet().stream_id,
        instance_id: first.packet().stream_instance_id?,
    })
}

impl Stream {
    fn add(&mut self, file: StreamReader) {
        let part = |reader| Part { reader, next: None, is_at_end: false };
        match self {
            Stream::One(first) => {
                let files = vec![part(first.again()), part(file)];
                let several = Several { files, open: None, before: Before::default() };
                *self = Stream::Several(Box::new(several));
            }
            Stream::Several(several) => several.files.push(part(file)),
        }
    }

    /// The next record, or an error; after an error there may be more.
    pub(super) fn next(&mut self, gaps: &mut Vec<Gap>) -> Option<Result<Event, ReadError>> {
        match self {
            Stream::One(file) => file.next(gaps),
            Stream::Several(several) => several.next(gaps),
        }
    }

    /// The bytes of the last record's payload, if these are whole bytes.
    pub(super) fn payload(&self) -> &[u8] {
        match self {
            Stream::One(file) => file.payload(),
            Stream::Several(several) => {
                several.open.as_ref().map_or(&[], |(_, open)| open.payload())
            }
        }
    }
}

impl Several {
    fn next(&mut self, gaps: &mut Vec<Gap>) -> Option<Result<Event, ReadError>> {
        loop {
            if let Some((file, mut open)) = self.open.take()
                && let Some(event) = self.files[file].reader.next_in(&mut open)
            {
                if event.is_ok() {
                    self.open = Some((file, open));
                }
                return Some(event);
            }
            match self.next_packet()? {
                Err(error) => return Some(Err(error)),
                Ok((file, open)) => {
                    let trace = self.files[file].reader.trace();
                    gaps.extend(self.before.gap_to(open.packet(), trace));
                    self.open = Some((file, open));
                }
            }
        }
    }

    /// The packet that begins first, and its file.
    fn next_packet(&mut self) -> Option<Result<(usize, OpenPacket), ReadError>> {
        for part in &mut self.files {
            while part.next.is_none() && !part.is_at_end {
                match part.reader.next_packet() {
                    None => part.is_at_end = true,
                    Some(Ok(open)) => part.next = Some(open),
                    Some(Err(error)) => return Some(Err(error)),
                }
            }
        }
        let begins = |part: &Part| Some(part.time(part.next.as_ref()?, "timestamp_begin"));
        let (first, _) = (self.files.iter().enumerate())
            .filter_map(|(file, part)| Some((file, begins(part)?)))
            .min_by_key(|(_, begin)| *begin)?;
        let part = &mut self.files[first];
        let open = part.next.take()?;
        let place = part.place(&open);
        for other in &mut self.files {
            let is_same = other.next.as_ref().is_some_and(|next| {
                place.is_some() && other.place(next) == place && next.content() == open.content()
            });
            if is_same {
                other.next = None;
            }
        }
        Some(Ok((first, open)))
    }
}

impl Part {
    /// When a packet of this file begins or ends, in nanoseconds since 1970.
    fn time(&self, open: &OpenPacket, name: &str) -> Option<i64> {
        let packet = open.packet();
        let value = packet.context.as_ref()?.get(name)?.as_u64()?;
        self.reader.trace().clock(packet.stream_id)?.timestamp_ns(value)
    }

    /// Where a packet is in its stream, and its size.
    fn place(&self, open: &OpenPacket) -> Option<(i64, i64, Option<u64>, u64)> {
        let (begin, end) = (self.time(open, "timestamp_begin")?, self.time(open, "timestamp_end")?);
        Some((begin, end, open.packet().seq, open.packet().size_bytes))
    }
}
