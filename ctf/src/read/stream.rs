//! One stream file, packet by packet, record by record.
//!
//! ```text
//!   offset        content end   packet end = next offset
//!   | header, context | record record record | padding | header, context | ...
//!   '--- read whole, at most PACKET_BYTES_MAX ---'
//! ```
//!
//! - A record that does not decode ends its packet: the next packet begins at a known place.
//! - If there is no packet at a place, it is not known where the next one begins, and the stream ends. If packets have
//!   a [checksum](crate::write::packet), the next one is looked for ([`whole`](super::whole)).
//! - The file is open only while a packet is read, because a trace may have more streams than a process may have files.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::bits::Bits;
use super::decode::{DecodeError, Decoder};
use super::error::ReadError;
use super::event::{Event, Packet, Trace};
use super::gap::{Before, Gap};
use super::value::Value;
use super::whole::{Layout, Whole, WholePackets};
use crate::dir::Tree;
use crate::schema::{Scope, StreamType};
use crate::write::packet::PACKET_MAGIC;

/// A larger packet is refused, because a packet must be in memory.
const PACKET_BYTES_MAX: u64 = 256 << 20;
/// How much is read of a packet at first, before its size is known.
const OPENING_BYTES: u64 = 4096;

/// The position in one stream file.
#[derive(Debug)]
pub(crate) struct StreamReader {
    tree: Arc<Tree>,
    trace: Arc<Trace>,
    path: Arc<PathBuf>,
    /// Where the next packet begins; `None` after the last one.
    next_offset: Option<u64>,
    open: Option<OpenPacket>,
    before: Before,
    /// Carried over from packet to packet, if packets do not say when they begin.
    clock: u64,
    /// Set if packets have checksums.
    whole: Option<WholePackets>,
}

/// A packet whose records are being read.
#[derive(Debug)]
pub(crate) struct OpenPacket {
    packet: Arc<Packet>,
    /// What is known of it if packets have checksums.
    pub(crate) whole: Option<Whole>,
    decoder: Decoder,
    mark: usize,
    /// Where the payload of the last record is.
    payload_bits: Range<usize>,
}

/// Why there is no packet at a place.
enum PacketError {
    Io(io::Error),
    Decode(DecodeError),
}

impl From<io::Error> for PacketError {
    fn from(error: io::Error) -> PacketError {
        PacketError::Io(error)
    }
}

impl From<DecodeError> for PacketError {
    fn from(error: DecodeError) -> PacketError {
        PacketError::Decode(error)
    }
}

fn wrong(what: impl Into<String>) -> PacketError {
    PacketError::Decode(DecodeError::Wrong(what.into()))
}

impl StreamReader {
    pub(crate) fn new(tree: Arc<Tree>, trace: Arc<Trace>, path: PathBuf) -> StreamReader {
        let whole = Layout::of(&trace.metadata).map(WholePackets::new);
        let path = Arc::new(path);
        let (next_offset, before) = (Some(0), Before::default());
        StreamReader { tree, trace, path, next_offset, open: None, before, clock: 0, whole }
    }

    pub(super) fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// The same file from its beginning.
    pub(super) fn again(&self) -> StreamReader {
        StreamReader::new(Arc::clone(&self.tree), Arc::clone(&self.trace), self.path.to_path_buf())
    }

