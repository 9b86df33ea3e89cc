//! Finds, in a stream file whose packets have checksums, the packets that are what was written, at the place where they
//! were written.
//!
//! ```text
//!   pages of the file    | 0 | 1 | ## | 3 | 40 | 5 | 1 | 7 |      by the sequence numbers in them
//!                                 |         |       '-- whole, but an earlier one
//!                                 |         '-- whole, but a later one: lower numbers follow
//!                                 '-- torn, or never written
//! ```
//!
//! A kernel that goes down, or a disk, may leave a page as if it was never written, as it was earlier, or with data
//! that belongs elsewhere. So a packet is accepted if its checksum is right and it continues the stream: by its
//! identity (that of the first packet must be shared by most of those behind it), its number, its clock and its count
//! of losses. If there is no such packet, page after page is tried; each stretch that was passed over is reported once.
//! Missing numbers alone are not reported: recovered traces have them. Packets without records may hold the place of a
//! large one ([`publish`](crate::write::stream_file)), with numbers that are used again: they give way to packets with
//! records.
//!
//! All of this is read directly, and not by the metadata's types. Those must be the types that
//! [`packet`](crate::write::packet) writes ([`Layout`]), so the cost is the same whatever they say.

use std::collections::BTreeMap;

use super::stream_file::StreamFile;
use crate::schema::{ByteOrder, Length, Metadata, Type};
use crate::write::metadata::{CONTEXT_FIELDS, EnvValue, HEADER_FIELDS};
use crate::write::packet::{
    self, CHECKSUM_BYTES, CHECKSUM_ENV, FIXED_BYTES, PAGE_BYTES, PacketContext, StreamIdentity,
};

const PAGE: u64 = PAGE_BYTES as u64;

/// How many pages behind a doubtful packet are looked at.
const DOUBT_PAGES: u64 = 64;

/// States that a trace's packets have the form of this library, and how long their extra fields are. A trace that has
/// no `Layout` (of the other byte order, for example) is read as traces of other writers are: on trust.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    uuid: [u8; 16],
    /// By stream class.
    extra_bytes: BTreeMap<u32, usize>,
}

/// A packet that is what was written.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) offset: u64,
    pub(crate) identity: StreamIdentity,
    pub(crate) context: PacketContext,
}

/// A stretch of the file that was passed over: where it begins, and why.
pub(super) type Passed = (u64, String);

/// A packet's bytes without the padding: exactly the bytes that were checked.
pub(super) type Bytes = Vec<u8>;

/// The walk along one stream file.
#[derive(Debug)]
pub(super) struct WholePackets {
    layout: Layout,
    /// Where the next packet should begin.
    from: u64,
    /// The packet before it.
    last: Option<Whole>,
    /// A packet found behind a stretch that had to be reported first.
    found: Option<(Whole, Bytes)>,
}

impl Layout {
    /// The layout of a trace, if its environment says that its packets have checksums, and if they look like ours on
    /// this kind of machine.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        let (ours, crc32) = CHECKSUM_ENV;
        let is_it = |value: &EnvValue| matches!(value, EnvValue::Str(text) if text == crc32);
        let has_them = metadata.env.iter().any(|(name, value)| name == ours && is_it(value));
        let native =
            if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big };
        if !has_them || metadata.byte_order != native {
            return None;
        }
        if extra_bytes(metadata.packet_header.as_ref(), HEADER_FIELDS) != Some(0) {
            return None;
        }
        let extra_of = |(id, class): (&u64, &crate::schema::StreamType)| {
            let extra_bytes = extra_bytes(class.packet_context.as_ref(), CONTEXT_FIELDS)?;
            Some((u32::try_from(*id).ok()?, extra_bytes))
        };
        let extra_bytes = metadata.streams.iter().map(extra_of).collect::<Option<_>>()?;
        Some(Self { uuid: metadata.uuid?, extra_bytes })
    }
}

/// Bytes of a structure behind the fields that it must begin with (names, and sizes in bytes); `None` if it does not
/// begin with them.
fn extra_bytes(ty: Option<&Type>, first: &[(&str, u64)]) -> Option<usize> {
    let Some(Type::Struct(fields)) = ty else { return None };
    let integer_bytes = |ty: &Type| match ty {
        Type::Integer(ty) if ty.bits.is_multiple_of(8) && ty.align == 8 => Some(ty.bits / 8),
        _ => None,
    };
    let bytes = |ty: &Type| match ty {
        Type::Array { elem, len } => Some(u64::from(integer_bytes(elem)?).checked_mul(*len)?),
        Type::Blob(ty) => match ty.length {
            Length::Fixed(len) => Some(len),
            Length::Field(_) => None,
        },
        ty => integer_bytes(ty).map(u64::from),
    };
    let mut fields = fields.fields.iter();
    for (name, expected_bytes) in first {
        let (found, ty) = fields.next()?;
        if **found != **name || bytes(ty)? != *expected_bytes {
            return None;
        }
    }
    let rest = fields.try_fold(0_u64, |sum, (_, ty)| sum.checked_add(bytes(ty)?))?;
    usize::try_from(rest).ok().filter(|rest| *rest <= PAGE_BYTES)
}

