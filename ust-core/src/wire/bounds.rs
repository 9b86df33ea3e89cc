//! The bounds of an event class's description: every limit in one place.
//!
//! Both sides apply them. A process leaves out a class that is beyond them, and counts it. The consumer does not trust
//! the process: it treats a class beyond them as one that was never described. Within the bounds
//!
//! - code that walks a type may recurse, and ends in a time that grows with the record's bytes: an element of an array
//!   or a sequence takes at least one byte;
//! - every reader that we know reads the trace.

use super::{Encoding, FieldType, Integer, Label};
use std::collections::BinaryHeap;

/// Bytes of a class's encoded description in the class log.
pub const MAX_CLASS_BYTES: usize = 64 << 10;

/// Types of a class, including nested ones.
pub const MAX_TYPES: usize = 1024;

/// Nesting depth of types: a number that is a field has depth 1.
pub const MAX_DEPTH: usize = 8;

/// Labels of a class's enumerations and choices of its variants, together.
pub const MAX_LABELS: usize = 4096;

/// The bound that a description exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// The description is longer than [`MAX_CLASS_BYTES`], or cannot be encoded at all.
    Bytes,
    /// More than [`MAX_TYPES`].
    Types,
    /// Deeper than [`MAX_DEPTH`].
    Depth,
    /// More than [`MAX_LABELS`].
    Labels,
    /// A number has an unsupported size, or is a character that is neither a byte nor a code point.
    Number,
    /// A label's range is empty, or outside its number's range.
    Range,
    /// A variant has no choices, or two choices for one tag.
    Choices,
    /// A structure without members that is not a variant's choice.
    Empty,
}

/// Checks whether a class may have these fields.
///
/// # Errors
/// It may not. The error is the first reason found.
pub fn check<'a>(fields: impl IntoIterator<Item = &'a FieldType>) -> Result<(), Beyond> {
    let mut count = Count { types: 0, labels: 0 };
    fields.into_iter().try_for_each(|ty| count.check(ty, 1))
}

/// The number of types and labels seen so far.
struct Count {
    types: usize,
    labels: usize,
}

impl Count {
    fn check(&mut self, ty: &FieldType, depth: usize) -> Result<(), Beyond> {
        self.types += 1;
        hold(depth <= MAX_DEPTH, Beyond::Depth)?;
        hold(self.types <= MAX_TYPES, Beyond::Types)?;
        match ty {
            FieldType::Integer(integer) => check_integer(*integer),
            FieldType::Float { bits } => hold(matches!(bits, 32 | 64), Beyond::Number),
            FieldType::String { .. } => Ok(()),
            // Two labels that every program has.
            ty if *ty == FieldType::BOOL => Ok(()),
            FieldType::Enumeration { container, labels } => {
                check_integer(*container)?;
                self.check_labels(*container, labels.iter())
            }
            FieldType::Array { element, .. } | FieldType::Sequence { element } => {
                self.check(element, depth + 1)
            }
            FieldType::Structure { members } => {
                hold(!members.is_empty(), Beyond::Empty)?;
                members.iter().try_for_each(|member| self.check(&member.ty, depth + 1))
            }
            FieldType::Variant { tag, choices } => {
                check_integer(*tag)?;
                self.check_labels(*tag, choices.iter().map(|choice| &choice.label))?;
                hold(!choices.is_empty(), Beyond::Choices)?;
                // A heap's code is a tenth of that of `sort_unstable`, and every traced process links it.
                let ranges: BinaryHeap<_> =
                    choices.iter().map(|choice| (choice.label.low, choice.label.high)).collect();
                let ranges = ranges.into_sorted_vec();
                hold(ranges.windows(2).all(|two| two[0].1 < two[1].0), Beyond::Choices)?;
                choices.iter().try_for_each(|choice| match &*choice.ty {
                    FieldType::Structure { members } if members.is_empty() => {
                        self.types += 1;
                        hold(self.types <= MAX_TYPES, Beyond::Types)
                    }
                    ty => self.check(ty, depth + 1),
                })
            }
        }
    }

    fn check_labels<'a>(
        &mut self,
        integer: Integer,
        labels: impl Iterator<Item = &'a Label>,
    ) -> Result<(), Beyond> {
        let (low, high) = integer.range();
        for label in labels {
            self.labels += 1;
            hold(self.labels <= MAX_LABELS, Beyond::Labels)?;
            let is_within = low <= label.low && label.low <= label.high && label.high <= high;
            hold(is_within, Beyond::Range)?;
        }
        Ok(())
    }
}

