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
//! - Entries are written **after** the packets that they describe. So the index may lag behind the data, but never
//!   describes data that is not there. Readers either compare the sum of the sizes with the file and walk the packets
//!   themselves, or miss the newest packets.
//! - Entry k describes the packet with sequence number k, and the packet of entry k + 1 begins where that one ends. (In
//!   what was [recovered](crate::recover), numbers are missing.)
//! - A packet that has an entry never changes again.
//! - A packet is written only if there is [room](IndexFile::reserve) for its entry, so that on a full disk the index
//!   does not lag behind for good. Readers that trust it would never show the rest.
//! - A write that fails half-way nevertheless is undone to the last whole entry, because readers refuse an index whose
//!   size is no number of entries. The entries that it lacks are written with the next flush that finds room. Until it
//!   is undone, or if a writer is killed, the last entry may be cut: it does not [`count`], and resuming writes over
//!   it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::write::at::write_at;
use crate::write::packet::{PAGE_BYTES, PacketContext, StreamIdentity};

const MAGIC: u32 = 0xC1F1_DCC1;
const VERSION: (u32, u32) = (1, 1);
const ENTRY_BYTES: usize = 72;
const HEADER_BYTES: usize = 16;

/// What resuming needs from an entry: where a packet is, and which one.
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
    /// Bytes that stay in the file.
    len: u64,
    /// The file system has set room aside up to here.
    reserved: u64,
    /// Entries whose packets are in the stream file, and that are not in the index yet.
    pending: Vec<u8>,
}

impl IndexFile {
    /// Continues behind the first `entries` entries of `file`.
    pub(crate) fn resume(file: File, entries: u64) -> io::Result<IndexFile> {
        let len = if entries == 0 { 0 } else { HEADER_BYTES as u64 + entries * ENTRY_BYTES as u64 };
        file.set_len(len)?;
        Ok(IndexFile { file, len, reserved: 0, pending: Vec::new() })
    }

    /// Has the file system set room aside for the entries of `packets` more packets; the file's size does not show it.
    /// Fails if the disk is full. File systems that cannot set room aside are assumed to have it.
    pub(crate) fn reserve(&mut self, packets: usize) -> io::Result<()> {
        let needed = self.len.max(HEADER_BYTES as u64)
            + self.pending.len() as u64
            + (packets * ENTRY_BYTES) as u64;
        if packets == 0 || needed <= self.reserved {
            return Ok(());
        }
        // Whole pages: file systems set aside blocks anyway, and it need not be asked for with every flush. Only those
        // that are not set aside yet: a file system in memory looks at each page that it is asked for.
        let needed = needed.next_multiple_of(PAGE_BYTES as u64);
        let (from, bytes) = (self.reserved, needed - self.reserved);
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, from, bytes) {
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => return Err(error.into()),
            _ => self.reserved = needed,
        }
        Ok(())
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

