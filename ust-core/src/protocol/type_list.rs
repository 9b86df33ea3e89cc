//! Field types as the class log has them: a flat list, each type before the types within it.
//!
//! ```text
//!   x: u32, p: { a: u8, b: [u16] }     x Integer | p Structure 2 | a Integer | b Sequence | - Integer
//! ```
//!
//! A flat list, because decoding a nested value recurses as deep as its untrusted bytes say. Here the recursion
//! counts its depth.

use super::coded::{enumeration, structure};
use crate::wire::bounds::{self, Beyond, MAX_DEPTH};
use crate::wire::{Choice, Encoding, FieldType, Integer, Label, Member, Part};

/// A type without the types within it. If it is a member, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct Entry<'a> {
    name: &'a str,
    #[cfg_attr(test, serde(borrow))]
    kind: Kind<'a>,
}

structure!(Entry<'a> { name, kind });

/// See [`FieldType`]. The order of the variants fixes their numbers, which never change: a later minor appends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
enum Kind<'a> {
    Integer(Integer),
    Float {
        bits: u8,
    },
    Enumeration {
        container: Integer,
        #[cfg_attr(test, serde(borrow))]
        labels: Vec<LabelEntry<'a>>,
    },
    String {
        encoding: Encoding,
    },
    /// Its element follows.
    Array {
        length: u32,
    },
    /// Its element follows.
    Sequence,
    /// That many members follow.
    Structure {
        members: u32,
    },
    /// Its choices follow, one for each label, without names.
    Variant {
        tag: Integer,
        #[cfg_attr(test, serde(borrow))]
        labels: Vec<LabelEntry<'a>>,
    },
}

enumeration!(Kind<'a> {
    0 => Integer(integer),
    1 => Float { bits },
    2 => Enumeration { container, labels },
    3 => String { encoding },
    4 => Array { length },
    5 => Sequence,
    6 => Structure { members },
    7 => Variant { tag, labels },
});

/// Name, lowest and highest value.
type LabelEntry<'a> = (&'a str, i128, i128);

/// The fields as a list.
///
/// # Errors
/// The bound that the fields exceed.
pub fn flatten<'a>(
    fields: impl Iterator<Item = (&'a str, &'a FieldType)> + Clone,
) -> Result<Vec<Entry<'a>>, Beyond> {
    bounds::check(fields.clone().map(|(_, ty)| ty))?;
    let mut list = Vec::new();
    fields.for_each(|(name, ty)| push(&mut list, name, ty));
    Ok(list)
}

/// Recurses no deeper than the bounds, which the caller has checked.
fn push<'a>(list: &mut Vec<Entry<'a>>, name: &'a str, ty: &'a FieldType) {
    let mut push_kind = |kind| list.push(Entry { name, kind });
    match ty {
        FieldType::Integer(integer) => push_kind(Kind::Integer(*integer)),
        FieldType::Float { bits } => push_kind(Kind::Float { bits: *bits }),
        FieldType::String { encoding } => push_kind(Kind::String { encoding: *encoding }),
        FieldType::Enumeration { container, labels } => {
            let labels = labels.iter().map(label_entry).collect();
            push_kind(Kind::Enumeration { container: *container, labels });
        }
        FieldType::Array { element, length } => {
            push_kind(Kind::Array { length: *length });
            push(list, "", element);
        }
        FieldType::Sequence { element } => {
            push_kind(Kind::Sequence);
            push(list, "", element);
        }
        FieldType::Structure { members } => {
            push_kind(Kind::Structure { members: members.len() as u32 });
            members.iter().for_each(|member| push(list, &member.name, &member.ty));
        }
        FieldType::Variant { tag, choices } => {
            let labels = choices.iter().map(|choice| label_entry(&choice.label)).collect();
            push_kind(Kind::Variant { tag: *tag, labels });
            choices.iter().for_each(|choice| push(list, "", &choice.ty));
        }
    }
}

fn label_entry(label: &Label) -> LabelEntry<'_> {
    (&label.name, label.low, label.high)
}

/// The fields of an untrusted list. `None` if it is malformed or beyond the bounds.
pub fn build<'a>(untrusted_list: &[Entry<'a>]) -> Option<Vec<(&'a str, FieldType)>> {
    let (mut entries, mut fields) = (untrusted_list.iter(), Vec::new());
    while !entries.as_slice().is_empty() {
        fields.push(take(&mut entries, 1)?);
    }
    bounds::check(fields.iter().map(|(_, ty)| ty)).ok()?;
    Some(fields)
}

type Entries<'l, 'a> = core::slice::Iter<'l, Entry<'a>>;

fn take<'a>(entries: &mut Entries<'_, 'a>, depth: usize) -> Option<(&'a str, FieldType)> {
    // Only a choice without bytes may be one level deeper than the bounds allow.
    if depth > MAX_DEPTH + 1 {
        return None;
    }
    let Entry { name, kind } = entries.next()?;
    let mut within = || take(entries, depth + 1).map(|(name, ty)| (name, Part::from(ty)));
    let ty = match kind {
        Kind::Integer(integer) => FieldType::Integer(*integer),
        Kind::Float { bits } => FieldType::Float { bits: *bits },
        Kind::String { encoding } => FieldType::String { encoding: *encoding },
        Kind::Enumeration { container, labels } => {
            let labels: Vec<_> = labels.iter().map(label).collect();
            FieldType::Enumeration { container: *container, labels: labels.into() }
        }
        Kind::Array { length } => FieldType::Array { element: within()?.1, length: *length },
        Kind::Sequence => FieldType::Sequence { element: within()?.1 },
        Kind::Structure { members } => {
            let member = |_| within().map(|(name, ty)| Member { name: name.into(), ty });
            let members: Option<Vec<_>> = (0..*members).map(member).collect();
            FieldType::Structure { members: members?.into() }
        }
        Kind::Variant { tag, labels } => {
            let mut choice = |entry| Some(Choice { label: label(entry), ty: within()?.1 });
            let choices: Option<Vec<_>> = labels.iter().map(&mut choice).collect();
            FieldType::Variant { tag: *tag, choices: choices?.into() }
        }
    };
    Some((name, ty))
}

fn label(entry: &LabelEntry<'_>) -> Label {
    let (name, low, high) = *entry;
    Label { name: name.into(), low, high }
}