fn check_integer(integer: Integer) -> Result<(), Beyond> {
    let is_number = matches!(integer.bits, 8 | 16 | 32 | 64);
    let is_text = integer.encoding != Encoding::None;
    let is_character = integer.bits == 8 || integer.is_code_point();
    hold(is_number && (!is_text || is_character), Beyond::Number)
}

fn hold(holds: bool, beyond: Beyond) -> Result<(), Beyond> {
    if holds { Ok(()) } else { Err(beyond) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> FieldType {
        (1..depth).fold(FieldType::U8, |ty, _| FieldType::sequence(ty))
    }

    fn checked(ty: FieldType) -> Result<(), Beyond> {
        check([&ty])
    }

    #[test]
    fn what_is_at_the_limit_may_be_and_what_is_beyond_may_not() {
        assert_eq!(checked(nested(MAX_DEPTH)), Ok(()));
        assert_eq!(checked(nested(MAX_DEPTH + 1)), Err(Beyond::Depth));
        let many = |count| vec![FieldType::U8; count];
        assert_eq!(check(&many(MAX_TYPES)), Ok(()));
        assert_eq!(check(&many(MAX_TYPES + 1)), Err(Beyond::Types));
        let within = |count| FieldType::structure(vec![("m", FieldType::U8); count]);
        assert_eq!(checked(within(MAX_TYPES - 1)), Ok(()));
        assert_eq!(checked(within(MAX_TYPES)), Err(Beyond::Types));
        let labels =
            |count| FieldType::enumeration(Integer::unsigned(8), &vec![("label", 1); count]);
        assert_eq!(checked(labels(MAX_LABELS)), Ok(()));
        assert_eq!(checked(labels(MAX_LABELS + 1)), Err(Beyond::Labels));
    }

    #[test]
    fn numbers_are_of_sizes_that_there_are_and_text_of_characters() {
        for bits in 0..=u8::MAX {
            let is_right = matches!(bits, 8 | 16 | 32 | 64);
            assert_eq!(checked(FieldType::Integer(Integer::signed(bits))).is_ok(), is_right);
            let floats = FieldType::Float { bits };
            assert_eq!(checked(floats).is_ok(), matches!(bits, 32 | 64));
        }
        let text = Integer::character(Encoding::Utf8);
        assert_eq!(checked(FieldType::Integer(text)), Ok(()));
        let wide = FieldType::Integer(Integer { bits: 16, ..text });
        assert_eq!(checked(wide), Err(Beyond::Number));
        assert_eq!(checked(FieldType::Integer(Integer::CODE_POINT)), Ok(()));
        for wrong in [
            Integer { signed: true, ..Integer::CODE_POINT },
            Integer { encoding: Encoding::Ascii, ..Integer::CODE_POINT },
            Integer { bits: 64, ..Integer::CODE_POINT },
        ] {
            assert_eq!(checked(FieldType::Integer(wrong)), Err(Beyond::Number));
        }
    }

    #[test]
    fn labels_are_within_their_number() {
        let labelled = |integer, value| checked(FieldType::enumeration(integer, &[("x", value)]));
        assert_eq!(labelled(Integer::signed(8), -128), Ok(()));
        assert_eq!(labelled(Integer::signed(8), 128), Err(Beyond::Range));
        assert_eq!(labelled(Integer::unsigned(8), -1), Err(Beyond::Range));
        let empty = Label { name: "x".into(), low: 2, high: 1 };
        let labels = vec![empty].into();
        let ty = FieldType::Enumeration { container: Integer::unsigned(8), labels };
        assert_eq!(checked(ty), Err(Beyond::Range));
    }

    #[test]
    fn a_tag_chooses_one_and_every_element_has_a_byte() {
        let variant = |tags: &[i128]| {
            let choices = tags.iter().map(|tag| ("x", *tag, FieldType::NOTHING));
            FieldType::variant(Integer::unsigned(8), choices)
        };
        assert_eq!(checked(variant(&[3, 1, 2])), Ok(()));
        assert_eq!(checked(variant(&[3, 1, 3])), Err(Beyond::Choices));
        assert_eq!(checked(variant(&[])), Err(Beyond::Choices));
        assert_eq!(checked(FieldType::sequence(variant(&[0]))), Ok(()));
        assert_eq!(checked(FieldType::NOTHING), Err(Beyond::Empty));
        assert_eq!(checked(FieldType::sequence(FieldType::NOTHING)), Err(Beyond::Empty));
    }
}