    /// The next record, or an error; after an error there may be more.
    pub(super) fn next(&mut self, gaps: &mut Vec<Gap>) -> Option<Result<Event, ReadError>> {
        loop {
            if let Some(mut open) = self.open.take()
                && let Some(event) = self.next_in(&mut open)
            {
                if event.is_ok() {
                    self.open = Some(open);
                }
                return Some(event);
            }
            match self.next_packet()? {
                Ok(open) => {
                    gaps.extend(self.before.gap_to(&open.packet, &self.trace));
                    self.open = Some(open);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The bytes of the last record's payload, if these are whole bytes.
    pub(super) fn payload(&self) -> &[u8] {
        self.open.as_ref().map_or(&[], OpenPacket::payload)
    }

    /// The next record of a packet, `None` at its end; after an error there is no more.
    pub(crate) fn next_in(&mut self, open: &mut OpenPacket) -> Option<Result<Event, ReadError>> {
        if open.decoder.bits.left() == 0 {
            return None;
        }
        let event = open.event(&self.trace);
        self.clock = open.decoder.clock;
        let at = open.packet.offset_bytes + open.decoder.bits.at() as u64 / 8;
        Some(event.map_err(|error| self.error(at, PacketError::Decode(error))))
    }

    /// The next packet, or an error; after an error there may be more.
    pub(crate) fn next_packet(&mut self) -> Option<Result<OpenPacket, ReadError>> {
        if self.whole.is_some() {
            return self.next_whole();
        }
        let offset = self.next_offset.take()?;
        match self.open_packet(offset) {
            Ok(None) => None,
            Ok(Some(open)) => {
                self.next_offset = Some(offset + open.packet.size_bytes);
                self.clock = open.decoder.clock;
                Some(Ok(open))
            }
            Err(error) => Some(Err(self.error(offset, error))),
        }
    }

    fn next_whole(&mut self) -> Option<Result<OpenPacket, ReadError>> {
        let packets = self.whole.as_mut()?;
        let opened =
            self.tree.open_plain(&self.path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, file) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // Nothing more can be read from it.
                self.whole = None;
                self.next_offset = None;
                return Some(Err(self.error(0, error.into())));
            }
        };
        let (whole, bytes) = match packets.next(&file, len)? {
            Ok(found) => found,
            Err((offset, why)) => return Some(Err(self.error(offset, wrong(why)))),
        };
        let (offset, size_bytes) = (whole.offset, whole.context.packet_size_bytes);
        Some(match self.packet_in(bytes, offset, size_bytes, |_| Ok(Vec::new())) {
            Ok(open) => {
                self.clock = open.decoder.clock;
                Ok(OpenPacket { whole: Some(whole), ..open })
            }
            Err(error) => Err(self.error(offset, error)),
        })
    }

    fn error(&self, offset_bytes: u64, error: PacketError) -> ReadError {
        let path = self.path.to_path_buf();
        let message = match error {
            PacketError::Io(source) => return ReadError::Io { path, source },
            PacketError::Decode(DecodeError::Short) => "cut short".to_owned(),
            PacketError::Decode(DecodeError::Wrong(message)) => message,
        };
        ReadError::Stream { path, offset_bytes, message }
    }

    /// The packet at `offset`, `None` at the file's end.
    fn open_packet(&self, offset: u64) -> Result<Option<OpenPacket>, PacketError> {
        let file = self.tree.open_plain(&self.path)?;
        let left = file.metadata()?.len().saturating_sub(offset);
        if left == 0 {
            return Ok(None);
        }
        let mut opening = OPENING_BYTES.min(left);
        loop {
            match self.packet_of(&file, offset, left, opening) {
                // Its header may just be long.
                Err(PacketError::Decode(DecodeError::Short))
                    if opening < left.min(PACKET_BYTES_MAX) =>
                {
                    opening = (opening * 16).min(left).min(PACKET_BYTES_MAX);
                }
                outcome => return outcome.map(Some),
            }
        }
    }

    fn packet_of(
        &self,
        file: &File,
        offset: u64,
        left: u64,
        opening: u64,
    ) -> Result<OpenPacket, PacketError> {
        self.packet_in(read(file, offset, opening)?, offset, left, |len| read(file, offset, len))
    }

    /// The packet that begins with `bytes`, out of `left` bytes that there are; `more` reads more of them.
    fn packet_in(
        &self,
        bytes: Vec<u8>,
        offset: u64,
        left: u64,
        more: impl Fn(u64) -> io::Result<Vec<u8>>,
    ) -> Result<OpenPacket, PacketError> {
        let metadata = &self.trace.metadata;
        let opening = bytes.len() as u64;
        let mut decoder = Decoder::new(Bits::new(bytes), self.clock);
        let header = decoder.part(Scope::PacketHeader, metadata.packet_header.as_ref())?;
        let stream_id = self.check(header.as_ref())?;
        let Some(class) = metadata.streams.get(&stream_id) else {
            return Err(wrong(format!("the metadata has no stream {stream_id}")));
        };
        let context = decoder.part(Scope::PacketContext, class.packet_context.as_ref())?;
        let word =
            |name| context.as_ref().and_then(|context| context.get(name)).and_then(Value::as_u64);

        // Either size is the other one. Without both, the file is one packet.
        let (packet_size, content_size) = (word("packet_size"), word("content_size"));
        let packet_bits = packet_size.or(content_size).unwrap_or(left.saturating_mul(8));
        let content_bits = content_size.unwrap_or(packet_bits);
        let whole = packet_bits.is_multiple_of(8) && packet_bits > 0 && content_bits <= packet_bits;
        if !whole || content_bits < decoder.bits.at() as u64 {
            return Err(wrong(format!("a packet of {packet_bits} bits, {content_bits} in use")));
        }
        let (size_bytes, content_bytes) = (packet_bits / 8, content_bits.div_ceil(8));
        if size_bytes > left {
            return Err(wrong(format!(
                "a packet of {size_bytes} bytes, of which {left} are there"
            )));
        }
        if content_bytes > PACKET_BYTES_MAX {
            return Err(wrong(format!(
                "a packet with {content_bytes} bytes in use, more than are read"
            )));
        }
        if content_bytes > opening {
            decoder.bits.replace(more(content_bytes)?);
        }
        decoder.bits.end_at(content_bits as usize);
        decoder.clock = word("timestamp_begin").unwrap_or(self.clock);
        let packet = Packet {
            path: Arc::clone(&self.path),
            offset_bytes: offset,
            size_bytes,
            stream_id,
            stream_instance_id: header
                .as_ref()
                .and_then(|header| header.get("stream_instance_id")?.as_u64()),
            seq: word("packet_seq_num"),
            discarded: word("events_discarded"),
            header,
            context,
        };
        let mark = decoder.mark();
        Ok(OpenPacket { packet: Arc::new(packet), whole: None, decoder, mark, payload_bits: 0..0 })
    }

    /// Whether a packet with this header belongs here; returns its stream class.
    fn check(&self, header: Option<&Value>) -> Result<u64, PacketError> {
        let Some(header) = header else { return Ok(self.only_stream()) };
        if let Some(magic) = header.get("magic").and_then(Value::as_u64)
            && magic != u64::from(PACKET_MAGIC)
        {
            return Err(wrong(format!("no packet: wrong magic number {magic:#x}")));
        }
        // Other writers' packets may have another UUID than the metadata, and other readers do not mind.
        Ok(header.get("stream_id").and_then(Value::as_u64).unwrap_or_else(|| self.only_stream()))
    }

    fn only_stream(&self) -> u64 {
        self.trace.metadata.streams.keys().next().copied().unwrap_or(0)
    }
}

impl OpenPacket {
    /// The bytes that were read of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.decoder.bits.all()
    }

    /// The bytes of the last record's payload, if these are whole bytes.
    pub(super) fn payload(&self) -> &[u8] {
        let Range { start, end } = self.payload_bits;
        self.bytes().get(start / 8..end.div_ceil(8)).unwrap_or_default()
    }

    /// The bytes of its content, without what lies behind it.
    pub(super) fn content(&self) -> &[u8] {
        let end = self.decoder.bits.at() + self.decoder.bits.left();
        self.bytes().get(..end.div_ceil(8)).unwrap_or_default()
    }

    pub(super) fn packet(&self) -> &Packet {
        &self.packet
    }

    fn event(&mut self, trace: &Arc<Trace>) -> Result<Event, DecodeError> {
        let missing = |what: String| DecodeError::Wrong(format!("the metadata has no {what}"));
        let stream_id = self.packet.stream_id;
        // `packet_of` has looked it up.
        let class: &StreamType = trace
            .metadata
            .streams
            .get(&stream_id)
            .ok_or_else(|| missing(format!("stream {stream_id}")))?;
        let decoder = &mut self.decoder;
        let from = decoder.bits.at();
        decoder.forget(self.mark);
        let header = decoder.part(Scope::EventHeader, class.event_header.as_ref())?;
        let id = match header.as_ref().and_then(event_id) {
            Some(id) => id,
            None => class.events.keys().next().copied().unwrap_or(0),
        };
        let event = class
            .events
            .get(&id)
            .ok_or_else(|| missing(format!("event {id} of stream {stream_id}")))?;
        let stream_context =
            decoder.part(Scope::StreamEventContext, class.event_context.as_ref())?;
        let context = decoder.part(Scope::EventContext, event.context.as_ref())?;
        let payload_from = decoder.bits.at();
        let fields = decoder.part(Scope::Fields, event.fields.as_ref())?;
        self.payload_bits = payload_from..decoder.bits.at();
        if decoder.bits.at() == from {
            return Err(DecodeError::Wrong(
                "a record of no bits: there would be no end of them".to_owned(),
            ));
        }
        let timestamp_ns = match &class.clock {
            Some(clock) => clock.timestamp_ns(decoder.clock).ok_or_else(|| {
                DecodeError::Wrong(format!("the clock {} is out of range", decoder.clock))
            })?,
            None => 0,
        };
        Ok(Event {
            timestamp_ns,
            clock: decoder.clock,
            trace: Arc::clone(trace),
            packet: Arc::clone(&self.packet),
            class: Arc::clone(event),
            stream_context,
            context,
            fields,
        })
    }
}

/// The class's id: the last field of that name, because the variant of an extended header has the real id behind the
/// tag.
fn event_id(header: &Value) -> Option<u64> {
    header.fields().iter().rev().find_map(|(name, value)| {
        event_id(value).or_else(|| if &**name == "id" { value.as_u64() } else { None })
    })
}

fn read(file: &File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}
