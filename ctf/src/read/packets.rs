//! The packets of one stream file: where each begins, and what its header and context say.
//!
//! ```text
//!   offset        content end   packet end = next offset
//!   | header, context | record record record | padding | header, context | ...
//! ```
//!
//! If there is no packet at a place, it is not known where the next one begins, and the stream ends. If packets have a
//! [checksum](crate::write::packet), the next one is looked for ([`whole`](super::whole)).

use std::path::PathBuf;
use std::sync::Arc;

use super::bits::Bits;
use super::decode::{DecodeError, Decoder, Known, Past};
use super::error::{PacketError, ReadError};
use super::event::{Packet, Trace};
use super::open_packet::OpenPacket;
use super::stream_file::{Share, StreamFile};
use super::whole::{Layout, WholePackets};
use super::window::Window;
use crate::dir::Tree;
use crate::schema::{Role, Scope};
use crate::write::packet::{CONTEXT_AT, PACKET_MAGIC, StreamIdentity};

/// How much is read of a packet at first, before its size is known.
const OPENING_BYTES: u64 = 4096;
/// A packet whose header and context are longer is refused.
const OPENING_BYTES_MAX: u64 = 16 << 20;

/// The position in one stream file.
#[derive(Debug)]
pub(super) struct Packets {
    file: StreamFile,
    trace: Arc<Trace>,
    /// Where the next packet begins; `None` after the last one.
    next_offset: Option<u64>,
    /// Set if packets have checksums.
    whole: Option<WholePackets>,
    /// How much of a packet is read at once.
    window_bytes: usize,
}

fn wrong(what: impl Into<String>) -> PacketError {
    PacketError::Decode(DecodeError::Wrong(what.into()))
}

impl Packets {
    pub(super) fn new(tree: Arc<Tree>, trace: Arc<Trace>, path: PathBuf, share: Share) -> Packets {
        let whole = Layout::of(&trace.metadata).map(WholePackets::new);
        let file = StreamFile::new(tree, path, share);
        Packets { file, trace, next_offset: Some(0), whole, window_bytes: share.bytes }
    }

    pub(super) fn file(&mut self) -> &mut StreamFile {
        &mut self.file
    }

    pub(super) fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// The next packet, or an error; after an error there may be more. `clock` is the clock at the end of the packet
    /// before.
    pub(super) fn next(&mut self, clock: u64) -> Option<Result<OpenPacket, ReadError>> {
        if self.whole.is_some() {
            return self.next_whole(clock);
        }
        let offset = self.next_offset.take()?;
        match self.open_packet(offset, clock) {
            Ok(None) => None,
            Ok(Some(open)) => {
                self.next_offset = Some(offset + open.packet.size_bytes);
                Some(Ok(open))
            }
            Err(error) => Some(Err(self.error(offset, error))),
        }
    }

    fn next_whole(&mut self, clock: u64) -> Option<Result<OpenPacket, ReadError>> {
        let packets = self.whole.as_mut()?;
        let len = match self.file.len(packets.next_offset()) {
            Ok(len) => len,
            Err(error) => {
                // Nothing more can be read from it.
                self.whole = None;
                self.next_offset = None;
                return Some(Err(self.error(0, error.into())));
            }
        };
        let (whole, bytes) = match packets.next(&mut self.file, len)? {
            Ok(found) => found,
            Err((offset, why)) => return Some(Err(self.error(offset, wrong(why)))),
        };
        let (offset, size_bytes) = (whole.offset, whole.context.packet_size_bytes);
        let open = self.packet_in(bytes, offset, size_bytes, clock, Some(&whole.identity));
        let open = open.map(|open| open.with_whole(whole));
        Some(open.map_err(|error| self.error(offset, error)))
    }

    /// An error at this place of the file.
    pub(super) fn error(&self, offset_bytes: u64, error: PacketError) -> ReadError {
        let path = self.file.path().to_path_buf();
        let message = match error {
            PacketError::Io(source) => return ReadError::Io { path, source },
            PacketError::Decode(DecodeError::Short) => "cut short".to_owned(),
            PacketError::Decode(DecodeError::Wrong(message)) => message,
        };
        ReadError::Stream { path, offset_bytes, message }
    }