impl WholePackets {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, from: 0, last: None, found: None }
    }

    /// The next packet that is whole and belongs where it is; or, once, the stretch before it. `None` at the end of the
    /// file, which has `len` bytes.
    pub(super) fn next(
        &mut self,
        file: &mut StreamFile,
        len: u64,
    ) -> Option<Result<(Whole, Bytes), Passed>> {
        if let Some(found) = self.found.take() {
            return Some(Ok(self.accept(found)));
        }
        let mut at = Some(self.from).filter(|from| *from < len);
        let mut passed: Option<Passed> = None;
        while let Some(offset) = at {
            let why = match self.whole_at(file, offset, len) {
                Ok(whole) if self.belongs(&whole.0, file, len) => {
                    return Some(match passed {
                        None => Ok(self.accept(whole)),
                        Some(passed) => {
                            self.found = Some(whole);
                            Err(passed)
                        }
                    });
                }
                Ok(_) => "a packet that does not belong here".to_owned(),
                Err(why) => why,
            };
            passed.get_or_insert((offset, why));
            at = next_page(file, offset, len);
        }
        self.from = len;
        passed.map(Err)
    }

    /// Where the next packet should begin.
    pub(super) fn next_offset(&self) -> u64 {
        self.from
    }

    fn accept(&mut self, (whole, bytes): (Whole, Bytes)) -> (Whole, Bytes) {
        self.from = whole.end();
        self.last = Some(whole.clone());
        (whole, bytes)
    }

    /// Whether a packet continues the stream.
    fn belongs(&self, whole: &Whole, file: &mut StreamFile, len: u64) -> bool {
        let now = &whole.context;
        let Some(last) = &self.last else {
            let mut behind: Vec<Whole> = Vec::new();
            self.any_behind(whole, file, len, |it| {
                behind.push(it.clone());
                false
            });
            let (ours, others): (Vec<&Whole>, _) =
                behind.iter().partition(|it| it.is_of_one_stream_with(whole));
            return others.len() <= ours.len() + 1
                && ours.iter().all(|it| it.context.seq >= now.seq);
        };
        let before = &last.context;
        if !whole.is_of_one_stream_with(last)
            || now.seq <= before.seq
            || now.timestamp_begin < before.timestamp_end
            || now.discarded < before.discarded
        {
            return false;
        }
        if now.seq == before.seq + 1 && !whole.is_empty() {
            return true;
        }
        // Numbers are missing; or the packet is from further on, and the missing ones come behind it; or it holds a
        // place that is not needed any more.
        let contradicts = |it: &Whole| {
            let seq = it.context.seq;
            let gives_way = whole.is_empty() && !it.is_empty() && seq == now.seq;
            it.is_of_one_stream_with(last) && seq > before.seq && (seq < now.seq || gives_way)
        };
        !self.any_behind(whole, file, len, contradicts)
    }

    /// Whether this is true of a whole packet on the pages behind `whole`, wherever it belongs.
    fn any_behind(
        &self,
        whole: &Whole,
        file: &mut StreamFile,
        len: u64,
        mut is_it: impl FnMut(&Whole) -> bool,
    ) -> bool {
        let end = len.min(whole.end().saturating_add(DOUBT_PAGES * PAGE));
        let mut at = Some(whole.end()).filter(|start| *start < end);
        while let Some(offset) = at {
            let found = self.whole_at(file, offset, len);
            at = match &found {
                Ok((whole, _)) => Some(whole.end()),
                Err(_) => next_page(file, offset, len),
            };
            at = at.filter(|start| *start < end);
            if found.is_ok_and(|(whole, _)| is_it(&whole)) {
                return true;
            }
        }
        false
    }

    /// The packet at `offset` if it is whole, or why it is not.
    fn whole_at(
        &self,
        file: &mut StreamFile,
        offset: u64,
        len: u64,
    ) -> Result<(Whole, Bytes), String> {
        let (whole, bytes) = self.content_at(file, offset, len)?;
        let PacketContext { content_size_bytes, packet_size_bytes, seq, .. } = whole.context;
        // The checksum does not cover the size of a packet; the size follows from that of the content. But a packet
        // without records may have been made large, to be replaced by another one.
        let is_next = |next: &Whole| {
            next.is_of_one_stream_with(&whole) && Some(next.context.seq) == seq.checked_add(1)
        };
        let expected = (content_size_bytes + CHECKSUM_BYTES as u64).next_multiple_of(PAGE);
        let is_right = packet_size_bytes == expected
            || whole.is_empty()
                && (whole.end() == len
                    || self
                        .content_at(file, whole.end(), len)
                        .is_ok_and(|(next, _)| is_next(&next)));
        if is_right {
            Ok((whole, bytes))
        } else {
            Err(format!("a packet of {content_size_bytes} bytes in {packet_size_bytes}"))
        }
    }

    /// The same, whatever the packet's size is.
    fn content_at(
        &self,
        file: &mut StreamFile,
        offset: u64,
        len: u64,
    ) -> Result<(Whole, Bytes), String> {
        let mut read = |bytes: usize| {
            if offset.checked_add(bytes as u64).is_none_or(|end| end > len) {
                return Err("cut short".to_owned());
            }
            file.bytes(offset, bytes).map_err(|error| format!("cannot be read: {error}"))
        };
        let wrong = |error: packet::PacketError| error.to_string();
        let (start, claimed) = PacketContext::decode(&read(FIXED_BYTES)?, 0).map_err(wrong)?;
        if start.uuid != self.layout.uuid {
            return Err("a packet of another trace".to_owned());
        }
        let Some(extra_bytes) = self.layout.extra_bytes.get(&start.stream_id) else {
            return Err(format!("the metadata has no stream {}", start.stream_id));
        };
        let size_bytes = claimed.packet_size_bytes;
        if offset.checked_add(size_bytes).is_none_or(|end| end > len) {
            let left = len - offset;
            return Err(format!("a packet of {size_bytes} bytes, of which {left} are there"));
        }
        let bytes = read(claimed.content_size_bytes as usize + CHECKSUM_BYTES)?;
        packet::check(&bytes).map_err(wrong)?;
        let (identity, context) = PacketContext::decode(&bytes, *extra_bytes).map_err(wrong)?;
        if context.content_size_bytes != claimed.content_size_bytes
            || context.packet_size_bytes != size_bytes
        {
            return Err("a packet that is being written".to_owned());
        }
        Ok((Whole { offset, identity, context }, bytes))
    }
}

