//! Reads values from bytes by their types.
//!
//! ```text
//!   packet header, packet context | event header, contexts, payload | event header, ...
//!   '---- seen for the packet ----' '----- seen for the record -----' forgotten
//! ```
//!
//! `seen` holds the numbers, by name, to which a later field may refer as its length or tag. A
//! field within a structure is seen until that structure ends, as in any language with scopes.
//!
//! Bytes cannot make this take all memory or all time: the values of a record are counted, and a
//! packet may have hardly more of them than bits (an array of empty structures takes no bits).

use std::sync::Arc;

use super::bits::{Bits, Short};
use super::plan::Slots;
use super::value::Value;
use crate::schema::{EnumType, IntegerType, Options, Path, Scope, Type};

/// Values that one record, packet header or context may have.
const VALUES_MAX: u64 = 1 << 20;
/// Values that a packet may have beyond two for each bit.
const FREE_VALUES: u64 = 1 << 16;

/// Why bytes are no value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// They end too early.
    Short,
    /// They contradict the type, or the type itself.
    Wrong(String),
}

impl From<Short> for DecodeError {
    fn from(_: Short) -> DecodeError {
        DecodeError::Short
    }
}

/// A number that may be a length or a tag.
#[derive(Debug)]
struct Seen {
    scope: Scope,
    name: Arc<str>,
    number: i128,
    labels: Option<Arc<EnumType>>,
}

/// What of a packet's earlier parts later ones need.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The clock, from the last number that shows it.
    pub(super) clock: u64,
    seen: Vec<Seen>,
    /// Values of the packet so far.
    values: u64,
    /// What plans keep of a record.
    pub(super) slots: Slots,
}

/// A state to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    seen: usize,
    values: u64,
    clock: u64,
}

impl Past {
    pub(super) fn new(clock: u64) -> Past {
        Past { clock, ..Past::default() }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { seen: self.seen.len(), values: self.values, clock: self.clock }
    }

    /// Undoes what was read since `mark`.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.seen.truncate(mark.seen);
        (self.values, self.clock) = (mark.values, mark.clock);
    }

    /// Forgets the numbers seen since `mark`: the record ends to which they belong.
    pub(super) fn forget(&mut self, mark: Mark) {
        self.seen.truncate(mark.seen);
    }
}

/// Reads one part of a packet.
#[derive(Debug)]
pub(super) struct Decoder<'b, 'p> {
    pub(super) bits: Bits<'b>,
    past: &'p mut Past,
    /// How many values the packet may have at the end of this part.
    values_max: u64,
}

impl<'b, 'p> Decoder<'b, 'p> {
    pub(super) fn new(bits: Bits<'b>, past: &'p mut Past) -> Decoder<'b, 'p> {
        Decoder { bits, past, values_max: 0 }
    }

    /// Reads the part of a packet or record that `scope` names.
    pub(super) fn part(
        &mut self,
        scope: Scope,
        ty: Option<&Type>,
    ) -> Result<Option<Value>, DecodeError> {
        let Some(ty) = ty else { return Ok(None) };
        self.values_max = self.past.values + VALUES_MAX;
        let Type::Struct(ty) = ty else { return self.value(scope, ty).map(Some) };
        self.bits.align(ty.align)?;
        self.fields(scope, &ty.fields).map(Some)
    }

