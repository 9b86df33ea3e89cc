//! The event header: which class a record has, and its time.
//!
//! ```text
//!   compact, 4 bytes                        extended, 13 bytes
//!   +-- 5 --+------- 27 -------+            +-- 5 --+-3-+---- 32 ----+----- 64 ------+
//!   | id    | clock, low bits  |            |  31   | 0 | id         | clock         |
//!   +-------+------------------+            +-------+---+------------+---------------+
//!   ids 0 to 30                             any id
//! ```
//!
//! The bit fields fill a word from its least significant end on little-endian machines (`id | clock
//! << 5`) and from its most significant end on big-endian ones (`id << 27 | clock`), as CTF asks
//! for.
//!
//! A compact clock is completed from the clock before it: the next value whose low 27 bits are
//! these. That is right only if fewer than 2^27 cycles lie between the two, so a writer uses it
//! **only** when it knows the record before; a missed roll-over gives wrong times, silently, in
//! every reader.

/// The id in the first five bits that says "extended".
const EXTENDED: u32 = 31;
/// Bits of a compact clock.
const LOW_BITS: u32 = 27;
const LOW_MASK: u32 = (1 << LOW_BITS) - 1;

/// The largest id that a compact header can name.
pub const COMPACT_ID_MAX: u32 = EXTENDED - 1;
/// Cycles that must not lie between a record with a compact header and the one before it.
pub const COMPACT_CLOCK_SPAN: u64 = 1 << LOW_BITS;
/// Bytes of a compact header.
pub const COMPACT_BYTES: usize = 4;
/// Bytes of an extended header.
pub const EXTENDED_BYTES: usize = 13;

/// A decoded event header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHeader {
    /// The event class.
    pub id: u32,
    /// The clock, as far as the header has it.
    pub stamp: Stamp,
    /// Bytes of the header: the payload starts there.
    pub len: usize,
}

/// A record's clock, as far as its header has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// The low 27 bits.
    Low27(u32),
    /// All of it.
    Full(u64),
}

impl Stamp {
    /// The full clock value, if `previous` is the clock of the record before.
    #[inline]
    pub fn resolve(self, previous: u64) -> u64 {
        match self {
            Stamp::Full(clock) => clock,
            Stamp::Low27(low) => {
                // Modular distance forward, so that the roll-over needs no case of its own.
                let ahead = low.wrapping_sub(previous as u32) & LOW_MASK;
                previous.wrapping_add(u64::from(ahead))
            }
        }
    }
}

/// Decodes the header that `record` starts with; `None` if it is cut short.
#[inline]
pub fn decode(record: &[u8]) -> Option<EventHeader> {
    let first = *record.first()?;
    let tag =
        if cfg!(target_endian = "little") { u32::from(first) & 31 } else { u32::from(first) >> 3 };
    if tag == EXTENDED {
        let id = record.get(1..5)?.try_into().ok()?;
        let clock = record.get(5..EXTENDED_BYTES)?.try_into().ok()?;
        let stamp = Stamp::Full(u64::from_ne_bytes(clock));
        return Some(EventHeader { id: u32::from_ne_bytes(id), stamp, len: EXTENDED_BYTES });
    }
    let word = u32::from_ne_bytes(record.get(..COMPACT_BYTES)?.try_into().ok()?);
    let low = if cfg!(target_endian = "little") { word >> 5 } else { word & LOW_MASK };
    Some(EventHeader { id: tag, stamp: Stamp::Low27(low), len: COMPACT_BYTES })
}

/// Id and clock bits of a compact header that `record` starts with; `None` if it has an extended one, or is cut short.
#[inline(always)]
pub fn decode_compact(record: &[u8]) -> Option<(u32, Stamp)> {
    let word = u32::from_ne_bytes(*record.first_chunk()?);
    let (id, low) = if cfg!(target_endian = "little") {
        (word & EXTENDED, word >> 5)
    } else {
        (word >> LOW_BITS, word & LOW_MASK)
    };
    (id != EXTENDED).then_some((id, Stamp::Low27(low)))
}

/// A compact header with the low 27 bits of `clock`; `None` if the id does not fit.
pub fn compact(id: u32, clock: u64) -> Option<[u8; COMPACT_BYTES]> {
    let low = clock as u32 & LOW_MASK;
    let word = if cfg!(target_endian = "little") { id | low << 5 } else { id << LOW_BITS | low };
    (id <= COMPACT_ID_MAX).then_some(word.to_ne_bytes())
}

/// An extended header.
pub fn extended(id: u32, clock: u64) -> [u8; EXTENDED_BYTES] {
    let mut header = [0; EXTENDED_BYTES];
    header[0] = if cfg!(target_endian = "little") { EXTENDED as u8 } else { (EXTENDED << 3) as u8 };
    header[1..5].copy_from_slice(&id.to_ne_bytes());
    header[5..].copy_from_slice(&clock.to_ne_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_decode_to_what_was_encoded() {
        for id in [0, 1, COMPACT_ID_MAX] {
            let header = decode(&compact(id, 0xFFFF_FFFF_F123_4567).unwrap()).unwrap();
            assert_eq!((header.id, header.len), (id, COMPACT_BYTES));
            assert_eq!(header.stamp, Stamp::Low27(0x0123_4567));
            let bytes = compact(id, 0x0123_4567).unwrap();
            assert_eq!(decode_compact(&bytes), Some((id, header.stamp)));
        }
        for id in [0, 30, 31, 32, u32::MAX] {
            let header = decode(&extended(id, u64::MAX - 1)).unwrap();
            let whole = EventHeader { id, stamp: Stamp::Full(u64::MAX - 1), len: EXTENDED_BYTES };
            assert_eq!(header, whole);
            assert_eq!(decode_compact(&extended(id, u64::MAX - 1)), None);
        }
        assert_eq!(compact(EXTENDED, 0), None);
    }

    #[test]
    fn a_header_cut_short_is_none() {
        let headers = [&compact(3, 4).unwrap()[..], &extended(3, 4)[..]];
        for header in headers {
            for len in 0..header.len() {
                assert_eq!(decode(&header[..len]), None);
                assert_eq!(decode_compact(&header[..len.min(COMPACT_BYTES - 1)]), None);
            }
        }
    }

    #[test]
    fn a_low_clock_is_the_next_one_with_these_bits() {
        let turn = 1 << LOW_BITS;
        assert_eq!(Stamp::Low27(5).resolve(5), 5, "the same instant is no roll-over");
        assert_eq!(Stamp::Low27(4).resolve(5), turn + 4, "one back is nearly a whole turn on");
        assert_eq!(Stamp::Low27(0).resolve(3 * turn - 1), 3 * turn);
        assert_eq!(Stamp::Low27(7).resolve(u64::MAX), 7, "at the end of the clock it wraps");
        assert_eq!(Stamp::Full(1).resolve(9), 1);
    }
}
