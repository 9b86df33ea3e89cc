//! Room for records, and their commit.

use std::ops::{Deref, DerefMut};

use super::writer::StreamWriter;
use crate::write::packet::PAGE_BYTES;
use std::io;

/// Room in the open packet for one record, or for several. If it is dropped, the packet is as before.
#[derive(Debug)]
#[must_use = "a record that is not committed is not in the packet"]
pub struct Reservation<'a> {
    writer: &'a mut StreamWriter,
    from: usize,
    to: usize,
}

impl Reservation<'_> {
    /// `len` bytes at `from` in the batch, within the open packet.
    pub(super) fn new(writer: &mut StreamWriter, from: usize, len: usize) -> Reservation<'_> {
        Reservation { writer, from, to: from + len }
    }

    /// Puts the record into the packet. `clock` is its time, which must not be before the last record's (the packet's
    /// times would not go back, and readers would misread the record's). `end_position` is where the record ended in
    /// its source; [`last_packet`](super::last_packet) returns it once the record is in the file.
    #[inline]
    pub fn commit(self, clock: u64, end_position: u64) {
        let bytes = self.to - self.from;
        self.commit_several(1, bytes, clock, end_position);
    }

    /// Puts `count` records, which lie one behind the other in the first `bytes`, into the packet, and drops the rest.
    /// `clock` and `end_position` are those of the last of them; see [`commit`](Self::commit). If they are several, the
    /// packet has its first record [already](StreamWriter::rest): that one's time is where it begins.
    #[inline]
    pub fn commit_several(self, count: u64, bytes: usize, clock: u64, end_position: u64) {
        debug_assert!(bytes <= self.to - self.from);
        let writer = self.writer;
        // `reserve` opened it, and this borrow has kept it open.
        let Some(open) = &mut writer.open else { return };
        open.used_bytes += bytes;
        let before = open.clocks.or_else(|| writer.last_clock.map(|last| (last.max(clock), last)));
        let (begin, end) = before.unwrap_or((clock, clock));
        open.clocks = Some((begin, end.max(clock).max(begin)));
        open.end_position = end_position;
        writer.stats.records += count;
    }
}

impl Deref for Reservation<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.writer.batch.bytes()[self.from..self.to]
    }
}

impl DerefMut for Reservation<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.writer.batch.bytes_mut()[self.from..self.to]
    }
}

impl StreamWriter {
    /// Room for a record of `len` bytes, at most [`RECORD_BYTES_MAX`](super::RECORD_BYTES_MAX). Its bytes are
    /// unspecified until they are written. This may write the batch, and fails if that fails.
    #[inline]
    pub fn reserve(&mut self, len: usize) -> io::Result<Reservation<'_>> {
        let used_bytes = match &self.open {
            Some(open) if open.has_room(len) => open.used_bytes,
            _ => self.open_packet(len)?,
        };
        let from = self.closed_pages * PAGE_BYTES + used_bytes;
        Ok(Reservation::new(self, from, len))
    }

    /// The rest of the open packet, for as many records as it has room for. `None` if no packet is open, or the open one
    /// has no record yet. The bytes are unspecified until they are written.
    #[inline]
    pub fn rest(&mut self) -> Option<Reservation<'_>> {
        let open = self.open.as_ref().filter(|open| open.clocks.is_some())?;
        let (from, len) = (self.closed_pages * PAGE_BYTES + open.used_bytes, open.room());
        Some(Reservation::new(self, from, len))
    }
}
