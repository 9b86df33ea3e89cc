//! The writer of one stream file: gathers packets in a batch, writes them at once, then the index.

use super::publish::DataFile;
use crate::dir::Dir;
use crate::write::index::IndexFile;
use crate::write::packet::{self, CHECKSUM_BYTES, PAGE_BYTES, PacketContext, StreamIdentity};
use crate::write::pages::Pages;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;

/// The largest record that a packet can hold.
pub const RECORD_BYTES_MAX: usize = packet::RECORD_BYTES_MAX;

/// The directory for indexes, in the trace's directory.
pub(crate) const INDEX_DIR: &str = "index";

/// Closed packets are written when they have this many pages. A larger batch would save little of a system call's cost
/// per page, and take that memory for each of perhaps thousands of streams.
const BATCH_PAGES: usize = 16;

/// Writes one stream file and its index. If it is dropped, what was flushed stays.
#[derive(Debug)]
pub struct StreamWriter {
    pub(super) identity: StreamIdentity,
    pub(super) data: DataFile,
    pub(super) index: IndexFile,
    pub(super) batch: Pages,
    /// The contexts of the closed packets in the batch, in order.
    pub(super) closed: Vec<PacketContext>,
    /// For each of them, how many records the packets up to it hold, since the beginning.
    pub(super) closed_records: Vec<u64>,
    pub(super) closed_pages: usize,
    pub(super) open: Option<OpenPacket>,
    /// The values of the last closed packet, on which the next one builds.
    pub(super) next_seq: u64,
    pub(super) last_clock: Option<u64>,
    pub(super) carried_discarded: u64,
    pub(super) end_position: u64,
    pub(super) stats: Stats,
}

/// What a stream file has taken so far, since it was created or resumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records committed.
    pub records: u64,
    /// Those of them that are in the file, where readers find them.
    pub visible_records: u64,
    /// Packets closed.
    pub packets: u64,
    /// Bytes of closed packets.
    pub bytes: u64,
    /// The discarded count that was last set, since the stream began.
    pub discarded: u64,
}

/// The packet that takes records; it is in the batch, behind the closed ones.
#[derive(Debug)]
pub(super) struct OpenPacket {
    pub(super) pages: usize,
    pub(super) used_bytes: usize,
    /// The clocks of the first record and of the last one; `None` while there is none.
    pub(super) clocks: Option<(u64, u64)>,
    /// Where the last record ended.
    pub(super) end_position: u64,
}

impl StreamWriter {
    /// Creates `dir/name` and `dir/index/name.idx`, both of size zero until the first packet. They must not exist yet;
    /// `dir` must.
    pub fn create(dir: &Path, name: &str, identity: StreamIdentity) -> io::Result<StreamWriter> {
        StreamWriter::create_in(&Dir::open(dir)?, name, identity)
    }

    /// The same in an open directory.
    pub fn create_in(dir: &Dir, name: &str, identity: StreamIdentity) -> io::Result<StreamWriter> {
        let indexes = dir.make_or_open(INDEX_DIR)?;
        let data = dir.create_file(name)?;
        let index = indexes.create_file(&*index_name(name));
        // A caller that tries again must not find half of it there.
        let index = index.inspect_err(|_| drop(dir.remove_file(name)))?;
        StreamWriter::new(identity, data, 0, None, IndexFile::resume(index, 0)?)
    }

    pub(super) fn new(
        identity: StreamIdentity,
        data: File,
        len: u64,
        last: Option<PacketContext>,
        index: IndexFile,
    ) -> io::Result<StreamWriter> {
        let opening_bytes = identity.opening_bytes();
        if opening_bytes > PAGE_BYTES / 2 {
            return Err(invalid("the extra fields leave no room for records"));
        }
        let discarded = last.map_or(0, |last| last.discarded);
        Ok(StreamWriter {
            identity,
            data: DataFile::new(data, opening_bytes, len, last),
            index,
            batch: Pages::default(),
            closed: Vec::new(),
            closed_records: Vec::new(),
            closed_pages: 0,
            open: None,
            next_seq: last.map_or(0, |last| last.seq + 1),
            last_clock: last.map(|last| last.timestamp_end),
            carried_discarded: discarded,
            end_position: last.map_or(0, |last| last.end_position),
            stats: Stats { discarded, ..Stats::default() },
        })
    }

    /// Closes the open packet and opens one with room for `len` bytes; returns where in it they go.
    #[cold]
    pub(super) fn open_packet(&mut self, len: usize) -> io::Result<usize> {
        if len > RECORD_BYTES_MAX {
            return Err(invalid("the record is larger than any packet"));
        }
        self.cut();
        if self.closed_pages >= BATCH_PAGES {
            self.flush()?;
        }
        let pages = self.identity.pages_for(len);
        self.batch.grow(self.closed_pages + pages);
        let used_bytes = self.identity.opening_bytes();
        self.open = Some(OpenPacket { pages, used_bytes, clocks: None, end_position: 0 });
        Ok(used_bytes)
    }

    /// Changes the extra packet context fields (to others of the same length). Cuts the open packet if they differ.
    pub fn set_extra(&mut self, extra: &[u8]) -> io::Result<()> {
        if extra.len() != self.identity.extra.len() {
            return Err(invalid("extra fields of another length"));
        }
        if extra != self.identity.extra {
            self.cut();
            self.identity.extra.copy_from_slice(extra);
        }
        Ok(())
    }

