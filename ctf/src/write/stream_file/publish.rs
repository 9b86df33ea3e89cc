//! The whole-packet promise: **at any moment, a stream file is a number of whole packets**.
//!
//! A copy of the file that is made while its writer is stopped, or after it was killed, at whatever instruction, is a
//! valid stream, on ext4 and on tmpfs. There is no journal and no second file: the order of writes is enough.
//!
//! ```text
//!            page         page         page         page
//!   file     | packet 0   | packet 1   | packet 2   |              a file's size grows in steps of pages
//!
//!   a large packet of n = 3 pages, behind packet 2 (F: an empty packet that fills a place):
//!
//!   before   | packet 2   |
//!   (a)      | packet 2   | F 3        | F 4        | F 5        |  n one-page packets, each whole
//!   (b)      | packet 2   | F 3  - - - - - - - - - - - - - - - - |  F 3 says n pages: the rest is its padding
//!   (c)      | packet 2   | F 3  - - - | 3, second  | 3, third   |  written where no reader looks
//!   (d)      | packet 2   | 3, first     second       third      |  one page replaces F 3
//! ```
//!
//! # One-page packets
//!
//! A packet is one page of 4 KiB, page-aligned in memory and in the file, and written with many others in one `pwrite`.
//! The kernel copies a write page by page (or several pages at a time) and raises the file's size after each. It stops
//! only between two pages, when the writer is killed or a page of memory must be fetched first. So every size that the
//! file ever has is a multiple of the page, and everything below it is copied.
//!
//! # Large packets
//!
//! A record for which no page has room needs a packet of n pages. Written like the others, it would be visible in part.
//! So, with P the file's size before:
//!
//! - (a) n fillers are appended at P, each a packet of one page without records. They repeat the values of the packet
//!   before them (last clock, discarded count, end position) and count on from its sequence number.
//! - (b) one aligned 8-byte write raises the first filler's `packet_size` to n pages. The other fillers are padding
//!   now.
//! - (c) the pages of the large packet, except the first, are written over that padding.
//! - (d) the large packet's first page replaces the first filler, and has its sequence number.
//!
//! Stopped or killed
//!
//! - within (a): k fillers are visible, k from 0 to n; as with all one-page packets, none is visible in part;
//! - before or after (b): an 8-byte store within a page is not left half done. After it, one packet of n pages without
//!   records lies at P, and the file ends where that packet ends;
//! - within (c): only padding has changed;
//! - before or after (d): one page is copied whole or, if memory must be fetched first, not yet at all. The record is
//!   there whole, or not at all, and `end_position` says which.
//!
//! A writer that [resumes](super::resume) continues behind whatever is there: the fillers are valid packets. Real
//! packets use the sequence numbers of fillers again, but no state of the file has one twice.
//!
//! **What lies below P never changes**, and an index entry is written only for packets below it: an indexed packet is
//! final. If the writer is not stopped, a reader also sees whole packets as long as they are of one page. A reader that
//! reads on through the few microseconds of a (b) to (d) can see two states mixed. The [checksum](crate::write::packet) shows
//! that; the reader should then go by the index.
//!
//! # Errors
//!
//! A write that fails half-way (disk full) is undone to the last whole packet. Only a limit on the file's size that is
//! no multiple of a page can leave, until then, a part of a packet in the file.

use std::fs::File;
use std::io;

use crate::write::at::write_at;
use crate::write::packet::{PACKET_SIZE_AT, PAGE_BYTES, PacketContext};
use crate::write::pages::Pages;

/// A stream file, of whole packets.
#[derive(Debug)]
pub(super) struct DataFile {
    file: File,
    /// P: the packets below it are final.
    len: u64,
    /// The context of the packet that ends at `len`.
    last: Option<PacketContext>,
    /// Bytes of a packet without records.
    opening_bytes: usize,
}

