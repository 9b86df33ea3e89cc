//! Reads event headers: which class a record has, and when it was made.
//!
//! ```text
//!   compact      id:5  time:27                       the usual forms: numbers at fixed places,
//!   extended     id:5 = 31   pad   id:32   time:64   then, by the first of them, one of several groups
//! ```
//!
//! Any other header is left to the general decoder.

use std::sync::Arc;

use crate::read::bits::Short;
use crate::schema::{ByteOrder, Fields, IntegerType, Role, StructType, Type, VariantType};

/// How the event headers of a stream class are read.
#[derive(Debug)]
pub(in crate::read) enum Header {
    /// By this.
    Planned(Planned),
    /// By the general decoder.
    General,
}

/// Numbers at fixed places.
#[derive(Debug)]
pub(in crate::read) struct Planned {
    align: u32,
    first: Group,
    choice: Option<Choice>,
}

/// Where numbers are, in bits from the header's beginning.
#[derive(Debug)]
struct Group {
    numbers: Vec<Number>,
    end: u32,
}

#[derive(Debug)]
struct Number {
    at: u32,
    bits: u8,
    swapped: bool,
    means: Means,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Id,
    Clock,
    Tag,
    TagAndId,
}

#[derive(Debug)]
struct Choice {
    /// The group of each tag; one too many if it has none.
    of_tag: Vec<u8>,
    groups: Vec<Group>,
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) struct Said {
    /// The class, if the header names one.
    pub(in crate::read) id: Option<u64>,
    /// The clock.
    pub(in crate::read) clock: u64,
    /// Where the header ends, in bits.
    pub(in crate::read) end: usize,
}

impl Header {
    pub(in crate::read) fn of(ty: Option<&Type>) -> Header {
        match ty {
            Some(Type::Struct(header)) => planned(header).map_or(Header::General, Header::Planned),
            _ => Header::General,
        }
    }

    /// Wherever the header begins, it ends at a multiple of this, in bits.
    pub(in crate::read) fn end_align(&self) -> u32 {
        let Header::Planned(Planned { align, first, choice }) = self else { return 1 };
        let groups = choice.as_ref().map_or(std::slice::from_ref(first), |choice| &choice.groups);
        let aligns = groups.iter().map(|group| 1 << group.end.trailing_zeros().min(31));
        aligns.fold(*align, u32::min)
    }
}

impl Planned {
    /// Reads the header at bit `at` of `bytes`. `None` if the general decoder should say what is wrong with it.
    #[inline]
    pub(in crate::read) fn read(
        &self,
        bytes: &[u8],
        at: usize,
        clock: u64,
    ) -> Result<Option<Said>, Short> {
        let from = at.next_multiple_of(self.align as usize);
        let mut said = Said { id: None, clock, end: 0 };
        let tag = self.first.read(bytes, from, &mut said)?;
        if let Some(Choice { of_tag, groups }) = &self.choice {
            let group = of_tag.get(tag as usize).and_then(|group| groups.get(usize::from(*group)));
            let Some(group) = group else { return Ok(None) };
            group.read(bytes, from, &mut said)?;
        }
        Ok(Some(said))
    }
}

impl Group {
    /// Returns the tag among the numbers.
    #[inline]
    fn read(&self, bytes: &[u8], from: usize, said: &mut Said) -> Result<u64, Short> {
        let mut tag = 0;
        for Number { at, bits, swapped, means } in &self.numbers {
            let at = from + *at as usize;
            let loaded = bytes.get(at / 8..at / 8 + 8).ok_or(Short)?;
            let loaded = u64::from_le_bytes(loaded.try_into().map_err(|_| Short)?);
            let mask = u64::MAX >> (64 - u32::from(*bits));
            let raw = if *swapped {
                loaded.swap_bytes() >> (64 - u32::from(*bits))
            } else {
                loaded >> (at % 8) & mask
            };
            match means {
                Means::Id => said.id = Some(raw),
                // The next clock value with these low bits.
                Means::Clock => {
                    said.clock = said.clock.wrapping_add(raw.wrapping_sub(said.clock) & mask);
                }
                Means::Tag => tag = raw,
                Means::TagAndId => (tag, said.id) = (raw, Some(raw)),
            }
        }
        said.end = from + self.end as usize;
        Ok(tag)
    }
}

fn planned(header: &StructType) -> Option<Planned> {
    // Else its numbers could begin anywhere in a byte.
    if header.align < 8 {
        return None;
    }
    let (fields, variant) = match header.fields.split_last() {
        Some(((_, Type::Variant(variant)), fields)) => (fields, Some(variant)),
        _ => (&header.fields[..], None),
    };
    let mut first = Group { numbers: Vec::new(), end: 0 };
    let mut tag = None;
    for (name, ty) in fields {
        let is_tag = variant.is_some_and(|variant| {
            let tag = &variant.tag;
            tag.names[..] == [Arc::clone(name)] && tag.scope.is_none()
        });
        first.add(ty, is_tag)?;
        if is_tag {
            tag = Some(ty);
        }
    }
    let choice = match variant {
        None => None,
        Some(variant) => Some(choice(variant, tag?, header.align, first.end)?),
    };
    Some(Planned { align: header.align, first, choice })
}