    fn value(&mut self, scope: Scope, ty: &Type) -> Result<Value, DecodeError> {
        self.past.values += 1;
        if self.past.values > self.values_max.min(FREE_VALUES + 2 * self.bits.in_packet()) {
            return Err(DecodeError::Wrong("too many values".to_owned()));
        }
        match ty {
            Type::Integer(ty) => Ok(Value::integer(ty, self.number(scope, ty)?)),
            Type::Enum(ty) => {
                let raw = self.number(scope, &ty.container)?;
                let number = Value::integer(&ty.container, raw).as_integer().unwrap_or_default();
                Ok(Value::Enum { ty: Arc::clone(ty), value: number })
            }
            Type::Float(ty) => {
                self.bits.align(ty.align)?;
                let raw = self.bits.number(ty.bits, ty.byte_order)?;
                let value = match ty.bits {
                    32 => f64::from(f32::from_bits(raw as u32)),
                    _ => f64::from_bits(raw),
                };
                Ok(Value::Float { value, bits: ty.bits as u8 })
            }
            Type::String(_) => Ok(Value::Text(self.bits.c_string()?.to_vec())),
            Type::Struct(ty) => {
                self.bits.align(ty.align)?;
                let mark = self.past.mark();
                let fields = self.fields(scope, &ty.fields)?;
                self.past.forget(mark);
                Ok(fields)
            }
            Type::Variant(ty) => {
                let tag = self.find(&ty.tag)?;
                match chosen(tag, &ty.options) {
                    Some((name, option)) => {
                        let value = Box::new(self.value(scope, option)?);
                        Ok(Value::Variant { option: Arc::clone(name), value })
                    }
                    None => Err(DecodeError::Wrong(format!(
                        "no option for {} = {}",
                        tag.name, tag.number
                    ))),
                }
            }
            Type::Array { elem, len } => self.elements(scope, elem, *len),
            Type::Sequence { elem, len } => {
                let seen = self.find(len)?;
                let Ok(len) = u64::try_from(seen.number) else {
                    return Err(DecodeError::Wrong(format!(
                        "the length {} is {}",
                        seen.name, seen.number
                    )));
                };
                self.elements(scope, elem, len)
            }
        }
    }

    fn fields(&mut self, scope: Scope, fields: &[(Arc<str>, Type)]) -> Result<Value, DecodeError> {
        let mut values = Vec::with_capacity(fields.len());
        for (name, ty) in fields {
            let value = self.value(scope, ty)?;
            if let Some(number) = value.as_integer() {
                let labels = match ty {
                    Type::Enum(ty) => Some(Arc::clone(ty)),
                    _ => None,
                };
                self.past.seen.push(Seen { scope, name: Arc::clone(name), number, labels });
            }
            values.push((Arc::clone(name), value));
        }
        Ok(Value::Struct(values))
    }

    fn elements(&mut self, scope: Scope, elem: &Type, len: u64) -> Result<Value, DecodeError> {
        self.bits.align(elem.align())?;
        if elem.is_text_unit() {
            let text = self.bits.bytes(usize::try_from(len).map_err(|_| Short)?)?;
            let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Value::Text(text.to_vec()));
        }
        // The length is untrusted: room is made as elements come.
        let mut values = Vec::new();
        for _ in 0..len {
            values.push(self.value(scope, elem)?);
        }
        Ok(Value::Array(values))
    }

    fn number(&mut self, scope: Scope, ty: &IntegerType) -> Result<u64, DecodeError> {
        self.bits.align(ty.align)?;
        let raw = self.bits.number(ty.bits, ty.byte_order)?;
        if ty.is_clock && scope == Scope::EventHeader {
            // The next clock value with these low bits. If there are 64 bits, it is the number
            // itself.
            let mask = u64::MAX >> (64 - ty.bits);
            let clock = &mut self.past.clock;
            *clock = clock.wrapping_add(raw.wrapping_sub(*clock) & mask);
        }
        Ok(raw)
    }

    fn find(&self, path: &Path) -> Result<&Seen, DecodeError> {
        let fits = |seen: &&Seen| {
            seen.name == path.name && path.scope.is_none_or(|scope| scope == seen.scope)
        };
        let found = self.past.seen.iter().rev().find(fits);
        found
            .ok_or_else(|| DecodeError::Wrong(format!("there is no number `{}` before", path.name)))
    }
}

/// The option of the first of the tag's labels that has one.
fn chosen<'o>(tag: &Seen, options: &'o Options) -> Option<&'o (Arc<str>, Type)> {
    let mut labels = tag.labels.iter().flat_map(|ty| ty.labels.of(tag.number));
    labels.find_map(|(name, ..)| options.named(name))
}
