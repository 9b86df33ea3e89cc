//! The bytes around a packet's records: packet header and context before them, a checksum behind.
//!
//! ```text
//!   0        4             20            24                    32
//!   | magic  | uuid[16]    | stream_id   | stream_instance_id  |          packet header
//!   32                 40               48              56            64
//!   | timestamp_begin  | timestamp_end  | content_size  | packet_size |   packet context
//!   64                 72                  80             88
//!   | packet_seq_num   | events_discarded  | end_position | extra ... |
//!   88 + extra                       content_size   + 4       packet_size
//!   | records, one behind the other  | checksum     | zeros   |
//! ```
//!
//! Invariants:
//!
//! - Integers are in the machine's own byte order; sizes are in bits in the file and in bytes in
//!   this crate.
//! - A packet is a whole number of [`PAGE_BYTES`], so each packet starts page-aligned in its file,
//!   and its `packet_size` word lies 8-aligned.
//! - [`metadata::preamble`](crate::write::metadata::preamble) declares exactly these fields in this order.
//!
//! # The checksum
//!
//! It is the CRC-32 of IEEE 802.3 (zlib's and gzip's) over the content, with zeros in place of
//! `packet_size`, which publishing a large packet rewrites in place. A kill of the writer never
//! makes it wrong. It is wrong if the machine went down before all of the packet was on the disk,
//! or if the disk lost data.
//!
//! The checksum is where readers expect padding, so readers that do not know it miss nothing. As a
//! field of the header, babeltrace2 would complain about it; as a field of the context, babeltrace2
//! would print it with each event. Readers that know it find `packet_checksum = "crc32"` in the
//! trace's environment.

/// A packet's size is a multiple of this, and nearly always equal to it.
///
/// 4096 divides the page size of every machine that Linux runs on.
/// [`stream_file`](crate::write::stream_file) promises whole packets because of that.
pub const PAGE_BYTES: usize = 4096;

/// The largest record that a packet can hold.
pub(crate) const RECORD_BYTES_MAX: usize = 256 << 10;

/// The largest packet: such a record, behind an opening of less than a page.
pub(crate) const PACKET_BYTES_MAX: usize = RECORD_BYTES_MAX + PAGE_BYTES;

/// The fact in a trace's environment that its packets have a checksum.
pub(crate) const CHECKSUM_ENV: (&str, &str) = ("packet_checksum", "crc32");

/// Bytes of the checksum.
pub(crate) const CHECKSUM_BYTES: usize = 4;

/// The first word of each packet.
pub const PACKET_MAGIC: u32 = 0xC1FC_1FC1;

/// Bytes before the extra context fields.
pub(crate) const FIXED_BYTES: usize = 88;

/// Where the packet context begins.
pub(crate) const CONTEXT_AT: usize = 32;

/// Where `packet_size` is: the one word that publishing a large packet rewrites in place.
pub(crate) const PACKET_SIZE_AT: usize = 56;

const _: () =
    assert!(PACKET_SIZE_AT.is_multiple_of(8), "the rewrite must not straddle a cache line");

/// The identity of a stream: what all packets of one stream file have in common, and the first
/// value of the extra fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIdentity {
    /// The trace's uuid, as in its metadata.
    pub uuid: [u8; 16],
    /// Which [`StreamClass`](crate::write::metadata::StreamClass) describes this stream.
    pub stream_id: u32,
    /// Which stream of that class this is.
    pub stream_instance_id: u64,
    /// The bytes of the extra packet context fields, in native byte order. Their length is that of
    /// the stream class in all packets of a stream; the values may change from packet to packet.
    pub extra: Vec<u8>,
}

/// What one packet states about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketContext {
    /// Clock of the first record, or of the packet if it is empty.
    pub timestamp_begin: u64,
    /// Clock of the last record; never less than `timestamp_begin`, nor than the `timestamp_end` of
    /// the packet before.
    pub timestamp_end: u64,
    /// Bytes in use: header, context and records.
    pub content_size_bytes: u64,
    /// Bytes from this packet's start to the next one's.
    pub packet_size_bytes: u64,
    /// Number of the packet in its stream, from 0.
    pub seq: u64,
    /// Records lost since the stream began, up to this packet's end.
    pub discarded: u64,
    /// Where the last of all records so far ended, in the source of the records.
    pub end_position: u64,
}

