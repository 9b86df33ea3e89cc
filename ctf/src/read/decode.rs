//! Reads values from bytes by their types.
//!
//! Numbers that later fields may refer to, as their length or tag, are in the [trail](super::trail). Numbers with a
//! [role](crate::schema::Role) are kept until the next packet or record.
//!
//! Bytes cannot make this take all memory or all time: the values of a record are counted, and a
//! packet may have hardly more of them than bits (an array of empty structures takes no bits).

use std::sync::Arc;

use super::bits::{Bits, Short};
use super::characters;
use super::plan::Slots;
use super::trail::{Number, Trail};
use super::value::Value;
use crate::schema::{
    BitsType, ByteOrder, EnumType, FloatType, IntegerType, Length, Meaning, OptionalType, Options,
    Path, Role, Roles, Scope, TextType, Type,
};

/// Values that one record, packet header or context may have.
pub(super) const VALUES_MAX: u64 = 1 << 20;
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

/// The numbers that were read with a role, since they were last forgotten.
#[derive(Debug, Default)]
pub(super) struct Known {
    numbers: [Option<u64>; Role::COUNT],
}

/// What of a packet's earlier parts later ones need.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The clock, from the last number that shows it.
    pub(super) clock: u64,
    pub(super) known: Known,
    trail: Trail,
    /// Values of the packet so far.
    values: u64,
    /// What plans keep of a record.
    pub(super) slots: Slots,
}

/// A state to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    trail: usize,
    values: u64,
    clock: u64,
}

/// Reads one part of a packet.
#[derive(Debug)]
pub(super) struct Decoder<'b, 'p> {
    pub(super) bits: Bits<'b>,
    past: &'p mut Past,
    /// How many values the packet may have at the end of this part.
    values_max: u64,
    /// The byte order of the number before, in the same part.
    order: Option<ByteOrder>,
}

impl Known {
    pub(super) fn get(&self, role: Role) -> Option<u64> {
        self.numbers[role as usize]
    }

    fn note(&mut self, roles: Roles, number: Option<u64>) {
        for role in roles.each() {
            self.numbers[role as usize] = number;
        }
    }
}

impl Past {
    pub(super) fn new(clock: u64) -> Past {
        Past { clock, ..Past::default() }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { trail: self.trail.mark(), values: self.values, clock: self.clock }
    }

    /// Undoes what was read since `mark`.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.forget(mark);
        (self.values, self.clock) = (mark.values, mark.clock);
    }

    /// Forgets the numbers seen since `mark`: the record ends to which they belong.
    pub(super) fn forget(&mut self, mark: Mark) {
        self.trail.forget(mark.trail);
        self.known = Known::default();
    }
}

impl<'b, 'p> Decoder<'b, 'p> {
    pub(super) fn new(bits: Bits<'b>, past: &'p mut Past) -> Decoder<'b, 'p> {
        Decoder { bits, past, values_max: 0, order: None }
    }

    /// The numbers that were read with a role.
    pub(super) fn known(&self) -> &Known {
        &self.past.known
    }

