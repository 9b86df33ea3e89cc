//! Reads values from bytes by their types.
//!
//! ```text
//!   packet header, packet context | event header, contexts, payload | event header, ...
//!   '---- seen for the packet ----' '----- seen for the record -----' forgotten
//! ```
//!
//! `seen` holds the numbers, by name, to which a later field may refer as its length or tag. The
//! fields within a structure are seen by their names until it ends, and by a path with its name from then on.
//!
//! Bytes cannot make this take all memory or all time: the values of a record are counted, and a
//! packet may have hardly more of them than bits (an array of empty structures takes no bits).

use std::sync::Arc;

use super::bits::{Bits, Short};
use super::value::Value;
use crate::schema::{ByteOrder, EnumType, IntegerType, Options, Path, Scope, Type};
use crate::write::metadata::Encoding;

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

/// A field to which a path may lead.
#[derive(Debug)]
struct Seen {
    scope: Scope,
    name: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// It may be a length or a tag.
    Number { number: i128, labels: Option<Arc<EnumType>> },
    /// The end of a structure, or of a variant, whose fields are those from this place to here.
    End { from: usize },
}

/// Reads one packet.
#[derive(Debug)]
pub(super) struct Decoder {
    pub(super) bits: Bits,
    /// The clock, from the last number that shows it.
    pub(super) clock: u64,
    seen: Vec<Seen>,
    /// That of the number before, in the same part.
    order: Option<ByteOrder>,
    /// Values of the packet so far, and how many there may be at the end of this part.
    values: u64,
    values_max: u64,
}

impl Decoder {
    pub(super) fn new(bits: Bits, clock: u64) -> Decoder {
        Decoder { bits, clock, seen: Vec::new(), order: None, values: 0, values_max: 0 }
    }

    /// How many numbers are seen now; [`forget`](Decoder::forget) drops those that follow.
    pub(super) fn mark(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn forget(&mut self, mark: usize) {
        self.seen.truncate(mark);
    }

    /// Reads the part of a packet or record that `scope` names.
    pub(super) fn part(
        &mut self,
        scope: Scope,
        ty: Option<&Type>,
    ) -> Result<Option<Value>, DecodeError> {
        let Some(ty) = ty else { return Ok(None) };
        self.values_max = self.values + VALUES_MAX;
        self.order = None;
        let Type::Struct(ty) = ty else { return self.value(scope, ty).map(Some) };
        self.bits.align(ty.align)?;
        self.fields(scope, &ty.fields).map(Some)
    }

    fn value(&mut self, scope: Scope, ty: &Type) -> Result<Value, DecodeError> {
        self.values += 1;
        if self.values > self.values_max.min(FREE_VALUES + 2 * self.bits.at() as u64) {
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
                let raw = self.bits_of(ty.bits, ty.align, ty.byte_order)?;
                let value = match ty.bits {
                    32 => f64::from(f32::from_bits(raw as u32)),
                    _ => f64::from_bits(raw),
                };
                Ok(Value::Float { value, bits: ty.bits as u8 })
            }
            Type::String(_) => Ok(Value::Text(self.bits.c_string()?)),
            Type::Struct(ty) => {
                self.bits.align(ty.align)?;
                self.fields(scope, &ty.fields)
            }
            Type::Variant(ty) => {
                let (number, labels) = self.find(&ty.tag)?;
                match chosen(number, labels, &ty.options) {
                    Some((name, option)) => {
                        let value = Box::new(self.field(scope, name, option)?);
                        Ok(Value::Variant { option: Arc::clone(name), value })
                    }
                    None => Err(DecodeError::Wrong(format!("no option for {} = {number}", ty.tag))),
                }
            }
            Type::Array { elem, len } => self.elements(scope, elem, *len),
            Type::Sequence { elem, len: path } => {
                let (number, _) = self.find(path)?;
                let Ok(len) = u64::try_from(number) else {
                    return Err(DecodeError::Wrong(format!("the length {path} is {number}")));
                };
                self.elements(scope, elem, len)
            }
        }
    }

    fn fields(&mut self, scope: Scope, fields: &[(Arc<str>, Type)]) -> Result<Value, DecodeError> {
        let mut values = Vec::with_capacity(fields.len());
        for (name, ty) in fields {
            values.push((Arc::clone(name), self.field(scope, name, ty)?));
        }
        Ok(Value::Struct(values))
    }