/// Why bytes are no packet of this library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Fewer bytes than a packet's opening.
    #[error("the packet ends inside its header")]
    Short,
    /// The first word is not [`PACKET_MAGIC`].
    #[error("no packet: wrong magic number {0:#x}")]
    Magic(u32),
    /// The content is not what was written.
    #[error("the packet is damaged: its checksum is {found:#010x}, and should be {expected:#010x}")]
    Checksum {
        /// The checksum of the content as it is.
        found: u32,
        /// The checksum behind it.
        expected: u32,
    },
    /// The sizes contradict each other or the layout.
    #[error("impossible sizes: {content_bits} of {packet_bits} bits in use")]
    Size {
        /// `content_size` as read.
        content_bits: u64,
        /// `packet_size` as read.
        packet_bits: u64,
    },
}

impl StreamIdentity {
    /// Bytes that a packet of this stream needs before its first record.
    pub fn opening_bytes(&self) -> usize {
        FIXED_BYTES + self.extra.len()
    }

    /// Pages that a packet needs to hold `record_bytes` of records.
    pub(crate) fn pages_for(&self, record_bytes: usize) -> usize {
        (self.opening_bytes() + record_bytes + CHECKSUM_BYTES).div_ceil(PAGE_BYTES)
    }
}

impl PacketContext {
    /// Writes the opening of the packet that `packet` starts with, and the checksum behind its
    /// records, which are there already.
    pub(crate) fn encode(&self, identity: &StreamIdentity, packet: &mut [u8]) {
        packet[..4].copy_from_slice(&PACKET_MAGIC.to_ne_bytes());
        packet[4..20].copy_from_slice(&identity.uuid);
        packet[20..24].copy_from_slice(&identity.stream_id.to_ne_bytes());
        packet[24..32].copy_from_slice(&identity.stream_instance_id.to_ne_bytes());
        packet[FIXED_BYTES..identity.opening_bytes()].copy_from_slice(&identity.extra);
        self.encode_words(packet);
    }

    /// Writes only the standard fields and the checksum: the identity and the extra fields stay as
    /// they are.
    pub(crate) fn encode_words(&self, packet: &mut [u8]) {
        let words = [
            self.timestamp_begin,
            self.timestamp_end,
            self.content_size_bytes * 8,
            self.packet_size_bytes * 8,
            self.seq,
            self.discarded,
            self.end_position,
        ];
        for (place, word) in packet[CONTEXT_AT..FIXED_BYTES].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        let (content, behind) = packet.split_at_mut(self.content_size_bytes as usize);
        behind[..CHECKSUM_BYTES].copy_from_slice(&crc32(content).to_ne_bytes());
    }

    /// Reads the opening of a packet: the context, the stream's identity, and the extra fields
    /// (`extra_bytes` of them).
    pub fn decode(
        packet: &[u8],
        extra_bytes: usize,
    ) -> Result<(StreamIdentity, PacketContext), PacketError> {
        let opening = packet.get(..FIXED_BYTES + extra_bytes).ok_or(PacketError::Short)?;
        let magic = u32_at(opening, 0);
        if magic != PACKET_MAGIC {
            return Err(PacketError::Magic(magic));
        }
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&opening[4..20]);
        let identity = StreamIdentity {
            uuid,
            stream_id: u32_at(opening, 20),
            stream_instance_id: u64_at(opening, 24),
            extra: opening[FIXED_BYTES..].to_vec(),
        };
        let (content_bits, packet_bits) = (u64_at(opening, 48), u64_at(opening, PACKET_SIZE_AT));
        let whole_pages = (1..=PACKET_BYTES_MAX as u64 * 8).contains(&packet_bits)
            && packet_bits.is_multiple_of(PAGE_BYTES as u64 * 8);
        let room = content_bits.is_multiple_of(8)
            && content_bits >= identity.opening_bytes() as u64 * 8
            && content_bits.saturating_add(CHECKSUM_BYTES as u64 * 8) <= packet_bits;
        if !whole_pages || !room {
            return Err(PacketError::Size { content_bits, packet_bits });
        }
        let context = PacketContext {
            timestamp_begin: u64_at(opening, 32),
            timestamp_end: u64_at(opening, 40),
            content_size_bytes: content_bits / 8,
            packet_size_bytes: packet_bits / 8,
            seq: u64_at(opening, 64),
            discarded: u64_at(opening, 72),
            end_position: u64_at(opening, 80),
        };
        Ok((identity, context))
    }
}

