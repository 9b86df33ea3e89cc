//! Reads numbers from bytes, at any bit.
//!
//! ```text
//!   bytes      0                 1
//!   little     76543210          FEDCBA98      bit 0 is a byte's least significant; a number's first bits are its low ones
//!   big        01234567          89ABCDEF      bit 0 is a byte's most significant; a number's first bits are its high ones
//! ```

use crate::schema::ByteOrder;

/// Reading went beyond the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Short;

/// A part of a packet, and how far it is read, in bits.
#[derive(Debug)]
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    end: usize,
    /// Where in the packet the bytes begin: alignment counts from the packet's beginning.
    base: u64,
}

impl<'b> Bits<'b> {
    /// Reads from bit `at` of `bytes` up to bit `end`, or to their end.
    pub(super) fn new(bytes: &'b [u8], at: usize, end: usize, base: u64) -> Bits<'b> {
        let end = end.min(bytes.len() * 8);
        Bits { bytes, at: at.min(end), end, base }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The same from the packet's beginning.
    pub(super) fn in_packet(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(super) fn left(&self) -> usize {
        self.end - self.at
    }

    /// Skips to a multiple of `align` from the packet's beginning.
    pub(super) fn align(&mut self, align: u32) -> Result<(), Short> {
        let at = self.in_packet();
        self.skip((at.next_multiple_of(u64::from(align)) - at) as usize)
    }

    fn skip(&mut self, bits: usize) -> Result<(), Short> {
        if bits > self.left() {
            return Err(Short);
        }
        self.at += bits;
        Ok(())
    }

    /// A number of `bits` bits (at most 64), without sign.
    pub(super) fn number(&mut self, bits: u32, byte_order: ByteOrder) -> Result<u64, Short> {
        let from = self.at;
        self.skip(bits as usize)?;
        let (mut number, mut taken) = (0_u64, 0);
        while taken < bits {
            let at = from + taken as usize;
            let (byte, before) = (u64::from(self.bytes[at / 8]), (at % 8) as u32);
            let count = (8 - before).min(bits - taken);
            let mask = (1 << count) - 1;
            match byte_order {
                ByteOrder::Little => number |= (byte >> before & mask) << taken,
                ByteOrder::Big => number = number << count | byte >> (8 - before - count) & mask,
            }
            taken += count;
        }
        Ok(number)
    }

    /// The bytes up to a NUL of so many bytes, which is read too.
    pub(super) fn until_nul(&mut self, unit: usize) -> Result<&'b [u8], Short> {
        self.align(8)?;
        let from = self.at / 8;
        let rest = &self.bytes[from..self.end / 8];
        let is_nul = |unit: &[u8]| unit.iter().all(|byte| *byte == 0);
        let units = rest.chunks_exact(unit).position(is_nul).ok_or(Short)?;
        self.skip((units + 1) * unit * 8)?;
        Ok(&self.bytes[from..from + units * unit])
    }

    /// A number in LEB128, in two's complement if it is signed; `None` if it has more than 64 bits.
    pub(super) fn leb128(&mut self, signed: bool) -> Result<Option<u64>, Short> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.number(8, ByteOrder::Little)?;
            let bits = byte & 0x7F;
            // Of the tenth byte one bit is left; the others go on as that one does, or are no part of the number.
            let fits = match (shift, signed) {
                (63, false) => bits <= 1,
                (63, true) => bits == 0 || bits == 0x7F,
                _ => shift < 63,
            };
            if !fits {
                return Ok(None);
            }
            number |= bits << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                if signed && shift < 64 && bits & 0x40 != 0 {
                    number |= u64::MAX << shift;
                }
                return Ok(Some(number));
            }
        }
    }

    /// The bytes up to a NUL, which is read too.
    pub(super) fn c_string(&mut self) -> Result<&'b [u8], Short> {
        self.align(8)?;
        let rest = &self.bytes[self.at / 8..self.end / 8];
        let len = rest.iter().position(|byte| *byte == 0).ok_or(Short)?;
        let text = &rest[..len];
        self.skip((len + 1) * 8)?;
        Ok(text)
    }

    /// This many bytes.
    pub(super) fn bytes(&mut self, len: usize) -> Result<&'b [u8], Short> {
        self.align(8)?;
        let from = self.at / 8;
        self.skip(len.checked_mul(8).ok_or(Short)?)?;
        Ok(&self.bytes[from..from + len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_where_their_byte_order_says() {
        let read = |order| {
            let bytes = [0b1010_0101, 0x34, 0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
            let mut bits = Bits::new(&bytes, 0, 80, 0);
            [5, 3, 16, 56].map(|size| bits.number(size, order).unwrap())
        };
        let most = 0x7F_FFFF_FFFF_FFFF;
        assert_eq!(read(ByteOrder::Little), [0b00101, 0b101, 0x1234, most]);
        assert_eq!(read(ByteOrder::Big), [0b10100, 0b101, 0x3412, 0xFF_FFFF_FFFF_FF7F]);
        let mut bits = Bits::new(&[0xFF; 9], 0, 72, 0);
        bits.number(1, ByteOrder::Big).unwrap();
        assert_eq!(bits.number(64, ByteOrder::Big), Ok(u64::MAX), "64 bits over nine bytes");
        assert_eq!(bits.number(8, ByteOrder::Big), Err(Short));
    }

    #[test]
    fn a_number_in_leb128_has_64_bits_at_most() {
        let read = |bytes: &[u8], signed| Bits::new(bytes, 0, usize::MAX, 0).leb128(signed);
        let unsigned = |bytes: &[u8]| read(bytes, false);
        let signed = |bytes: &[u8]| read(bytes, true).map(|number| number.map(|it| it as i64));
        assert_eq!(unsigned(&[0xB4, 0xC7, 0x72]), Ok(Some(1_876_916)));
        assert_eq!(signed(&[0xB4, 0xC7, 0x72]), Ok(Some(-220_236)));
        assert_eq!(unsigned(&[0x40]), Ok(Some(64)));
        assert_eq!(signed(&[0x40]), Ok(Some(-64)));
        assert_eq!(unsigned(&[0x80, 0x80, 0x00]), Ok(Some(0)), "longer than it must be");

        let ten = |last: u8, fill: u8| [&[fill; 9][..], &[last]].concat();
        assert_eq!(unsigned(&ten(0x01, 0xFF)), Ok(Some(u64::MAX)));
        assert_eq!(unsigned(&ten(0x02, 0x80)), Ok(None));
        assert_eq!(signed(&ten(0x7F, 0x80)), Ok(Some(i64::MIN)));
        assert_eq!(signed(&ten(0x00, 0xFF)), Ok(Some(i64::MAX)));
        assert_eq!(signed(&ten(0x01, 0x80)), Ok(None), "its sign would be lost");
        assert_eq!(unsigned(&[0x80; 11]), Ok(None));
        assert_eq!(unsigned(&[0x80; 3]), Err(Short));
    }

    #[test]
    fn nothing_beyond_the_end_is_read() {
        let mut bits = Bits::new(b"ab\0cd", 0, 32, 0);
        assert_eq!(bits.c_string(), Ok(&b"ab"[..]));
        assert_eq!(bits.c_string(), Err(Short), "no NUL in what is left");
        assert_eq!(bits.bytes(usize::MAX), Err(Short));
        assert_eq!(bits.align(64), Err(Short));
        assert_eq!(bits.bytes(1), Ok(&b"c"[..]));
        assert_eq!(bits.left(), 0, "and \"d\" is beyond it");
    }

    #[test]
    fn alignment_counts_from_the_beginning_of_the_packet() {
        let mut bits = Bits::new(&[0; 8], 0, 64, 16);
        bits.align(32).unwrap();
        assert_eq!((bits.at(), bits.in_packet()), (16, 32));
    }
}