    /// Reads a field, to which paths may lead from then on.
    fn field(&mut self, scope: Scope, name: &Arc<str>, ty: &Type) -> Result<Value, DecodeError> {
        let from = self.mark();
        let value = self.value(scope, ty)?;
        let what = match ty {
            Type::Struct(_) | Type::Variant(_) => Some(What::End { from }),
            Type::Enum(ty) => value
                .as_integer()
                .map(|number| What::Number { number, labels: Some(Arc::clone(ty)) }),
            _ => value.as_integer().map(|number| What::Number { number, labels: None }),
        };
        self.seen.extend(what.map(|what| Seen { scope, name: Arc::clone(name), what }));
        Ok(value)
    }

    fn elements(&mut self, scope: Scope, elem: &Type, len: u64) -> Result<Value, DecodeError> {
        self.bits.align(elem.align())?;
        if let Type::Integer(IntegerType { bits: 8, align: 8, encoding, .. }) = elem
            && *encoding != Encoding::None
        {
            let text = self.bits.bytes(usize::try_from(len).map_err(|_| Short)?)?;
            let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Value::Text(text.to_vec()));
        }
        // The length is untrusted: room is made as elements come.
        let mut values = Vec::new();
        let mark = self.mark();
        for _ in 0..len {
            values.push(self.value(scope, elem)?);
            // No path leads to an element.
            self.forget(mark);
        }
        Ok(Value::Array(values))
    }

    fn number(&mut self, scope: Scope, ty: &IntegerType) -> Result<u64, DecodeError> {
        let raw = self.bits_of(ty.bits, ty.align, ty.byte_order)?;
        if ty.is_clock && scope == Scope::EventHeader {
            // The next clock value with these low bits. If there are 64 bits, it is the number
            // itself.
            let mask = u64::MAX >> (64 - ty.bits);
            self.clock = self.clock.wrapping_add(raw.wrapping_sub(self.clock) & mask);
        }
        Ok(raw)
    }

    /// The bits of a number.
    fn bits_of(&mut self, bits: u32, align: u32, order: ByteOrder) -> Result<u64, DecodeError> {
        self.bits.align(align)?;
        let is_within_byte = !self.bits.at().is_multiple_of(8);
        if is_within_byte && self.order.is_some_and(|before| before != order) {
            // Which of the byte's bits are left depends on the order.
            return Err(DecodeError::Wrong("the byte order changes within a byte".to_owned()));
        }
        self.order = Some(order);
        Ok(self.bits.number(bits, order)?)
    }

    /// The number to which a path leads, with its labels: that of the nearest field before of its first name.
    fn find(&self, path: &Path) -> Result<(i128, Option<&Arc<EnumType>>), DecodeError> {
        let missing = || DecodeError::Wrong(format!("there is no number `{path}` before"));
        let Some((last, around)) = path.names.split_last() else { return Err(missing()) };
        let (mut from, mut until) = (0, self.seen.len());
        for name in around {
            let what = self.nearest(path.scope, name, from, until);
            let Some((What::End { from: begin }, end)) = what else { return Err(missing()) };
            (from, until) = (*begin, end);
        }
        match self.nearest(path.scope, last, from, until) {
            Some((What::Number { number, labels }, _)) => Ok((*number, labels.as_ref())),
            _ => Err(missing()),
        }
    }

    /// The last field of this name between two places, and its own place; not within the structures that end there.
    fn nearest(
        &self,
        scope: Option<Scope>,
        name: &Arc<str>,
        from: usize,
        until: usize,
    ) -> Option<(&What, usize)> {
        let mut at = until;
        while at > from {
            at -= 1;
            let seen = &self.seen[at];
            if seen.name == *name && scope.is_none_or(|scope| scope == seen.scope) {
                return Some((&seen.what, at));
            }
            if let What::End { from } = seen.what {
                at = from;
            }
        }
        None
    }
}

/// The option of the first of the tag's labels that has one.
fn chosen<'o>(
    number: i128,
    labels: Option<&Arc<EnumType>>,
    options: &'o Options,
) -> Option<&'o (Arc<str>, Type)> {
    let mut labels = labels.into_iter().flat_map(|ty| ty.labels.of(number));
    labels.find_map(|(name, ..)| options.named(name))
}