    /// Writes what was added. If that fails, the entries that were written whole stay in the file, and the others are
    /// kept for the next time.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.len == 0 {
            self.append(&header_bytes(), HEADER_BYTES).1?;
        }
        let pending = std::mem::take(&mut self.pending);
        let (kept_bytes, outcome) = self.append(&pending, ENTRY_BYTES);
        self.pending = pending;
        self.pending.drain(..kept_bytes);
        outcome
    }

    /// Writes `bytes` at the end, or as many whole units of them as there is room for; returns how many bytes those
    /// are.
    fn append(&mut self, bytes: &[u8], unit_bytes: usize) -> (usize, io::Result<()>) {
        let (written, outcome) = write_at(&self.file, bytes, self.len);
        let kept = written - written % unit_bytes;
        self.len += kept as u64;
        if outcome.is_err() {
            // Shortening takes no room. If it fails nevertheless, the next write begins here.
            let _ = self.file.set_len(self.len);
            // Shortening also gives back what was set aside.
            self.reserved = 0;
        }
        (kept, outcome)
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

/// The entry of this number, if the index is that long.
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
    use std::os::unix::fs::MetadataExt;

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

    fn identity() -> StreamIdentity {
        StreamIdentity { uuid: [0; 16], stream_id: 3, stream_instance_id: 1 << 40, extra: vec![] }
    }

    /// Adds the entry of packet `seq`.
    fn add(index: &mut IndexFile, seq: u64) {
        index.add(seq * 4096, &identity(), &packet(seq));
    }

    /// The body of the test below. It runs in a process of its own, because the limit is the whole process's.
    fn meet_a_limit() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let size_limit = |current| {
            let maximum = getrlimit(Resource::Fsize).maximum;
            setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
        };
        let file = tempfile::tempfile().unwrap();
        let mut index = IndexFile::resume(file.try_clone().unwrap(), 0).unwrap();
        let bytes = |entries: u64| HEADER_BYTES as u64 + entries * ENTRY_BYTES as u64;

        add(&mut index, 0);
        size_limit(Some(HEADER_BYTES as u64 - 1));
        index.flush().unwrap_err();
        assert_eq!(file.metadata().unwrap().len(), 0, "no part of a header");
        size_limit(Some(bytes(3) + 50));
        (1..6).for_each(|seq| add(&mut index, seq));
        for _ in 0..2 {
            index.flush().unwrap_err();
            assert_eq!(
                file.metadata().unwrap().len(),
                bytes(3),
                "whole entries, as many as have room"
            );
        }
        size_limit(None);
        add(&mut index, 6);
        index.flush().unwrap();
        assert_eq!(file.metadata().unwrap().len(), bytes(7));
        for seq in 0..7 {
            assert_eq!(entry(&file, seq).unwrap().unwrap().seq, seq, "none twice, none missing");
        }
    }

    #[test]
    fn an_entry_for_which_there_is_no_room_is_not_left_in_part() {
        if std::env::var_os("CTF_TEST_LIMIT").is_some() {
            return meet_a_limit();
        }
        // By a shell: to ignore a signal takes unsafe code here, and a child inherits it.
        let script = "trap '' XFSZ; exec \"$0\" --exact \"$1\"";
        let this = "write::index::tests::an_entry_for_which_there_is_no_room_is_not_left_in_part";
        let child = std::process::Command::new("sh")
            .args(["-c", script])
            .arg(std::env::current_exe().unwrap())
            .arg(this)
            .env("CTF_TEST_LIMIT", "")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{output}");
    }

    /// A page that is set aside and given back by hand shows whether it is asked for again.
    #[test]
    fn each_page_is_set_aside_once() {
        let file = tempfile::tempfile().unwrap();
        let mut index = IndexFile::resume(file.try_clone().unwrap(), 0).unwrap();
        let page = PAGE_BYTES as u64;
        // Some file systems give nothing back behind the end.
        file.set_len(10 * page).unwrap();
        let pages = || file.metadata().unwrap().blocks() * 512 / page;
        let give_back = |number: u64| {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            fallocate(&file, flags, number * page, page).unwrap();
        };
        index.reserve(40).unwrap();
        if pages() == 0 {
            eprintln!("SKIPPED: this file system sets nothing aside");
            return;
        }
        assert_eq!(pages(), 1);
        give_back(0);
        index.reserve(50).unwrap();
        assert_eq!(pages(), 0, "that is within the first page");
        index.reserve(100).unwrap();
        assert_eq!(pages(), 1, "the second alone");
        give_back(1);
        assert_eq!(pages(), 0, "it is where it belongs");
        index.reserve(200).unwrap();
        assert_eq!(pages(), 2, "the third and the fourth");
    }

    #[test]
    fn entries_read_back_and_a_cut_one_does_not_count() {
        let file = tempfile::tempfile().unwrap();
        let mut index = IndexFile::resume(file.try_clone().unwrap(), 0).unwrap();
        index.flush().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 0, "no packet, no header");
        for seq in 0..3 {
            add(&mut index, seq);
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