impl DataFile {
    /// Continues at `len`, behind the packet `last`.
    pub(super) fn new(
        file: File,
        opening_bytes: usize,
        len: u64,
        last: Option<PacketContext>,
    ) -> DataFile {
        DataFile { file, len, last, opening_bytes }
    }

    /// P: where the next packet will begin.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends `packets`, whose `bytes` lie one behind the other in page-aligned memory. Returns how many are in the
    /// file now, and why not all, if so; the rest may be appended again.
    pub(super) fn append(
        &mut self,
        packets: &[PacketContext],
        bytes: &[u8],
    ) -> (usize, io::Result<()>) {
        let mut done = 0;
        let mut bytes = bytes;
        for run in packets.chunk_by(|a, b| !is_large(a) && !is_large(b)) {
            let run_bytes: u64 = run.iter().map(|packet| packet.packet_size_bytes).sum();
            let (now, later) = bytes.split_at(run_bytes as usize);
            let (appended, outcome) = match run {
                [large] if is_large(large) => match self.append_large(large, now) {
                    Ok(()) => (1, Ok(())),
                    Err(error) => (0, Err(error)),
                },
                small => self.append_small(small.len(), now),
            };
            if appended > 0 {
                let packets = &run[..appended];
                self.len += packets.iter().map(|packet| packet.packet_size_bytes).sum::<u64>();
                self.last = packets.last().copied();
                done += appended;
            }
            if outcome.is_err() {
                self.undo();
                return (done, outcome);
            }
            bytes = later;
        }
        (done, Ok(()))
    }

    fn append_small(&self, packets: usize, bytes: &[u8]) -> (usize, io::Result<()>) {
        let (written, outcome) = write_at(&self.file, bytes, self.len);
        debug_assert!(outcome.is_err() || written == packets * PAGE_BYTES);
        (written / PAGE_BYTES, outcome)
    }

    #[cold]
    fn append_large(&self, packet: &PacketContext, bytes: &[u8]) -> io::Result<()> {
        let page = PAGE_BYTES as u64;
        let (first, others) = bytes.split_at(PAGE_BYTES);
        let fillers = self.fillers(packet, first);
        // (a)
        write_at(&self.file, fillers.range(0, others.len() / PAGE_BYTES + 1), self.len).1?;
        // (b)
        let packet_bits = (packet.packet_size_bytes * 8).to_ne_bytes();
        write_at(&self.file, &packet_bits, self.len + PACKET_SIZE_AT as u64).1?;
        // (c)
        write_at(&self.file, others, self.len + page).1?;
        // (d)
        write_at(&self.file, first, self.len).1
    }

    /// One-page packets without records for the place of `large`, whose first page is `first`.
    fn fillers(&self, large: &PacketContext, first: &[u8]) -> Pages {
        let pages = large.packet_size_bytes as usize / PAGE_BYTES;
        // Fillers come before the large packet's records, so they repeat the values of the packet before.
        let (clock, discarded, end_position) = match self.last {
            Some(last) => (last.timestamp_end, last.discarded, last.end_position),
            None => (large.timestamp_begin, 0, 0),
        };
        let mut fillers = Pages::default();
        fillers.grow(pages);
        for (page, seq) in (0..pages).zip(large.seq..) {
            let context = PacketContext {
                timestamp_begin: clock,
                timestamp_end: clock,
                content_size_bytes: self.opening_bytes as u64,
                packet_size_bytes: PAGE_BYTES as u64,
                seq,
                discarded,
                end_position,
            };
            let filler = fillers.range_mut(page, page + 1);
            filler[..self.opening_bytes].copy_from_slice(&first[..self.opening_bytes]);
            context.encode_words(filler);
        }
        fillers
    }

    /// Goes back to whole packets. If this fails too, only the promise is lost: the next append begins at the same
    /// place.
    fn undo(&self) {
        let _ = self.file.set_len(self.len);
    }
}

fn is_large(packet: &PacketContext) -> bool {
    packet.packet_size_bytes > PAGE_BYTES as u64
}
