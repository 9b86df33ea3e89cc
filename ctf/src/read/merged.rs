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
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use super::classes::Classes;
use super::error::ReadError;
use super::open_packet::OpenPacket;
use super::packets::Packets;
use super::stream_file::StreamFile;
use super::whole::Layout;

/// How much of two packets is compared at once.
const COMPARED_BYTES: u64 = 8192;

/// One file of a stream.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) packets: Packets,
    pub(super) classes: Arc<Classes>,
    /// Carried over from packet to packet, if packets do not say when they begin.
    pub(super) clock: u64,
    /// The next packet, or an error, if it was looked at already.
    next: Option<Result<OpenPacket, ReadError>>,
    /// Which of its stream's files it is.
    number: usize,
}

/// What a file's packets say of their stream.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    trace: Result<[u8; 16], PathBuf>,
    stream_id: u64,
    instance_id: u64,
}

/// The files of each stream.
pub(super) fn streams(files: Vec<Part>) -> Vec<Vec<Part>> {
    let mut streams: Vec<Vec<Part>> = Vec::new();
    let mut places = HashMap::<Key, usize>::new();
    for (number, mut file) in files.into_iter().enumerate() {
        file.number = number;
        match file.key().map(|key| places.entry(key)) {
            Some(Entry::Occupied(place)) => {
                streams[*place.get()].push(file);
                continue;
            }
            Some(Entry::Vacant(place)) => drop(place.insert(streams.len())),
            None => {}
        }
        streams.push(vec![file]);
    }
    streams
}

impl Part {
    pub(super) fn new(packets: Packets, classes: Arc<Classes>) -> Part {
        Part { packets, classes, clock: 0, next: None, number: 0 }
    }

    /// `None` if the first packet cannot be read, or does not say which stream it is from. Our writer has one file for
    /// each stream, and a UUID for each trace.
    fn key(&mut self) -> Option<Key> {
        if Layout::of(&self.packets.trace().metadata).is_some() {
            return None;
        }
        self.next = self.take();
        let Some(Ok(first)) = &self.next else { return None };
        let trace = self.packets.trace();
        Some(Key {
            trace: trace.metadata.uuid.ok_or_else(|| trace.path.clone()),
            stream_id: first.packet.stream_id,
            instance_id: first.packet.stream_instance_id?,
        })
    }

    /// The next packet of this file, or an error; after an error there may be more.
    pub(super) fn take(&mut self) -> Option<Result<OpenPacket, ReadError>> {
        if let Some(next) = self.next.take() {
            return Some(next);
        }
        let open = self.packets.next(self.clock);
        if let Some(Ok(open)) = &open {
            self.clock = open.clock();
        }
        open
    }

    /// The time at which a clock value of this packet is.
    fn time(&self, open: &OpenPacket, clock: Option<u64>) -> Option<i64> {
        self.packets.trace().clock(open.packet.stream_id)?.timestamp_ns(clock?)
    }

    /// Where a packet is in its stream, and its size.
    fn place(&self, open: &OpenPacket) -> Option<(i64, i64, Option<u64>, u64, u64)> {
        let packet = &open.packet;
        let begin = self.time(open, packet.begin_clock)?;
        let end = self.time(open, packet.end_clock)?;
        Some((begin, end, packet.seq, packet.size_bytes, open.content_bits()))
    }

    /// Whether the next packet is the same as another file's.
    fn has_next(&mut self, file: &mut Part, open: &OpenPacket) -> bool {
        let Some(Ok(next)) = &self.next else { return false };
        if file.place(open).is_none_or(|place| self.place(next) != Some(place)) {
            return false;
        }
        let (one, other) = (open.packet.offset_bytes, next.packet.offset_bytes);
        let len = open.content_bits().div_ceil(8);
        is_same((file.packets.file(), one), (self.packets.file(), other), len)
    }
}

/// The packet that begins first, of a stream in several files. Its file becomes the first one.
pub(super) fn next_of_all(
    file: &mut Part,
    others: &mut [Part],
) -> Option<Result<OpenPacket, ReadError>> {
    for part in others.iter_mut().chain([&mut *file]) {
        part.next = part.take();
        if let Some(Err(error)) = part.next.take_if(|next| next.is_err()) {
            return Some(Err(error));
        }
    }
    let begin = |part: &Part| match &part.next {
        Some(Ok(open)) => Some((part.time(open, open.packet.begin_clock), part.number)),
        _ => None,
    };
    let first = others.iter().enumerate().filter_map(|(at, part)| Some((begin(part)?, at))).min();
    if let Some((first, at)) = first
        && begin(file).is_none_or(|here| first < here)
    {
        mem::swap(file, &mut others[at]);
    }
    let Some(Ok(open)) = file.next.take() else { return None };
    for other in others {
        if other.has_next(file, &open) {
            other.next = None;
        }
    }
    Some(Ok(open))
}

/// Whether two files have the same bytes at these places.
fn is_same(one: (&mut StreamFile, u64), other: (&mut StreamFile, u64), len: u64) -> bool {
    let mut bytes = [[0; COMPARED_BYTES as usize]; 2];
    let [ours, theirs] = &mut bytes;
    let mut at = 0;
    while at < len {
        let size = COMPARED_BYTES.min(len - at) as usize;
        let (ours, theirs) = (&mut ours[..size], &mut theirs[..size]);
        // What cannot be read is an error when its records are read.
        let is_read = one.0.read(one.1 + at, ours).and(other.0.read(other.1 + at, theirs)).is_ok();
        if !is_read || ours != theirs {
            return false;
        }
        at += size as u64;
    }
    true
}
