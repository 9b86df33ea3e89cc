//! The layout of one event class's payloads, as a program that checks a record's bytes.
//!
//! ```text
//!   u32, f64, [u8; 4]          fixed: 16 bytes
//!   u32, string, u64, seq<u16> skip 4, text | skip 8, elements of 2 | skip 0
//!
//!   01 00 00 00 'a' 'b' 00 | 02 00 00 00 00 00 00 00  03 00 00 00  .. .. .. .. .. ..
//!   '- skip 4 -'  text       '------- skip 8 -------'  count 3      3 x 2 bytes
//!
//!   seq<struct { u32, string }>     counted: [ skip 4, text | skip 0 ]
//!   variant { 0: nothing, 1: f64 }  choice: 0 [ skip 0 ], 1 [ skip 8 ]
//! ```
//!
//! A reader decodes one record behind the other. A record that is longer or shorter than its class says turns all that
//! follow into nonsense: readers then refuse the trace, or crash. So a consumer that copies records of other processes
//! checks each of them by this first.
//!
//! Invariants:
//!
//! - It agrees with [`metadata::event`](crate::write::metadata::event) about the bytes of a class. Everything is byte-aligned
//!   and every bit pattern is a number, so only lengths and tags can be wrong.
//! - A class without texts, sequences and variants is one comparison ([`fixed_bytes`](PayloadLayout::fixed_bytes)).
//! - Neighbouring fields of fixed size are one step, in structures or not: the cost of a check grows only with what
//!   varies.
//! - It recurses as deep as the class does, and ends soon whatever the bytes are: each element that varies takes at
//!   least one byte, or is not read.
//!   least, or is not read.

use std::ffi::CStr;

use crate::write::metadata::{Choice, EventClass, FieldType, Integer};

/// Bytes of the count before a sequence's elements.
const COUNT_BYTES: usize = 4;

/// The program for one event class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadLayout(Run);

/// Fields one behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Run {
    steps: Box<[Step]>,
    /// Bytes behind the last step.
    rest_bytes: u32,
}

/// Fields of fixed size, and the one of varying size behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    skip_bytes: u32,
    varying: Varying,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Varying {
    Text,
    /// A count, and elements of fixed size.
    Elements {
        bytes: u32,
    },
    /// A count, and elements that vary.
    Counted(Box<Run>),
    /// A fixed number of elements that vary.
    Repeated(u32, Box<Run>),
    /// A tag, and what it chooses.
    Chosen(Integer, Box<[Chosen]>),
}

/// A choice and its tags. A variant's choices are ordered by tag, and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen {
    low: i128,
    high: i128,
    run: Run,
}

/// Why bytes are no payload of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The bytes end before the fields do.
    #[error("it is too short")]
    Short,
    /// A text has no NUL behind it.
    #[error("a text in it has no end")]
    EndlessText,
    /// A sequence has more elements than there are bytes for.
    #[error("a sequence in it claims {0} elements, for which it is too short")]
    Elements(u32),
    /// No choice of a variant has that tag.
    #[error("a tag in it is {0}, which chooses nothing")]
    Tag(i128),
    /// The bytes go on behind the last field.
    #[error("it is {0} bytes too long")]
    Long(usize),
}

impl PayloadLayout {
    /// The layout of a class. Sizes that exceed any record's still exceed it here.
    pub fn of(class: &EventClass) -> Self {
        Self(Run::of(class.fields.iter().map(|field| &field.ty)))
    }

    /// Bytes of every payload, if all have the same size.
    #[inline]
    pub fn fixed_bytes(&self) -> Option<usize> {
        self.0.fixed_bytes().map(|bytes| bytes as usize)
    }

    /// Whether these bytes are a payload of the class: all of it, and nothing else.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    #[inline]
    pub fn check(&self, payload: &[u8]) -> Result<(), PayloadError> {
        match self.0.walk(payload)? {
            [] => Ok(()),
            too_many => Err(PayloadError::Long(too_many.len())),
        }
    }
}

impl Run {
    fn of<'t>(types: impl IntoIterator<Item = &'t FieldType>) -> Self {
        let mut run = Writing::default();
        types.into_iter().for_each(|ty| run.push(ty));
        Self { steps: run.steps.into(), rest_bytes: run.fixed_bytes }
    }

    fn fixed_bytes(&self) -> Option<u32> {
        self.steps.is_empty().then_some(self.rest_bytes)
    }

    /// Walks over the run; returns the bytes behind it.
    #[inline]
    fn walk<'b>(&self, mut left: &'b [u8]) -> Result<&'b [u8], PayloadError> {
        for step in &self.steps {
            left = behind(left, step.skip_bytes)?;
            left = match &step.varying {
                Varying::Text => behind_text(left)?,
                Varying::Elements { bytes } => behind_elements(left, *bytes)?,
                Varying::Counted(element) => behind_counted(left, element)?,
                Varying::Repeated(count, element) => behind_repeated(left, *count, element)?,
                Varying::Chosen(tag, choices) => behind_chosen(left, *tag, choices)?,
            };
        }
        behind(left, self.rest_bytes)
    }
}

