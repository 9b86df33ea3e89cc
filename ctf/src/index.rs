//! The index of a stream file: `index/NAME.idx`, one entry for each packet, so that readers can
//! seek.
//!
//! ```text
//!   0      4       8       12            16             16 + 72
//!   | magic | major | minor | entry bytes | entry 0      | entry 1      | ...      all big-endian
//!
//!   entry: offset | packet size | content size | timestamp begin | timestamp end
//!          | events discarded | stream id | stream instance id | packet sequence number      9 x u64
//! ```
//!
//! Invariants:
//!
//! - Entries are written **after** the packets they describe, so the index may lag behind the data
//!   but never tells of data that is not there. Readers either compare the sizes' sum with the file
//!   and walk the packets themselves, or miss the newest packets.
//! - Entry k is of the packet with sequence number k, and entry k + 1's packet begins where its
//!   ends.
//! - A packet that has an entry never changes again.
//! - A writer that is killed may leave a last entry cut: it does not [`count`], and resuming writes
//!   over it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::packet::{PacketContext, StreamIdentity};

const MAGIC: u32 = 0xC1F1_DCC1;
const VERSION: (u32, u32) = (1, 1);
const ENTRY_BYTES: usize = 72;
const HEADER_BYTES: usize = 16;

/// What resuming needs of an entry: where a packet lies, and which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Where in the stream file the packet begins.
    pub(crate) offset_bytes: u64,
    /// How far it is to the next one.
    pub(crate) packet_size_bytes: u64,
    /// Its sequence number.
    pub(crate) seq: u64,
}

/// The open index of one stream file.
#[derive(Debug)]
pub(crate) struct IndexFile {
    file: File,
    /// Bytes that are in the file for good.
    len: u64,
    /// Entries whose packets are in the stream file and who are not yet in this one.
    pending: Vec<u8>,
}

impl IndexFile {
    /// Goes on behind the first `entries` entries of `file`.
    pub(crate) fn resume(file: File, entries: u64) -> io::Result<IndexFile> {
        let len = if entries == 0 { 0 } else { HEADER_BYTES as u64 + entries * ENTRY_BYTES as u64 };
        file.set_len(len)?;
        Ok(IndexFile { file, len, pending: Vec::new() })
    }

    /// Notes a packet that is now in the stream file.
    pub(crate) fn add(
        &mut self,
        offset_bytes: u64,
        identity: &StreamIdentity,
        context: &PacketContext,
    ) {
        let entry = [
            offset_bytes,
            context.packet_size_bytes * 8,
            context.content_size_bytes * 8,
            context.timestamp_begin,
            context.timestamp_end,
            context.discarded,
            u64::from(identity.stream_id),
            identity.stream_instance_id,
            context.seq,
        ];
        self.pending.extend(entry.iter().flat_map(|word| word.to_be_bytes()));
    }

    /// Writes what was added. What fails to be written stays noted for the next time.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.len == 0 {
            self.file.write_all_at(&header_bytes(), 0)?;
            self.len = HEADER_BYTES as u64;
        }
        self.file.write_all_at(&self.pending, self.len)?;
        self.len += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

/// How many whole entries an index has; none if it is no index.
pub(crate) fn count(index: &File) -> io::Result<u64> {
    let Some(header) = bytes_at::<HEADER_BYTES>(index, 0)? else { return Ok(0) };
    if header != header_bytes() {
        return Ok(0);
    }
    Ok((index.metadata()?.len() - HEADER_BYTES as u64) / ENTRY_BYTES as u64)
}

/// The entry with this number, if the index is as long as that.
pub(crate) fn entry(index: &File, number: u64) -> io::Result<Option<IndexEntry>> {
    let at = HEADER_BYTES as u64 + number * ENTRY_BYTES as u64;
    let Some(bytes) = bytes_at::<ENTRY_BYTES>(index, at)? else { return Ok(None) };
    let mut words = [0; ENTRY_BYTES / 8];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    let [offset_bytes, packet_bits, _, _, _, _, _, _, seq] = words;
    Ok(Some(IndexEntry { offset_bytes, packet_size_bytes: packet_bits / 8, seq }))
}

fn bytes_at<const N: usize>(file: &File, at: u64) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match file.read_exact_at(&mut bytes, at) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn header_bytes() -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    let words = [MAGIC, VERSION.0, VERSION.1, ENTRY_BYTES as u32];
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(seq: u64) -> PacketContext {
        PacketContext {
            timestamp_begin: 10 * seq,
            timestamp_end: 10 * seq + 9,
            content_size_bytes: 100,
            packet_size_bytes: 4096 * (seq + 1),
            seq,
            discarded: seq,
            end_position: 0,
        }
    }

    #[test]
    fn entries_read_back_and_a_cut_one_does_not_count() {
        let identity = StreamIdentity {
            uuid: [0; 16],
            stream_id: 3,
            stream_instance_id: 1 << 40,
            extra: vec![],
        };
        let file = tempfile::tempfile().unwrap();
        let mut index = IndexFile::resume(file.try_clone().unwrap(), 0).unwrap();
        index.flush().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 0, "no packet, no header");
        for seq in 0..3 {
            index.add(seq * 4096, &identity, &packet(seq));
            index.flush().unwrap();
        }
        assert_eq!(count(&file).unwrap(), 3);
        let second = IndexEntry { offset_bytes: 4096, packet_size_bytes: 8192, seq: 1 };
        assert_eq!(entry(&file, 1).unwrap(), Some(second));
        assert_eq!(entry(&file, 3).unwrap(), None);

        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        assert_eq!(count(&file).unwrap(), 2, "the last is cut");
        assert_eq!(entry(&file, 2).unwrap(), None);
        file.write_all_at(&[0], 0).unwrap();
        assert_eq!(count(&file).unwrap(), 0, "no index at all");
    }
}