    /// Sets how many records were lost since the stream began; packets closed from now on carry this count. It must be
    /// read before the records that go into those packets are looked for. A smaller count than before is ignored.
    pub fn set_discarded(&mut self, total: u64) {
        self.stats.discarded = self.stats.discarded.max(total);
    }

    /// Closes the open packet if it has records.
    pub fn cut(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Some(clocks) = open.clocks else { return };
        // The record that it was opened for may not have come.
        let record_bytes = open.used_bytes - self.identity.opening_bytes();
        let pages = self.identity.pages_for(record_bytes);
        if self.next_seq == 0 && self.stats.discarded > 0 {
            // An empty packet takes the place of this one, which moves on by a page.
            self.batch.grow(pages + 1);
            self.batch.shift(0, 1, pages);
            self.close_empty(clocks.0, 0);
        }
        self.end_position = open.end_position;
        self.close(pages, open.used_bytes, clocks, self.stats.discarded);
        if let Some(records) = self.closed_records.last_mut() {
            *records = self.stats.records;
        }
    }

    /// Closes a packet without records behind the closed ones, when no packet is open.
    fn close_empty(&mut self, clock: u64, discarded: u64) {
        self.batch.grow(self.closed_pages + 1);
        self.close(1, self.identity.opening_bytes(), (clock, clock), discarded);
    }

    /// Makes the first `pages` pages behind the closed packets a closed packet.
    fn close(&mut self, pages: usize, used_bytes: usize, clocks: (u64, u64), discarded: u64) {
        let context = PacketContext {
            timestamp_begin: clocks.0,
            timestamp_end: clocks.1,
            content_size_bytes: used_bytes as u64,
            packet_size_bytes: (pages * PAGE_BYTES) as u64,
            seq: self.next_seq,
            discarded,
            end_position: self.end_position,
        };
        let packet = self.batch.range_mut(self.closed_pages, self.closed_pages + pages);
        // No bytes of an earlier packet may stay behind the content.
        packet[used_bytes..].fill(0);
        context.encode(&self.identity, packet);
        self.closed.push(context);
        self.closed_records
            .push(self.closed_records.last().copied().unwrap_or(self.stats.visible_records));
        self.closed_pages += pages;
        self.next_seq += 1;
        self.last_clock = Some(clocks.1);
        self.carried_discarded = discarded;
        self.stats.packets += 1;
        self.stats.bytes += context.packet_size_bytes;
    }

    /// Writes the closed packets, then their index entries. What fails to be written waits for the next flush;
    /// [`Stats::visible_records`] says how much was written.
    pub fn flush(&mut self) -> io::Result<()> {
        // First, because some readers miss a packet in the file for which the index can never have an entry.
        self.index.reserve(self.closed.len())?;
        let mut offset_bytes = self.data.len();
        let (done, outcome) =
            self.data.append(&self.closed, self.batch.range(0, self.closed_pages));
        if let Some(records) = self.closed_records.drain(..done).next_back() {
            self.stats.visible_records = records;
        }
        for context in self.closed.drain(..done) {
            self.index.add(offset_bytes, &self.identity, &context);
            offset_bytes += context.packet_size_bytes;
        }
        self.keep_unwritten();
        // Also if the data has no room: the index finds what is in the file nevertheless.
        outcome.and(self.index.flush())
    }

    /// Moves what is not written yet, and the open packet, to the front of the batch.
    fn keep_unwritten(&mut self) {
        let waiting_bytes: u64 = self.closed.iter().map(|context| context.packet_size_bytes).sum();
        let waiting_pages = waiting_bytes as usize / PAGE_BYTES;
        let open_pages = self.open.as_ref().map_or(0, |open| open.pages);
        let written_pages = self.closed_pages - waiting_pages;
        if written_pages > 0 {
            self.batch.shift(written_pages, 0, waiting_pages + open_pages);
            self.closed_pages = waiting_pages;
        }
        self.batch.shrink((waiting_pages + open_pages).max(BATCH_PAGES));
    }

    /// Gives back the memory of packets, if none waits in it. That costs the next packet a few allocations; it is for
    /// programs with thousands of streams.
    pub fn release(&mut self) {
        if self.open.is_none() && self.closed.is_empty() {
            self.batch = Pages::default();
            (self.closed, self.closed_records) = (Vec::new(), Vec::new());
        }
    }

    /// Cuts and flushes. If records were lost since the last packet, an empty packet carries the count; its clock is
    /// the last packet's, or `now` if there never was one. From then on readers may have the file, and writing may
    /// continue.
    pub fn finish(&mut self, now: u64) -> io::Result<()> {
        self.cut();
        if self.stats.discarded > self.carried_discarded {
            let clock = self.last_clock.unwrap_or(now);
            if self.next_seq == 0 {
                self.close_empty(clock, 0);
            }
            self.close_empty(clock, self.stats.discarded);
        }
        self.flush()
    }

    /// The figures of what went in so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

impl OpenPacket {
    #[inline]
    pub(super) fn has_room(&self, len: usize) -> bool {
        len <= self.room()
    }

    #[inline]
    pub(super) fn room(&self) -> usize {
        self.pages * PAGE_BYTES - CHECKSUM_BYTES - self.used_bytes
    }
}

/// The name of a stream file's index.
pub(crate) fn index_name(stream: impl AsRef<OsStr>) -> OsString {
    let mut name = stream.as_ref().to_owned();
    name.push(".idx");
    name
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
