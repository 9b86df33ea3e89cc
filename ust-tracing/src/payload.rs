//! The fields of one event, encoded as they are visited.
//!
//! ```text
//!   ids: u64 each | field | field | field            bytes, on the stack
//!                     |       |       |
//!   key:            (0,u64) (2,text) (1,bool)        which field of the callsite, and what it was recorded as
//! ```
//!
//! The [key](Key) decides under which class the bytes are a record (`shapes`).
//!
//! **Nothing is allocated, and nothing grows.** Texts that find no room are cut, and end with `…`. Bytes are cut without
//! a mark. Room for a number in each later field stays reserved, so a long text does not displace the numbers after it. A
//! field that finds no room at all is left out, and the key says so.
//!
//! **User code runs here**: `Debug` and `Display` of the fields. It may emit events itself (they have buffers of their own)
//! and may panic (nothing is reserved yet).
#![allow(unsafe_code)]

use core::error::Error;
use core::fmt::{self, Write};
use core::mem::MaybeUninit;
use tracing_core::field::{Field, Visit};

/// Bytes of a payload, at most.
pub(crate) const MAX_BYTES: usize = 4096;

/// Fields of an event, at most. `tracing` has no more for a callsite.
pub(crate) const MAX_FIELDS: usize = 32;

/// What stays reserved for each later field.
const RESERVED_BYTES: usize = 8;

/// The end of a text that was cut.
const MARK: &str = "…";

/// Replaces a NUL, as everywhere in `ust`: a string of CTF ends there.
const SUBSTITUTE: u8 = 0x1A;

/// What a field was recorded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    U64 = 1,
    I64 = 2,
    F64 = 3,
    Bool = 4,
    Text = 5,
    Bytes = 6,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::U64, Self::I64, Self::F64, Self::Bool, Self::Text, Self::Bytes];
}

/// Which fields there are, and what each was recorded as, in the order of their bytes: a byte for each, 0 behind the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Key([u64; MAX_FIELDS / 8]);

impl Key {
    /// Appends a field; there are `count` of them before it.
    #[inline]
    pub(crate) fn push(&mut self, count: usize, index: usize, kind: Kind) {
        let entry = (index << 3) as u64 | kind as u64;
        self.0[count / 8] |= entry << (count % 8 * 8);
    }

    /// Index and kind of each field.
    pub(crate) fn fields(self) -> impl Iterator<Item = (usize, Kind)> {
        let entries = self.0.into_iter().flat_map(u64::to_le_bytes);
        entries.map_while(|entry| {
            let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == entry & 7)?;
            Some((usize::from(entry >> 3), kind))
        })
    }
}

/// Where a payload lies. A variable of its own, so that nobody moves it.
pub(crate) struct Room([MaybeUninit<u8>; MAX_BYTES]);

impl Room {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; MAX_BYTES])
    }
}

/// See the module page.
pub(crate) struct Payload<'a> {
    bytes: &'a mut [MaybeUninit<u8>; MAX_BYTES],
    /// So many of them are written.
    length: usize,
    key: Key,
    /// Where the first field begins.
    ids_bytes: usize,
    count: usize,
    /// Fields of the callsite that have not been visited.
    to_come: usize,
}

impl<'a> Payload<'a> {
    /// Begins with these numbers. Of the callsite's fields so many may come.
    #[inline(always)]
    pub(crate) fn begin_with<const N: usize>(
        room: &'a mut Room,
        ids: [u64; N],
        declared: usize,
    ) -> Self {
        let mut payload = Self {
            bytes: &mut room.0,
            length: 0,
            key: Key::default(),
            ids_bytes: N * size_of::<u64>(),
            count: 0,
            to_come: declared.min(MAX_FIELDS),
        };
        ids.iter().for_each(|id| payload.put(&id.to_ne_bytes()));
        payload
    }

