//! Reads a record by its plan.

use super::ops::{Choice, Len, Op, Plan};
use super::slots::Slots;
use crate::read::bits::{Bits, Short};
use crate::read::decode::{DecodeError, VALUES_MAX};

/// Takes the values of a record, each with its node.
pub trait Visitor<N> {
    /// The record is read from its beginning. What came of it before is void: only a part of it was in memory.
    fn begin(&mut self);
    /// A number without sign.
    fn unsigned(&mut self, node: &N, value: u64);
    /// A number with sign.
    fn signed(&mut self, node: &N, value: i64);
    /// An IEEE 754 number; one of 32 bits is exact as well.
    fn float(&mut self, node: &N, value: f64);
    /// Text as it was written, UTF-8 or not, without NUL.
    fn text(&mut self, node: &N, text: &[u8]);
    /// Bytes as they are.
    fn blob(&mut self, node: &N, bytes: &[u8]);
    /// An optional field that is not there.
    fn absent(&mut self, node: &N);
    /// A structure, an array, a variant or an optional field that is there begins.
    fn open(&mut self, node: &N);
    /// The next value is the element with this number.
    fn element(&mut self, number: u64);
    /// What began last ends.
    fn close(&mut self, node: &N);
}

/// What a plan reads from. Positions are bits of `bytes`.
pub(in crate::read) struct Source<'b> {
    /// The bytes, with at least eight more behind `end`.
    pub(in crate::read) bytes: &'b [u8],
    /// Where the content ends.
    pub(in crate::read) end: usize,
}

impl<N> Plan<N> {
    /// Reads the record whose parts begin at bit `at`. Returns where it ends.
    #[inline]
    pub(in crate::read) fn run<V: Visitor<N>>(
        &self,
        source: &Source<'_>,
        at: usize,
        slots: &mut Slots,
        visitor: &mut V,
    ) -> Result<usize, DecodeError> {
        let mut run = Run { source, at, slots, elements: 0, visitor };
        run.visitor.begin();
        run.all(&self.ops)?;
        if run.at > source.end {
            return Err(DecodeError::Short);
        }
        Ok(run.at)
    }
}

struct Run<'r, V> {
    source: &'r Source<'r>,
    at: usize,
    slots: &'r mut Slots,
    /// Elements of arrays so far. They may take no bits.
    elements: u64,
    visitor: &'r mut V,
}

impl<'r, V> Run<'r, V> {
    fn all<N>(&mut self, ops: &[Op<N>]) -> Result<(), DecodeError>
    where
        V: Visitor<N>,
    {
        let mut next = 0;
        while let Some(op) = ops.get(next) {
            next += 1;
            match op {
                Op::Align(align) => self.at = self.at.next_multiple_of(*align as usize),
                Op::Skip(bits) => self.at += *bits as usize,
                Op::Bytes { bits, signed, swapped, slot, node } => {
                    let raw = self.bytes(*bits, *swapped)?;
                    self.number(raw, *bits, *signed, *slot, node);
                }
                Op::Bits { bits, signed, order, slot, node } => {
                    let Source { bytes, end } = *self.source;
                    let mut from = Bits::new(bytes, self.at, end, 0);
                    let raw = from.number(u32::from(*bits), *order)?;
                    self.at = from.at();
                    self.number(raw, *bits, *signed, *slot, node);
                }
                Op::Float { bits, swapped, node } => {
                    let raw = self.bytes(*bits, *swapped)?;
                    let value = match bits {
                        32 => f64::from(f32::from_bits(raw as u32)),
                        _ => f64::from_bits(raw),
                    };
                    self.visitor.float(node, value);
                }
                Op::String { node } => {
                    let rest = self.rest()?;
                    let len = memchr::memchr(0, rest).ok_or(Short)?;
                    self.visitor.text(node, &rest[..len]);
                    self.at += (len + 1) * 8;
                }
                Op::Text { len, node } => {
                    let len = usize::try_from(self.len(*len)?).map_err(|_| Short)?;
                    let bytes = self.rest()?.get(..len).ok_or(Short)?;
                    let text = &bytes[..memchr::memchr(0, bytes).unwrap_or(len)];
                    self.visitor.text(node, text);
                    self.at += len * 8;
                }
                Op::Open { node } => self.visitor.open(node),
                Op::Close { node } => self.visitor.close(node),
                Op::Repeat { len, body, node } => {
                    let len = self.len(*len)?;
                    let (body, behind) = (*body as usize, next + *body as usize);
                    self.visitor.open(node);
                    self.repeat(len, &ops[next..next + body])?;
                    next = behind;
                }
                Op::Choose { slot, choice, node } => {
                    let behind = next + choice.reads.iter().sum::<u32>() as usize;
                    let chosen = choice.of(self.slots[usize::from(*slot)])?;
                    self.visitor.open(node);
                    self.all(&ops[next..][chosen])?;
                    next = behind;
                }
            }
        }
        Ok(())
    }