fn choice(variant: &VariantType, tag: &Type, align: u32, from: u32) -> Option<Choice> {
    let options: &Fields = variant.options.all();
    let groups: Option<Vec<Group>> = options
        .iter()
        .map(|(_, option)| {
            let Type::Struct(option) = option else { return None };
            let mut group = Group { numbers: Vec::new(), end: from };
            if option.align > align {
                return None;
            }
            group.end = group.end.next_multiple_of(option.align);
            option.fields.iter().try_for_each(|(_, ty)| group.add(ty, false))?;
            Some(group)
        })
        .collect();
    let groups = groups?;
    let none = u8::try_from(groups.len()).ok()?;
    let number = IntegerType::of(tag)?;
    if number.bits > 16 || number.signed {
        return None;
    }
    let mut of_tag = vec![none; 1 << number.bits];
    let mut fill = |low: i128, high: i128, option: usize| {
        let (low, high) = (low.max(0), high.min(of_tag.len() as i128 - 1));
        if low <= high {
            of_tag[low as usize..=high as usize].fill(option as u8);
        }
    };
    match (variant.options.numbers(), tag) {
        (Some(numbers), _) => {
            numbers.all().iter().for_each(|(low, high, option)| fill(*low, *high, *option));
        }
        (None, Type::Enum(ty)) => {
            // Of several labels of a number, the first one counts.
            for (name, low, high) in ty.labels.all().iter().rev() {
                if let Some(option) = variant.options.place(name) {
                    fill(*low, *high, option);
                }
            }
        }
        (None, _) => return None,
    }
    Some(Choice { of_tag, groups })
}

impl Group {
    fn add(&mut self, ty: &Type, is_tag: bool) -> Option<()> {
        let number = IntegerType::of(ty)?;
        let IntegerType { bits, align, signed, byte_order, is_clock, roles, is_reversed, .. } =
            number;
        let at = self.end.checked_next_multiple_of(align)?;
        let swapped = byte_order == ByteOrder::Big;
        let is_whole = at.is_multiple_of(8) && bits.is_multiple_of(8);
        if is_reversed || swapped && !is_whole || at % 8 + bits > 64 {
            return None;
        }
        if is_tag && is_clock {
            return None;
        }
        let is_id = roles.has(Role::EventClassId);
        if is_id && signed {
            return None;
        }
        let means = match () {
            () if is_tag && is_id => Some(Means::TagAndId),
            () if is_tag => Some(Means::Tag),
            () if is_clock => Some(Means::Clock),
            () if is_id => Some(Means::Id),
            () => None,
        };
        if let Some(means) = means {
            self.numbers.push(Number { at, bits: bits as u8, swapped, means });
        }
        self.end = at.checked_add(bits)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsdl;

    fn header(fields: &str) -> Header {
        let text = format!(
            "trace {{ major = 1; minor = 8; byte_order = le; }};
            clock {{ name = c; }};
            typealias integer {{ size = 27; align = 1; map = clock.c.value; }} := short_time;
            typealias integer {{ size = 64; align = 8; map = clock.c.value; }} := time;
            typealias integer {{ size = 32; align = 8; byte_order = be; }} := be32;
            stream {{ event.header := struct {{ {fields} }} align(8); }};"
        );
        let metadata = tsdl::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        Header::of(metadata.streams[&0].event_header.as_ref())
    }

    fn said(header: &Header, at: usize, bytes: &[u8], clock: u64) -> Option<Said> {
        let Header::Planned(planned) = header else { panic!("not planned") };
        let padded = [bytes, &[0xEE; 8]].concat();
        planned.read(&padded, at, clock).unwrap()
    }

    #[test]
    fn the_usual_forms_are_read_at_their_places() {
        let compact = header(
            "enum : integer { size = 5; align = 1; } { compact = 0 ... 29, extended = 31 } id;
            variant <id> { struct { short_time timestamp; } compact;
            struct { integer { size = 32; align = 8; } id; time timestamp; } extended; } v;",
        );
        let word = (3_u32 | 0x123_4567 << 5).to_le_bytes();
        let before = 7 << 27 | 0x200_0000;
        let short = said(&compact, 0, &word, before).unwrap();
        assert_eq!(short, Said { id: Some(3), clock: 8 << 27 | 0x123_4567, end: 32 });
        let long = [&[0xFF, 31], &77_u32.to_le_bytes()[..], &9_u64.to_le_bytes()].concat();
        assert_eq!(
            said(&compact, 8, &long, before),
            Some(Said { id: Some(77), clock: 9, end: 8 + 8 + 96 })
        );
        assert_eq!(said(&compact, 0, &[30, 0, 0, 0], 0), None, "30 is no label");
        let plain = header("be32 id; integer { size = 8; align = 8; } more; time timestamp;");
        let bytes = [&5_u32.to_be_bytes()[..], &[1], &6_u64.to_le_bytes()].concat();
        assert_eq!(said(&plain, 0, &bytes, 0), Some(Said { id: Some(5), clock: 6, end: 104 }));
    }

    #[test]
    fn what_has_no_fixed_place_is_left_to_the_decoder() {
        for fields in [
            "string name; time timestamp;",
            "integer { size = 3; align = 1; byte_order = be; } id;",
            "integer { size = 3; align = 1; } x; integer { size = 64; align = 1; } id;",
            "enum : integer { size = 17; } { a = 0 } id; variant <id> { struct { time t; } a; } v;",
            "enum : integer { size = 8; } { a = 0 } id; variant <id> { string a; } v;",
        ] {
            assert!(matches!(header(fields), Header::General), "{fields}");
        }
    }
}