    /// The packet at `offset`, `None` at the file's end.
    fn open_packet(&mut self, offset: u64, clock: u64) -> Result<Option<OpenPacket>, PacketError> {
        let left = self.file.len(offset)?.saturating_sub(offset);
        if left == 0 {
            return Ok(None);
        }
        match self.open_of(offset, left, clock) {
            // The rest of it may have come since the file was looked at.
            Err(_) if self.file.has_grown()? => {
                let left = self.file.len(offset)?.saturating_sub(offset);
                self.open_of(offset, left, clock).map(Some)
            }
            outcome => outcome.map(Some),
        }
    }

    /// The packet at `offset`, behind which the file has `left` bytes.
    fn open_of(&mut self, offset: u64, left: u64, clock: u64) -> Result<OpenPacket, PacketError> {
        let most = left.min(OPENING_BYTES_MAX);
        let mut opening = OPENING_BYTES.min(most);
        loop {
            let bytes = self.file.bytes(offset, opening as usize)?;
            match self.packet_in(bytes, offset, left, clock, None) {
                // Its header may just be long.
                Err(PacketError::Decode(DecodeError::Short)) if opening < most => {
                    opening = (opening * 16).min(most);
                }
                outcome => return outcome,
            }
        }
    }

    /// The packet that begins with `bytes`, out of `left` bytes that there are. Its header is read if it is not known
    /// what it says.
    fn packet_in(
        &self,
        bytes: Vec<u8>,
        offset: u64,
        left: u64,
        clock: u64,
        known: Option<&StreamIdentity>,
    ) -> Result<OpenPacket, PacketError> {
        let metadata = &self.trace.metadata;
        let mut past = Past::new(clock);
        let from = if known.is_some() { CONTEXT_AT * 8 } else { 0 };
        let mut decoder = Decoder::new(Bits::new(&bytes, from, usize::MAX, 0), &mut past);
        let (stream_id, stream_instance_id) = match known {
            Some(known) => (u64::from(known.stream_id), Some(known.stream_instance_id)),
            None => {
                decoder.part(Scope::PacketHeader, metadata.packet_header.as_ref())?;
                (self.stream_id(decoder.known())?, decoder.known().get(Role::StreamId))
            }
        };
        let Some(class) = metadata.streams.get(&stream_id) else {
            return Err(wrong(format!("the metadata has no stream {stream_id}")));
        };
        let context = decoder.part(Scope::PacketContext, class.packet_context.as_ref())?;
        let at = decoder.bits.at() as u64;
        let word = |role| past.known.get(role);

        // Either size is the other one. Without both, the file is one packet.
        let sizes = word(Role::PacketSize).or(word(Role::ContentSize));
        let packet_bits = sizes.unwrap_or(left.saturating_mul(8));
        let content_bits = word(Role::ContentSize).unwrap_or(packet_bits);
        let whole = packet_bits.is_multiple_of(8) && packet_bits > 0 && content_bits <= packet_bits;
        if !whole || content_bits < at {
            return Err(wrong(format!("a packet of {packet_bits} bits, {content_bits} in use")));
        }
        let size_bytes = packet_bits / 8;
        if size_bytes > left {
            return Err(wrong(format!(
                "a packet of {size_bytes} bytes, of which {left} are there"
            )));
        }
        let packet = Packet {
            path: Arc::clone(self.file.path()),
            offset_bytes: offset,
            size_bytes,
            stream_id,
            stream_instance_id,
            seq: word(Role::PacketNumber),
            discarded: word(Role::Discarded),
            begin_clock: word(Role::PacketBegin),
            end_clock: word(Role::PacketEnd),
            context,
        };
        past.clock = word(Role::PacketBegin).unwrap_or(clock);
        let window = Window::new(bytes, content_bits, self.window_bytes);
        Ok(OpenPacket::new(packet, window, at, past))
    }

    /// The stream class of a packet with this header. Other writers' packets may have another UUID than the metadata, and
    /// other readers do not mind.
    fn stream_id(&self, known: &Known) -> Result<u64, PacketError> {
        if let Some(magic) = known.get(Role::PacketMagic)
            && magic != u64::from(PACKET_MAGIC)
        {
            return Err(wrong(format!("no packet: wrong magic number {magic:#x}")));
        }
        Ok(known.get(Role::StreamClassId).unwrap_or_else(|| self.only_stream()))
    }

    fn only_stream(&self) -> u64 {
        self.trace.metadata.streams.keys().next().copied().unwrap_or(0)
    }
}