    /// Reads the part of a packet or record that `scope` names.
    pub(super) fn part(
        &mut self,
        scope: Scope,
        ty: Option<&Type>,
    ) -> Result<Option<Value>, DecodeError> {
        let Some(ty) = ty else { return Ok(None) };
        self.values_max = self.past.values + VALUES_MAX;
        self.order = None;
        self.past.trail.begin_part(scope);
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
            Type::Enum(ty) => Ok(named(ty, self.number(scope, &ty.container)?)),
            Type::Float(ty) => self.float(ty),
            Type::String(_) => Ok(Value::Text(self.bits.c_string()?.to_vec())),
            Type::Struct(ty) => {
                self.bits.align(ty.align)?;
                self.fields(scope, &ty.fields)
            }
            Type::Variant(ty) => {
                let tag = self.find(&ty.tag)?;
                match chosen(tag, &ty.options)
                    .and_then(|place| Some((place, ty.options.all().get(place)?)))
                {
                    Some((place, (name, option))) => {
                        let value = Box::new(self.option(scope, &ty.options, name, option)?);
                        Ok(Value::Variant { option: Arc::clone(name), place, value })
                    }
                    None => {
                        let message = format!("no option for {} = {}", ty.tag, tag.number);
                        Err(DecodeError::Wrong(message))
                    }
                }
            }
            Type::Array { elem, len } => self.elements(scope, elem, *len),
            Type::Sequence { elem, len } => {
                let len = self.length(len)?;
                self.elements(scope, elem, len)
            }
            Type::Bits(ty) => self.bits_with_meaning(scope, ty),
            Type::Varint(ty) => {
                let raw = self.varint(scope, &ty.container)?;
                Ok(match ty.labels.all() {
                    [] => Value::integer(&ty.container, raw),
                    _ => named(ty, raw),
                })
            }
            Type::Text(ty) => self.text(ty),
            Type::Blob(ty) => {
                let len = self.byte_length(&ty.length)?;
                let bytes = self.bits.bytes(len)?.to_vec();
                Ok(Value::Blob(bytes))
            }
            Type::Optional(ty) => self.optional(scope, ty),
            Type::Aligned { align, ty } => {
                self.bits.align(*align)?;
                self.value(scope, ty)
            }
        }
    }

    fn fields(&mut self, scope: Scope, fields: &[(Arc<str>, Type)]) -> Result<Value, DecodeError> {
        let mut values = Vec::with_capacity(fields.len());
        self.past.trail.begin_struct();
        for (name, ty) in fields {
            let value = self.field(scope, name, ty)?;
            values.push((Arc::clone(name), value));
        }
        self.past.trail.end_struct();
        Ok(Value::Struct(values))
    }

    fn field(&mut self, scope: Scope, name: &Arc<str>, ty: &Type) -> Result<Value, DecodeError> {
        if !has_fields(ty) {
            let value = self.value(scope, ty)?;
            if let Some(number) = number_of(&value) {
                self.past.trail.number(name, number);
            }
            return Ok(value);
        }
        let from = self.past.trail.begin_field(name);
        let value = self.value(scope, ty)?;
        // By the names of its options, paths lead into such a variant.
        let is_passed = matches!(ty, Type::Variant(ty) if is_by_name(&ty.options));
        let number = if is_passed { None } else { number_of(&value) };
        self.past.trail.end_field(from, number);
        Ok(value)
    }

    /// Reads what was chosen of a variant: a field, if options are chosen by name.
    fn option(
        &mut self,
        scope: Scope,
        options: &Options,
        name: &Arc<str>,
        ty: &Type,
    ) -> Result<Value, DecodeError> {
        if !is_by_name(options) {
            return self.value(scope, ty);
        }
        self.past.trail.begin_struct();
        let value = self.field(scope, name, ty)?;
        self.past.trail.end_struct();
        Ok(value)
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
        let mark = self.past.trail.mark();
        for _ in 0..len {
            values.push(self.value(scope, elem)?);
            self.past.trail.forget_element(mark);
        }
        Ok(Value::Array(values))
    }

    fn optional(&mut self, scope: Scope, ty: &OptionalType) -> Result<Value, DecodeError> {
        let selector = self.find(&ty.selector)?.number;
        let is_there = match &ty.ranges {
            Some(ranges) => ranges.chosen(selector).is_some(),
            None => selector != 0,
        };
        let value = is_there.then(|| self.value(scope, &ty.ty)).transpose()?;
        Ok(Value::Optional(value.map(Box::new)))
    }

    fn number(&mut self, scope: Scope, ty: &IntegerType) -> Result<u64, DecodeError> {
        let mut raw = self.bits_of(ty.bits, ty.align, ty.byte_order)?;
        if ty.is_reversed {
            raw = raw.reverse_bits() >> (64 - ty.bits);
        }
        self.note(scope, ty, raw, ty.bits);
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

    fn varint(&mut self, scope: Scope, ty: &IntegerType) -> Result<u64, DecodeError> {
        self.bits.align(8)?;
        let from = self.bits.at();
        let raw = self.bits.leb128(ty.signed)?;
        let raw = raw.ok_or_else(|| DecodeError::Wrong("a number beyond 64 bits".to_owned()))?;
        let bits = (self.bits.at() - from) / 8 * 7;
        self.note(scope, ty, raw, bits.min(64) as u32);
        Ok(raw)
    }

    /// Notes what a number of so many bits says besides its value.
    fn note(&mut self, scope: Scope, ty: &IntegerType, raw: u64, bits: u32) {
        if ty.is_clock && scope == Scope::EventHeader {
            // The next clock value with these low bits. If there are 64 bits, it is the number
            // itself.
            let mask = u64::MAX >> (64 - bits);
            let clock = &mut self.past.clock;
            *clock = clock.wrapping_add(raw.wrapping_sub(*clock) & mask);
        }
        if !ty.roles.is_none() {
            self.past.known.note(ty.roles, Value::integer(ty, raw).as_u64());
        }
    }

    fn float(&mut self, ty: &FloatType) -> Result<Value, DecodeError> {
        let mut raw = self.bits_of(ty.bits, ty.align, ty.byte_order)?;
        if ty.is_reversed {
            raw = raw.reverse_bits() >> (64 - ty.bits);
        }
        let value = match ty.bits {
            32 => f64::from(f32::from_bits(raw as u32)),
            _ => f64::from_bits(raw),
        };
        Ok(Value::Float { value, bits: ty.bits as u8 })
    }

    fn bits_with_meaning(
        &mut self,
        scope: Scope,
        ty: &Arc<BitsType>,
    ) -> Result<Value, DecodeError> {
        let value = self.number(scope, &ty.number)?;
        Ok(match ty.meaning {
            Meaning::Truth => Value::Truth(value != 0),
            Meaning::Bits | Meaning::Flags(_) => Value::Bits { ty: Arc::clone(ty), value },
        })
    }

    fn text(&mut self, ty: &TextType) -> Result<Value, DecodeError> {
        let unit = ty.encoding.unit_bytes();
        let bytes = match &ty.length {
            None => self.bits.until_nul(unit)?,
            Some(length) => {
                let len = self.byte_length(length)?;
                let bytes = self.bits.bytes(len)?;
                if !len.is_multiple_of(unit) {
                    let message = format!("a text of {len} bytes in units of {unit}");
                    return Err(DecodeError::Wrong(message));
                }
                bytes
            }
        };
        Ok(Value::Text(characters::utf8(bytes, ty.encoding)))
    }

    fn byte_length(&self, length: &Length) -> Result<usize, DecodeError> {
        let len = match length {
            Length::Fixed(len) => *len,
            Length::Field(path) => self.length(path)?,
        };
        usize::try_from(len).map_err(|_| DecodeError::Short)
    }

    fn length(&self, path: &Path) -> Result<u64, DecodeError> {
        let number = self.find(path)?.number;
        u64::try_from(number)
            .map_err(|_| DecodeError::Wrong(format!("the length {path} is {number}")))
    }

    fn find(&self, path: &Path) -> Result<&Number, DecodeError> {
        self.past
            .trail
            .find(path)
            .ok_or_else(|| DecodeError::Wrong(format!("there is no number `{path}` before")))
    }
}

