//! How the payloads of one event class lie, as a program that checks a record's bytes against it.
//!
//! ```text
//!   u32, f64, [u8; 4]          fixed: 16 bytes
//!   u32, string, u64, seq<u16> skip 4, text | skip 8, elements of 2 | skip 0
//!
//!   01 00 00 00 'a' 'b' 00 | 02 00 00 00 00 00 00 00  03 00 00 00  .. .. .. .. .. ..
//!   '- skip 4 -'  text       '------- skip 8 -------'  count 3      3 x 2 bytes
//! ```
//!
//! A reader decodes record behind record, so one that is longer or shorter than its class says turns all that follow
//! into nonsense: readers then refuse the trace, or crash. A consumer that copies records which others have written
//! walks each of them by this first.
//!
//! Invariants:
//!
//! - It says of the bytes what [`metadata::event`](crate::metadata::event) says of the same class. Everything is
//!   byte-aligned and every bit pattern of a number is one, so lengths are all that can be wrong.
//! - A class without texts and sequences is one comparison ([`fixed_bytes`](PayloadLayout::fixed_bytes)).
//! - Neighbouring fields of fixed size are one step: what a check takes grows with the texts and sequences alone.

use std::ffi::CStr;

use crate::metadata::{EventClass, FieldType, Float, Integer, Scalar};

/// Bytes of the count before a sequence's elements.
const COUNT_BYTES: usize = 4;

/// The program for one event class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadLayout {
    steps: Box<[Step]>,
    /// Bytes behind the last step.
    rest_bytes: u32,
}

/// Fields of fixed size, and the one of varying size behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    skip_bytes: u32,
    varying: Varying,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Varying {
    Text,
    Elements { bytes: u8 },
}

/// Why bytes are no payload of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// They end before its fields do.
    #[error("it is too short")]
    Short,
    /// A text has no NUL behind it.
    #[error("a text in it has no end")]
    EndlessText,
    /// A sequence has more elements than there are bytes for.
    #[error("a sequence in it claims {0} elements, for which it is too short")]
    Elements(u32),
    /// They go on behind the last field.
    #[error("it is {0} bytes too long")]
    Long(usize),
}

impl PayloadLayout {
    /// That of a class. Sizes beyond any record's stay beyond it.
    pub fn of(class: &EventClass) -> Self {
        let (mut steps, mut fixed_bytes) = (Vec::new(), 0_u32);
        for field in &class.fields {
            let varying = match field.ty {
                FieldType::String => Varying::Text,
                FieldType::Sequence { elem } | FieldType::Array { elem, len: 0 } => {
                    Varying::Elements { bytes: scalar_bytes(elem) }
                }
                FieldType::Array { elem, len } => {
                    let bytes = u32::from(scalar_bytes(elem)).saturating_mul(len);
                    fixed_bytes = fixed_bytes.saturating_add(bytes);
                    continue;
                }
                FieldType::Integer(integer) => {
                    fixed_bytes = fixed_bytes.saturating_add(integer_bytes(integer).into());
                    continue;
                }
                FieldType::Float(float) => {
                    fixed_bytes = fixed_bytes.saturating_add(float_bytes(float).into());
                    continue;
                }
            };
            steps.push(Step { skip_bytes: std::mem::take(&mut fixed_bytes), varying });
        }
        Self { steps: steps.into(), rest_bytes: fixed_bytes }
    }

    /// Bytes of every payload, if all have as many.
    #[inline]
    pub fn fixed_bytes(&self) -> Option<usize> {
        self.steps.is_empty().then_some(self.rest_bytes as usize)
    }

    /// Whether these bytes are a payload of the class: all of it, and nothing else.
    ///
    /// # Errors
    /// What is wrong with them.
    #[inline]
    pub fn check(&self, payload: &[u8]) -> Result<(), PayloadError> {
        let mut left = payload;
        for step in &self.steps {
            left = left.get(step.skip_bytes as usize..).ok_or(PayloadError::Short)?;
            left = match step.varying {
                Varying::Text => behind_text(left)?,
                Varying::Elements { bytes } => behind_elements(left, bytes)?,
            };
        }
        match left.len().checked_sub(self.rest_bytes as usize) {
            Some(0) => Ok(()),
            Some(too_many) => Err(PayloadError::Long(too_many)),
            None => Err(PayloadError::Short),
        }
    }
}

fn behind_text(left: &[u8]) -> Result<&[u8], PayloadError> {
    let text = CStr::from_bytes_until_nul(left).map_err(|_| PayloadError::EndlessText)?;
    Ok(&left[text.count_bytes() + 1..])
}