/// Checks that a packet's content is what was written, by the checksum behind it.
pub(crate) fn check(content_and_checksum: &[u8]) -> Result<(), PacketError> {
    let (content, checksum) = content_and_checksum.split_last_chunk().ok_or(PacketError::Short)?;
    if content.len() < FIXED_BYTES {
        return Err(PacketError::Short);
    }
    let (found, expected) = (crc32(content), u32::from_ne_bytes(*checksum));
    if found == expected { Ok(()) } else { Err(PacketError::Checksum { found, expected }) }
}

fn crc32(content: &[u8]) -> u32 {
    let behind_size = PACKET_SIZE_AT + 8;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&content[..PACKET_SIZE_AT]);
    hasher.update(&[0; 8]);
    hasher.update(&content[behind_size..]);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_ne_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (StreamIdentity, PacketContext) {
        let identity = StreamIdentity {
            uuid: *b"0123456789abcdef",
            stream_id: 7,
            stream_instance_id: u64::MAX,
            extra: vec![1, 2, 3, 4],
        };
        let context = PacketContext {
            timestamp_begin: 1,
            timestamp_end: u64::MAX,
            content_size_bytes: 100,
            packet_size_bytes: 8192,
            seq: 3,
            discarded: 4,
            end_position: 5,
        };
        (identity, context)
    }

    #[test]
    fn an_opening_reads_back_as_it_was_written() {
        let (identity, context) = sample();
        let mut packet = [0xEE; PAGE_BYTES];
        context.encode(&identity, &mut packet);
        assert_eq!(PacketContext::decode(&packet, 4), Ok((identity, context)));
        assert_eq!(packet[92], 0xEE, "the first record's place is untouched");
    }

    /// Each bit of the content and of the checksum, except those of `packet_size`.
    #[test]
    fn a_turned_bit_is_found() {
        let (identity, context) = sample();
        let mut packet = [0xEE; PAGE_BYTES];
        context.encode(&identity, &mut packet);
        let packet = &mut packet[..context.content_size_bytes as usize + CHECKSUM_BYTES];
        assert_eq!(check(packet), Ok(()));
        for bit in 0..packet.len() * 8 {
            packet[bit / 8] ^= 1 << (bit % 8);
            let is_size = (PACKET_SIZE_AT..PACKET_SIZE_AT + 8).contains(&(bit / 8));
            assert_eq!(check(packet).is_err(), !is_size, "bit {bit}");
            packet[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(check(&packet[..3]), Err(PacketError::Short));
    }

    /// Resuming trusts what decodes. So sizes with which it would step nowhere or outside must not
    /// decode.
    #[test]
    fn impossible_sizes_do_not_decode() {
        let (identity, context) = sample();
        for (content, packet) in [(100, 0), (100, 4097), (91, 4096), (4093, 4096), (100, 1 << 20)] {
            let mut bytes = [0; 2 * PAGE_BYTES];
            let wrong =
                PacketContext { content_size_bytes: content, packet_size_bytes: packet, ..context };
            wrong.encode(&identity, &mut bytes);
            let read = PacketContext::decode(&bytes, 4);
            assert!(
                matches!(read, Err(PacketError::Size { .. })),
                "{content} of {packet}: {read:?}"
            );
        }
        assert_eq!(PacketContext::decode(&[0; PAGE_BYTES], 4), Err(PacketError::Magic(0)));
        assert_eq!(PacketContext::decode(&[0; 91], 4), Err(PacketError::Short));
    }
}
