//! Room for records, and their commit.

use std::ops::{Deref, DerefMut};

use super::writer::{OpenPacket, StreamWriter};
use crate::packet::PAGE_BYTES;
use std::io;

/// Room in the open packet for one record, or for several of the same length. If it is dropped, the packet is as
/// before.
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

    /// The place in the batch at which it begins.
    pub(super) fn from(&self) -> usize {
        self.from
    }

    /// Puts the record into the packet. `clock` is its time, which must not be before the last record's (the packet's
    /// times would not go back, and readers would misread the record's). `end_position` is where the record ended in
    /// its source; [`last_packet`](super::last_packet) returns it once the record is in the file.
    #[inline]
    pub fn commit(self, clock: u64, end_position: u64) {
        let bytes = self.to - self.from;
        self.commit_several(1, bytes, (clock, clock), end_position);
    }

    /// Puts the first `count` records, with `bytes` in all, into the packet, and drops the others. `clocks` are the
    /// times of the first and the last record; for these and for `end_position` see [`commit`](Self::commit).
    #[inline]
    pub fn commit_several(self, count: u64, bytes: usize, clocks: (u64, u64), end_position: u64) {
        debug_assert!(bytes <= self.to - self.from);
        let writer = self.writer;
        // `reserve` opened it, and this borrow has kept it open.
        let Some(open) = &mut writer.open else { return };
        open.used_bytes += bytes;
        let (first, last) = clocks;
        let before = open.clocks.or_else(|| writer.last_clock.map(|last| (last.max(first), last)));
        let (begin, end) = before.unwrap_or(clocks);
        open.clocks = Some((begin, end.max(last).max(begin)));
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

    /// Room for as many records of `len` bytes each as the open packet has room for, at least one and at most `count`.
    /// Otherwise as for [`reserve`](Self::reserve).
    #[inline]
    pub fn reserve_several(&mut self, len: usize, count: usize) -> io::Result<Reservation<'_>> {
        let one = self.reserve(len)?;
        let from = one.from();
        let room = self.open.as_ref().map_or(0, OpenPacket::room);
        let fitting = room.checked_div(len).unwrap_or(count).clamp(1, count.max(1));
        Ok(Reservation::new(self, from, fitting * len))
    }
}