/// A run that is being made.
#[derive(Default)]
struct Writing {
    steps: Vec<Step>,
    /// Bytes of the fields behind the last step.
    fixed_bytes: u32,
}

impl Writing {
    fn push(&mut self, ty: &FieldType) {
        match ty {
            FieldType::Integer(ty) | FieldType::Enumeration { container: ty, .. } => {
                self.skip(ty.size_bytes() as u32);
            }
            FieldType::Float(ty) => self.skip(*ty as u32 / 8),
            FieldType::String(_) => self.step(Varying::Text),
            FieldType::Struct(fields) => fields.iter().for_each(|field| self.push(&field.ty)),
            FieldType::Array { elem, len } if *len > 0 => {
                let element = Run::of([&**elem]);
                match element.fixed_bytes() {
                    Some(bytes) => self.skip(bytes.saturating_mul(*len)),
                    None => self.step(Varying::Repeated(*len, element.into())),
                }
            }
            FieldType::Array { elem, .. } | FieldType::Sequence { elem } => {
                let element = Run::of([&**elem]);
                match element.fixed_bytes() {
                    Some(bytes) => self.step(Varying::Elements { bytes }),
                    None => self.step(Varying::Counted(element.into())),
                }
            }
            FieldType::Variant { tag, choices } => {
                let mut choices: Vec<_> = choices.iter().map(Chosen::of).collect();
                choices.sort_by_key(|choice| choice.low);
                self.step(Varying::Chosen(*tag, choices.into()));
            }
        }
    }

    fn skip(&mut self, bytes: u32) {
        self.fixed_bytes = self.fixed_bytes.saturating_add(bytes);
    }

    fn step(&mut self, varying: Varying) {
        self.steps.push(Step { skip_bytes: std::mem::take(&mut self.fixed_bytes), varying });
    }
}

impl Chosen {
    fn of(choice: &Choice) -> Self {
        let (low, high) = (choice.label.low, choice.label.high);
        Self { low, high, run: Run::of([&choice.ty]) }
    }
}

#[inline]
fn behind(left: &[u8], bytes: u32) -> Result<&[u8], PayloadError> {
    left.get(bytes as usize..).ok_or(PayloadError::Short)
}

fn behind_text(left: &[u8]) -> Result<&[u8], PayloadError> {
    let text = CStr::from_bytes_until_nul(left).map_err(|_| PayloadError::EndlessText)?;
    Ok(&left[text.count_bytes() + 1..])
}

fn count(left: &[u8]) -> Result<(u32, &[u8]), PayloadError> {
    let (count, left) = left.split_first_chunk::<COUNT_BYTES>().ok_or(PayloadError::Short)?;
    Ok((u32::from_ne_bytes(*count), left))
}

fn behind_elements(left: &[u8], element_bytes: u32) -> Result<&[u8], PayloadError> {
    let (count, left) = count(left)?;
    let bytes = u64::from(count) * u64::from(element_bytes);
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    left.get(bytes..).ok_or(PayloadError::Elements(count))
}

fn behind_counted<'b>(left: &'b [u8], element: &Run) -> Result<&'b [u8], PayloadError> {
    let (count, left) = count(left)?;
    // An element takes at least one byte.
    if count as usize > left.len() {
        return Err(PayloadError::Elements(count));
    }
    behind_repeated(left, count, element)
}

fn behind_repeated<'b>(
    left: &'b [u8],
    count: u32,
    element: &Run,
) -> Result<&'b [u8], PayloadError> {
    (0..count).try_fold(left, |left, _| element.walk(left))
}

fn behind_chosen<'b>(
    left: &'b [u8],
    tag: Integer,
    choices: &[Chosen],
) -> Result<&'b [u8], PayloadError> {
    let number = tag.read(left).ok_or(PayloadError::Short)?;
    let at = choices.partition_point(|choice| choice.high < number);
    let chosen = choices.get(at).filter(|choice| choice.low <= number);
    chosen.ok_or(PayloadError::Tag(number))?.run.walk(&left[tag.size_bytes()..])
}

#[cfg(test)]
mod tests;
