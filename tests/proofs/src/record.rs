//! What a record of these tests holds: its number, and bytes that follow from the number.
//!
//! ```text
//!   | header | number: u64 | length: u32 | body: bytes of PATTERN that the number chooses |
//!   | header | number: u64 | FIXED: u32  | signature(number): u64 |      the same size for every record
//! ```
//!
//! A byte that another record wrote, or that was never written, differs from the byte that follows from the number.
//! The body is a part of a table and not computed, so that the tracee spends its instructions in the ring.

use ctf::write::event_header::{self, Stamp};
use ust_test_support::random::mix;

/// The event class of every record; it has a compact header.
pub const CLASS_ID: u32 = 3;

/// The longest body.
pub const MAX_BODY_BYTES: usize = 8192;

/// Distinct places in the table at which bodies begin.
const STARTS: usize = 1021;

const TABLE_BYTES: usize = STARTS + MAX_BODY_BYTES;

/// Bytes without a period, so that a shifted or mixed copy is seen; none is zero.
static PATTERN: [u8; TABLE_BYTES] = pattern();

const fn pattern() -> [u8; TABLE_BYTES] {
    let mut table = [0; TABLE_BYTES];
    let mut at = 0;
    while at < TABLE_BYTES {
        table[at] = mix(at as u64) as u8 | 1;
        at += 1;
    }
    table
}

/// The body of record `number`.
#[inline(always)]
pub fn body(number: u32, length_bytes: usize) -> &'static [u8] {
    &PATTERN[number as usize * 7 % STARTS..][..length_bytes]
}

/// The last field of a record without a body: follows from the number alone.
#[inline(always)]
pub fn signature(number: u32) -> u64 {
    u64::from(number).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// What a fixed record's length field says instead of a length.
pub const FIXED: u32 = u32::MAX;

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which call wrote it.
    pub number: u32,
    /// Its clock, by its header.
    pub clock: u64,
    /// Whether the header is the compact one.
    pub is_compact: bool,
    /// Position behind it.
    pub end: u64,
}

/// The records of one stream, decoded by the rules of every reader of the trace.
#[derive(Debug, Default)]
pub struct Decoder {
    clock: u64,
    /// Position behind the record before; none if no compact header may follow it.
    last_end: Option<u64>,
}

impl Decoder {
    /// Decodes the record whose bytes, frame word not counted, are `bytes`.
    ///
    /// `start` is where its frame word stands, `end` the position behind it.
    ///
    /// # Errors
    /// It is torn, or its header cannot be decoded with certainty.
    pub fn decode(&mut self, bytes: &[u8], start: u64, end: u64) -> Result<Record, String> {
        let torn = |what: &str| format!("the record at {start} is torn: {what}: {bytes:02x?}");
        let header = event_header::decode(bytes).ok_or_else(|| torn("no header"))?;
        if header.id != CLASS_ID {
            return Err(torn("another class"));
        }
        let is_compact = matches!(header.stamp, Stamp::Low27(_));
        if is_compact && self.last_end != Some(start) {
            return Err(format!("the record at {start} has a compact header behind a hole"));
        }
        let mut payload = &bytes[header.len..];
        let mut field = |length: usize| {
            let (field, rest) = payload.split_at_checked(length)?;
            payload = rest;
            Some(field)
        };
        let number = field(8).and_then(as_u64).ok_or_else(|| torn("cut short"))?;
        let number = u32::try_from(number).map_err(|_| torn("no such number"))?;
        let length = field(4).and_then(as_u32).ok_or_else(|| torn("cut short"))?;
        let is_whole = if length == FIXED {
            field(8).and_then(as_u64) == Some(signature(number))
        } else {
            length as usize <= MAX_BODY_BYTES
                && field(length as usize) == Some(body(number, length as usize))
        };
        if !is_whole || !payload.is_empty() {
            return Err(torn("another body"));
        }
        self.clock = header.stamp.resolve(self.clock);
        self.last_end = Some(end);
        Ok(Record { number, clock: self.clock, is_compact, end })
    }

    /// Something else than a record ends at `end`: no compact header may follow it.
    pub fn interrupt(&mut self) {
        self.last_end = None;
    }
}

fn as_u64(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_ne_bytes)
}

fn as_u32(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_ne_bytes)
}