impl Whole {
    fn end(&self) -> u64 {
        self.offset + self.context.packet_size_bytes
    }

    /// Whether it has no records.
    fn is_empty(&self) -> bool {
        self.context.content_size_bytes == self.identity.opening_bytes() as u64
    }

    fn is_of_one_stream_with(&self, other: &Whole) -> bool {
        let stream = |it: &Whole| (it.identity.stream_id, it.identity.stream_instance_id);
        stream(self) == stream(other)
    }
}

/// The offset of the next page that is not a hole.
fn next_page(file: &mut StreamFile, offset: u64, len: u64) -> Option<u64> {
    let next = file.data_from((offset / PAGE + 1) * PAGE)? / PAGE * PAGE;
    Some(next).filter(|next| *next < len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsdl;
    use crate::write::metadata::{self, Clock, Integer, StreamClass, Trace};

    #[test]
    fn only_packets_that_look_as_ours_do_here_are_looked_at_so() {
        let clock = Clock {
            name: "c".to_owned(),
            uuid: None,
            description: String::new(),
            freq_hz: 1,
            offset_s: 0,
            offset_cycles: 0,
        };
        let extra = vec![("vtid".to_owned(), Integer::I32), ("more".to_owned(), Integer::U8)];
        let streams = vec![StreamClass { id: 3, extra, context: Vec::new() }];
        let text = metadata::preamble(&Trace { uuid: [7; 16], env: vec![], clock, streams });
        let layout = |text: &str| Layout::of(&tsdl::parse(text.as_bytes()).unwrap());
        assert_eq!(layout(&text).unwrap().extra_bytes, BTreeMap::from([(3, 5)]));
        let (native, other) =
            if cfg!(target_endian = "little") { ("= le;", "= be;") } else { ("= be;", "= le;") };
        // Two arrays behind the standard fields that together are longer than any number can state.
        let long = "integer { size = 8; align = 8; } a[18446744073709551615];";
        let longer = format!("end_position; {long} {}", long.replace("a[", "b["));
        for (there, instead) in [
            ("end_position;", &*longer),
            ("\"crc32\"", "\"sha1\""),
            ("packet_checksum", "checksum"),
            (native, other),
            ("end_position", "begin_position"),
            ("packet_seq_num", "size"),
            ("uuid[16]", "uuid[15]"),
            ("stream_instance_id", "instance"),
        ] {
            assert!(text.contains(there), "{there}");
            assert!(layout(&text.replace(there, instead)).is_none(), "{instead}");
        }
    }
}