    fn repeat<N>(&mut self, len: u64, body: &[Op<N>]) -> Result<(), DecodeError>
    where
        V: Visitor<N>,
    {
        self.elements = self.elements.saturating_add(len);
        if self.elements > VALUES_MAX {
            return Err(DecodeError::Wrong("too many values".to_owned()));
        }
        for number in 0..len {
            self.visitor.element(number);
            self.all(body)?;
            if self.at > self.source.end {
                return Err(DecodeError::Short);
            }
        }
        Ok(())
    }

    /// A number of whole bytes, or the low bits of one, that begins at a byte.
    #[inline]
    fn bytes(&mut self, bits: u8, swapped: bool) -> Result<u64, Short> {
        let from = self.at / 8;
        let loaded = self.source.bytes.get(from..from + 8).ok_or(Short)?;
        let raw = u64::from_le_bytes(loaded.try_into().map_err(|_| Short)?);
        let unused = 64 - u32::from(bits);
        self.at += usize::from(bits);
        Ok(if swapped { raw.swap_bytes() >> unused } else { raw << unused >> unused })
    }

    #[inline]
    fn number<N>(&mut self, raw: u64, bits: u8, signed: bool, slot: Option<u8>, node: &N)
    where
        V: Visitor<N>,
    {
        let unused = 64 - u32::from(bits);
        let value = (raw << unused) as i64 >> unused;
        if let Some(slot) = slot {
            self.slots[usize::from(slot)] = if signed { value.into() } else { raw.into() };
        }
        if signed {
            self.visitor.signed(node, value);
        } else {
            self.visitor.unsigned(node, raw);
        }
    }

    fn rest(&self) -> Result<&'r [u8], Short> {
        self.source.bytes.get(self.at / 8..self.source.end / 8).ok_or(Short)
    }

    fn len(&self, len: Len) -> Result<u64, DecodeError> {
        match len {
            Len::Fixed(len) => Ok(len),
            Len::Slot(slot) => {
                let number = self.slots[usize::from(slot)];
                u64::try_from(number)
                    .map_err(|_| DecodeError::Wrong(format!("an array's length is {number}")))
            }
        }
    }
}

impl Choice {
    /// Which of the reads are the option's that this tag chooses: by itself, or by its first label that is an option's name.
    fn of(&self, tag: i128) -> Result<std::ops::Range<usize>, DecodeError> {
        let option = match (self.options.numbers(), &self.tag) {
            (Some(numbers), _) => numbers.chosen(tag),
            (None, Some(ty)) => ty.labels.of(tag).find_map(|(name, ..)| self.options.place(name)),
            (None, None) => None,
        };
        let Some(option) = option else {
            return Err(DecodeError::Wrong(format!("no option of a variant for the tag {tag}")));
        };
        let from = self.reads[..option].iter().sum::<u32>() as usize;
        Ok(from..from + self.reads[option] as usize)
    }
}
