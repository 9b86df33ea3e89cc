//! Continues a stream file whose writer is gone.
//!
//! ```text
//!   index   | entry 0 | entry 1 |                       as far as it is whole and fits the data
//!   data    | packet 0 | packet 1 | packet 2 | F 3 |    walked from there, by packet_size
//!                                                  '--- the next packet goes here, with number 4
//! ```
//!
//! A killed writer leaves whole packets ([`publish`](super::publish)), perhaps more than the index
//! has: the missing entries are written. A large packet that was not completely published left
//! empty packets. They stay, and the last of them still carries the `end_position` from before that
//! packet's records.
//!
//! Only a machine that went down can leave anything else behind the last whole packet, or a packet
//! whose checksum is wrong. That is cut off, because a reader would refuse the whole file for it.
//! Packets in the index are not checked again; [`recover`](crate::recover) does that.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::writer::{INDEX_DIR, StreamWriter, index_name};
use crate::dir::Dir;
use crate::write::index::{self, IndexFile};
use crate::write::packet::{self, CHECKSUM_BYTES, FIXED_BYTES, PacketContext, StreamIdentity};

/// How many entries are gathered before they are written.
const ENTRIES_AT_ONCE: usize = 1024;

/// The last whole packet of a stream file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPacket {
    /// The stream that it belongs to, with the extra fields that it carries.
    pub identity: StreamIdentity,
    /// Its context: above all `end_position`.
    pub context: PacketContext,
}

/// Finds the last whole packet of `dir/name`, whose stream class has `extra_bytes` bytes of extra
/// fields; `None` if the file has no packet. Changes nothing.
pub fn last_packet(dir: &Path, name: &str, extra_bytes: usize) -> io::Result<Option<LastPacket>> {
    let dir = Dir::open(dir)?;
    let data = dir.open_plain(name)?;
    let walk = Walk::begin(&data, &dir, name, extra_bytes)?;
    Ok(walk.run(&data, |_, _| Ok(()))?.last)
}

impl StreamWriter {
    /// Opens `dir/name` to continue behind its last whole packet, which is returned (`None`: the
    /// file has no packet, and everything is as if newly created). Fails with `InvalidData` if the
    /// file's packets are of another stream.
    pub fn resume(
        dir: &Path,
        name: &str,
        identity: StreamIdentity,
    ) -> io::Result<(StreamWriter, Option<LastPacket>)> {
        let dir = Dir::open(dir)?;
        let data = dir.open_file(name, OFlags::RDWR)?;
        let indexes = dir.make_or_open(INDEX_DIR)?;
        let walk = Walk::begin(&data, &dir, name, identity.extra.len())?;
        if walk.last.as_ref().is_some_and(|last| !same_stream(&last.identity, &identity)) {
            return Err(stranger());
        }
        let file = indexes.open_file(&*index_name(name), OFlags::WRONLY | OFlags::CREATE)?;
        let mut index = IndexFile::resume(file, walk.entries)?;
        let mut added = 0;
        let Walk { next_offset, last, .. } = walk.run(&data, |offset_bytes, packet| {
            if !same_stream(&packet.identity, &identity) {
                return Err(stranger());
            }
            index.add(offset_bytes, &packet.identity, &packet.context);
            added += 1;
            if added % ENTRIES_AT_ONCE == 0 { index.flush() } else { Ok(()) }
        })?;
        index.flush()?;
        data.set_len(next_offset)?;
        let context = last.as_ref().map(|last| last.context);
        let writer = StreamWriter::new(identity, data, next_offset, context, index)?;
        Ok((writer, last))
    }
}

/// A walk along a stream file's packets.
struct Walk {
    extra_bytes: usize,
    file_bytes: u64,
    /// Entries of the index that are right.
    entries: u64,
    /// Where the next packet begins, if there is one.
    next_offset: u64,
    /// The packet before it.
    last: Option<LastPacket>,
}

impl Walk {
    /// A walk that is behind the last packet that the index knows.
    fn begin(data: &File, dir: &Dir, name: &str, extra_bytes: usize) -> io::Result<Walk> {
        let file_bytes = data.metadata()?.len();
        let mut walk = Walk { extra_bytes, file_bytes, entries: 0, next_offset: 0, last: None };
        let opened = dir.below(INDEX_DIR).and_then(|dir| dir.open_plain(&*index_name(name)));
        let index = match opened {
            Ok(index) => index,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(walk),
            Err(error) => return Err(error),
        };
        // From the end, because after a power failure the index may know more than the data.
        for number in (0..index::count(&index)?).rev() {
            let Some(entry) = index::entry(&index, number)? else { continue };
            let Some(packet) = walk.packet_at(data, entry.offset_bytes)? else { continue };
            let seq = packet.context.seq;
            let size_bytes = packet.context.packet_size_bytes;
            if (seq, seq, size_bytes) == (number, entry.seq, entry.packet_size_bytes) {
                walk.entries = number + 1;
                walk.next_offset = entry.offset_bytes + size_bytes;
                walk.last = Some(packet);
                break;
            }
        }
        Ok(walk)
    }

    /// Walks on to the last whole packet, and calls `each` with the place of each.
    fn run(
        mut self,
        data: &File,
        mut each: impl FnMut(u64, &LastPacket) -> io::Result<()>,
    ) -> io::Result<Walk> {
        while let Some(packet) = self.packet_at(data, self.next_offset)? {
            let follows = match &self.last {
                Some(last) => {
                    same_stream(&last.identity, &packet.identity)
                        && last.context.seq.checked_add(1) == Some(packet.context.seq)
                }
                None => packet.context.seq == 0,
            };
            if !follows {
                break;
            }
            each(self.next_offset, &packet)?;
            self.next_offset += packet.context.packet_size_bytes;
            self.last = Some(packet);
        }
        Ok(self)
    }

    /// The packet at `offset`, if there is a whole one.
    fn packet_at(&self, data: &File, offset: u64) -> io::Result<Option<LastPacket>> {
        let mut opening = vec![0; FIXED_BYTES + self.extra_bytes];
        match data.read_exact_at(&mut opening, offset) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let Ok((identity, context)) = PacketContext::decode(&opening, self.extra_bytes) else {
            return Ok(None);
        };
        let end = offset.checked_add(context.packet_size_bytes);
        if end.is_none_or(|end| end > self.file_bytes) {
            return Ok(None);
        }
        let mut checked = vec![0; context.content_size_bytes as usize + CHECKSUM_BYTES];
        data.read_exact_at(&mut checked, offset)?;
        Ok(packet::check(&checked).is_ok().then_some(LastPacket { identity, context }))
    }
}

fn stranger() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file's packets are of another stream")
}

fn same_stream(a: &StreamIdentity, b: &StreamIdentity) -> bool {
    (a.uuid, a.stream_id, a.stream_instance_id) == (b.uuid, b.stream_id, b.stream_instance_id)
}