    /// All bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: so many are written, from the first on, and `put` keeps `length` within the array.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.length) }
    }

    /// Fields and kinds.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// Each field: index, kind, bytes.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, Kind, &[u8])> {
        let mut rest = &self.bytes()[self.ids_bytes..];
        self.key.fields().map(move |(index, kind)| {
            let (field, others) = rest.split_at(length_of(kind, rest));
            rest = others;
            (index, kind, field)
        })
    }

    /// How many fields there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The bytes in front of the first field.
    pub(crate) fn ids(&self) -> &[u8] {
        &self.bytes()[..self.ids_bytes]
    }

    /// Appends bytes, for which there is room.
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let room = &mut self.bytes[self.length..][..bytes.len()];
        // SAFETY: as many bytes, which do not overlap: `room` is borrowed mutably.
        unsafe {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), room.as_mut_ptr().cast(), bytes.len());
        }
        self.length += bytes.len();
    }

    fn room(&self) -> usize {
        MAX_BYTES - self.length - self.to_come * RESERVED_BYTES
    }

    /// Begins a field that takes at least so many bytes; `false` if it must be left out.
    #[inline]
    fn begin(&mut self, field: &Field, kind: Kind, bytes: usize) -> bool {
        self.to_come = self.to_come.saturating_sub(1);
        let index = field.index();
        if self.count == MAX_FIELDS || index >= MAX_FIELDS || self.room() < bytes {
            return false;
        }
        self.key.push(self.count, index, kind);
        self.count += 1;
        true
    }

    #[inline]
    fn number(&mut self, field: &Field, kind: Kind, bytes: &[u8]) {
        if self.begin(field, kind, bytes.len()) {
            self.put(bytes);
        }
    }

    #[inline]
    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Text<'_, 'a>) -> fmt::Result) {
        if self.begin(field, Kind::Text, MARK.len() + 1) {
            let (begin, end) = (self.length, self.length + self.room() - 1);
            let mut text = Text { payload: self, begin, end, is_cut: false };
            // An error says that the text was cut, or comes from the value itself: what it wrote stays.
            let _ = write(&mut text);
            self.put(&[0]);
        }
    }
}

/// How many of the bytes are the first field, which is of this kind.
fn length_of(kind: Kind, bytes: &[u8]) -> usize {
    match kind {
        Kind::U64 | Kind::I64 | Kind::F64 => size_of::<u64>(),
        Kind::Bool => 1,
        Kind::Text => bytes.iter().position(|byte| *byte == 0).map_or(bytes.len(), |at| at + 1),
        Kind::Bytes => {
            let count = bytes.first_chunk().map_or(0, |count| u32::from_ne_bytes(*count));
            size_of::<u32>() + count as usize
        }
    }
}

/// A text that is being written, up to the place where it must end.
struct Text<'a, 'b> {
    payload: &'a mut Payload<'b>,
    begin: usize,
    end: usize,
    is_cut: bool,
}

impl Text<'_, '_> {
    fn put(&mut self, part: &str) {
        let begin = self.payload.length;
        self.payload.put(part.as_bytes());
        if part.as_bytes().contains(&0) {
            for (at, _) in part.bytes().enumerate().filter(|(_, byte)| *byte == 0) {
                self.payload.bytes[begin + at].write(SUBSTITUTE);
            }
        }
    }

    /// Puts as much of `part` as fits before the mark, and the mark.
    #[cold]
    fn cut(&mut self, part: &str) {
        let last = self.end - MARK.len();
        let written = self.payload.bytes();
        let mut length = written.len().min(last);
        // Back to the begin of a character.
        while length > self.begin && written.get(length).is_some_and(|byte| byte & 0xC0 == 0x80) {
            length -= 1;
        }
        self.payload.length = length;
        let mut fitting = (last - length).min(part.len());
        while !part.is_char_boundary(fitting) {
            fitting -= 1;
        }
        self.put(&part[..fitting]);
        self.put(MARK);
        self.is_cut = true;
    }
}

impl Write for Text<'_, '_> {
    #[inline]
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.is_cut {
            return Err(fmt::Error);
        }
        if self.payload.length + part.len() > self.end {
            self.cut(part);
            return Err(fmt::Error);
        }
        self.put(part);
        Ok(())
    }
}

impl Visit for Payload<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, Kind::F64, &value.to_ne_bytes());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, Kind::I64, &value.to_ne_bytes());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, Kind::U64, &value.to_ne_bytes());
    }

    // CTF's integers have 64 bits.
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.text(field, |text| write!(text, "{value}"));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.text(field, |text| write!(text, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, Kind::Bool, &[value.into()]);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |text| text.write_str(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let count_bytes = size_of::<u32>();
        if self.begin(field, Kind::Bytes, count_bytes) {
            let fitting = value.len().min(self.room() - count_bytes);
            self.put(&(fitting as u32).to_ne_bytes());
            self.put(&value[..fitting]);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, |text| {
            write!(text, "{value}")?;
            let mut error = value;
            // A text that is cut ends a circle of sources.
            while let Some(source) = error.source() {
                write!(text, ": {source}")?;
                error = source;
            }
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |text| write!(text, "{value:?}"));
    }
}
