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
use super::event::{Event, Packet};
use super::gap::{Before, Gap};
use super::stream::{OpenPacket, StreamReader};
use super::value::Value;
use super::whole::Layout;

/// A stream.
#[derive(Debug)]
pub(super) enum Stream {
    One(Box<StreamReader>),
    Several(Several),
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
    let mut directories = HashMap::<_, PathBuf>::new();
    let mut is_shared = HashMap::<[u8; 16], bool>::new();
    for file in &files {
        let trace = file.trace();
        if let Some(uuid) = trace.metadata.uuid {
            let first = directories.entry(uuid).or_insert_with(|| trace.path.clone());
            *is_shared.entry(uuid).or_default() |= *first != trace.path;
        }
    }
    let mut streams: Vec<Stream> = Vec::new();
    let mut places = HashMap::new();
    for file in files {
        let metadata = &file.trace().metadata;
        let is_alone = metadata.uuid.is_none_or(|uuid| !is_shared[&uuid]);
        // Our writer has one file for each stream.
        let key = match is_alone && Layout::of(metadata).is_some() {
            true => None,
            false => key(&file),
        };
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

/// `None` if the first packet cannot be read, or does not say which stream it is from.
fn key(file: &StreamReader) -> Option<Key> {
    let first = file.again().next_packet()?.ok()?;
    let trace = file.trace();
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
                *self = Stream::Several(Several { files, open: None, before: Before::default() });
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
        let begins = |part: &Part| Some(time(part.next.as_ref()?.packet(), "timestamp_begin"));
        let (first, _) = (self.files.iter().enumerate())
            .filter_map(|(file, part)| Some((file, begins(part)?)))
            .min_by_key(|(_, begin)| *begin)?;
        let open = self.files[first].next.take()?;
        for other in &mut self.files {
            other.next.take_if(|other| is_same(other, &open));
        }
        Some(Ok((first, open)))
    }
}

fn time(packet: &Packet, name: &str) -> Option<u64> {
    packet.context.as_ref()?.get(name).and_then(Value::as_u64)
}

fn is_same(one: &OpenPacket, other: &OpenPacket) -> bool {
    let place = |open: &OpenPacket| {
        let packet = open.packet();
        let (begin, end) = (time(packet, "timestamp_begin")?, time(packet, "timestamp_end")?);
        Some((begin, end, packet.seq, packet.size_bytes))
    };
    place(one).is_some() && place(one) == place(other) && one.content() == other.content()
}