/// Whether the labels of the tag choose, as in CTF 1.8.
fn is_by_name(options: &Options) -> bool {
    options.numbers().is_none()
}

/// Whether fields may be in it.
fn has_fields(ty: &Type) -> bool {
    match ty {
        Type::Struct(_)
        | Type::Variant(_)
        | Type::Array { .. }
        | Type::Sequence { .. }
        | Type::Optional(_)
        | Type::Aligned { .. } => true,
        Type::Integer(_)
        | Type::Enum(_)
        | Type::Float(_)
        | Type::String(_)
        | Type::Bits(_)
        | Type::Varint(_)
        | Type::Text(_)
        | Type::Blob(_) => false,
    }
}

/// The number that a value is, through what is chosen and what need not be there.
fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Variant { value, .. } => number_of(value),
        Value::Optional(value) => number_of(value.as_ref()?),
        Value::Enum { ty, value } => Some(Number { number: *value, labels: Some(Arc::clone(ty)) }),
        Value::Truth(truth) => Some(Number { number: (*truth).into(), labels: None }),
        value => value.as_integer().map(|number| Number { number, labels: None }),
    }
}

fn named(ty: &Arc<EnumType>, raw: u64) -> Value {
    let value = Value::integer(&ty.container, raw).as_integer().unwrap_or_default();
    Value::Enum { ty: Arc::clone(ty), value }
}

/// The place of the option of the tag's number, or of the first of its labels that has one.
fn chosen(tag: &Number, options: &Options) -> Option<usize> {
    if let Some(numbers) = options.numbers() {
        return numbers.chosen(tag.number);
    }
    let mut labels = tag.labels.iter().flat_map(|ty| ty.labels.of(tag.number));
    labels.find_map(|(name, ..)| options.place(name))
}