fn behind_elements(left: &[u8], element_bytes: u8) -> Result<&[u8], PayloadError> {
    let (count, left) = left.split_first_chunk::<COUNT_BYTES>().ok_or(PayloadError::Short)?;
    let count = u32::from_ne_bytes(*count);
    let bytes = u64::from(count) * u64::from(element_bytes);
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    left.get(bytes..).ok_or(PayloadError::Elements(count))
}

const fn integer_bytes(integer: Integer) -> u8 {
    integer.width as u8 / 8
}

const fn float_bytes(float: Float) -> u8 {
    float as u8 / 8
}

const fn scalar_bytes(scalar: Scalar) -> u8 {
    match scalar {
        Scalar::Integer(integer) => integer_bytes(integer),
        Scalar::Float(float) => float_bytes(float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Field;

    const SHORTS: FieldType = FieldType::Sequence { elem: Scalar::Integer(Integer::I16) };

    fn layout(types: &[FieldType]) -> PayloadLayout {
        let field = |ty: &FieldType| Field { name: "x".to_owned(), ty: *ty };
        PayloadLayout::of(&EventClass {
            id: 0,
            stream_id: 0,
            name: "a:b".to_owned(),
            loglevel: 6,
            fields: types.iter().map(field).collect(),
        })
    }

    #[test]
    fn fields_of_fixed_size_are_one_number() {
        let bytes = FieldType::Array { elem: Scalar::Integer(Integer::U8), len: 4 };
        let fixed = [FieldType::Integer(Integer::U32), FieldType::Float(Float::F64), bytes];
        let layout = layout(&fixed);
        assert_eq!(layout.fixed_bytes(), Some(16));
        assert_eq!(layout.check(&[0; 16]), Ok(()));
        assert_eq!(layout.check(&[0; 15]), Err(PayloadError::Short));
        assert_eq!(layout.check(&[0; 19]), Err(PayloadError::Long(3)));
    }

    #[test]
    fn a_class_without_fields_has_no_payload() {
        let layout = layout(&[]);
        assert_eq!(layout.fixed_bytes(), Some(0));
        assert_eq!(layout.check(&[]), Ok(()));
        assert_eq!(layout.check(&[0]), Err(PayloadError::Long(1)));
    }

    #[test]
    fn texts_and_sequences_are_walked() {
        let layout = layout(&[
            FieldType::Integer(Integer::U16),
            FieldType::String,
            SHORTS,
            FieldType::Float(Float::F32),
        ]);
        assert_eq!(layout.fixed_bytes(), None);
        let payload = |text: &[u8], count: u32, elements: usize, rest: usize| {
            let mut bytes = vec![1, 2];
            bytes.extend(text);
            bytes.extend(count.to_ne_bytes());
            bytes.resize(bytes.len() + 2 * elements + rest, 0xFF);
            bytes
        };
        assert_eq!(layout.check(&payload(b"text\0", 3, 3, 4)), Ok(()));
        assert_eq!(layout.check(&payload(b"\0", 0, 0, 4)), Ok(()));
        assert_eq!(layout.check(&payload(b"\xFF\xFE\0", 0, 0, 4)), Ok(()));
        assert_eq!(layout.check(&payload(b"\0", 3, 3, 3)), Err(PayloadError::Short));
        assert_eq!(layout.check(&payload(b"\0", 3, 4, 4)), Err(PayloadError::Long(2)));
        assert_eq!(layout.check(&payload(b"\0", 6, 3, 4)), Err(PayloadError::Elements(6)));
        let most = u32::MAX;
        assert_eq!(layout.check(&payload(b"\0", most, 3, 4)), Err(PayloadError::Elements(most)));
        assert_eq!(layout.check(&[1, 2, b'a', b'b']), Err(PayloadError::EndlessText));
        assert_eq!(layout.check(&[1]), Err(PayloadError::Short));
        assert_eq!(layout.check(&[1, 2, 0, 1, 0, 0]), Err(PayloadError::Short));
    }

    /// The metadata describe it as a sequence.
    #[test]
    fn an_array_of_nothing_is_a_count() {
        let layout = layout(&[FieldType::Array { elem: Scalar::Float(Float::F64), len: 0 }]);
        assert_eq!(layout.check(&[0; 4]), Ok(()));
        assert_eq!(layout.check(&[]), Err(PayloadError::Short));
        assert_eq!(layout.check(&[1, 0, 0, 0]), Err(PayloadError::Elements(1)));
    }

    #[test]
    fn sizes_that_no_record_has_do_not_wrap() {
        let long = |len| FieldType::Array { elem: Scalar::Integer(Integer::U64), len };
        let layout = layout(&[long(u32::MAX), long(u32::MAX), long(1 << 29)]);
        assert_eq!(layout.fixed_bytes(), Some(u32::MAX as usize));
        assert_eq!(layout.check(&[0; 100]), Err(PayloadError::Short));
    }
}
