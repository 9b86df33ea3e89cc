//! The properties of numbers: length, order, alignment, base, mappings, roles.

use std::sync::Arc;

use super::node::Node;
use super::place::{Object, Place, Wrong};
use crate::schema::{ByteOrder, Encoding, IntegerType, Label, Role, Roles};

/// Properties of everything with a fixed number of bits.
pub(super) const BITS: &[&str] = &["length", "byte-order", "bit-order", "alignment"];

/// The smallest and the largest number of 64 bits.
const I64_MIN: i128 = i64::MIN as i128;
const U64_MAX: i128 = u64::MAX as i128;

/// The roles that fields may have. The clock's role has two meanings, by the part in which the field is.
pub(crate) const ROLES: [(&str, Role); 11] = [
    ("packet-magic-number", Role::PacketMagic),
    ("metadata-stream-uuid", Role::MetadataUuid),
    ("data-stream-class-id", Role::StreamClassId),
    ("data-stream-id", Role::StreamId),
    (CLOCK, Role::PacketBegin),
    ("packet-end-default-clock-timestamp", Role::PacketEnd),
    ("discarded-event-record-counter-snapshot", Role::Discarded),
    ("packet-content-length", Role::ContentSize),
    ("packet-total-length", Role::PacketSize),
    ("packet-sequence-number", Role::PacketNumber),
    ("event-record-class-id", Role::EventClassId),
];

pub(crate) const CLOCK: &str = "default-clock-timestamp";

/// This library's attribute of a number that is a character.
pub(crate) const OURS: &str = "ust";
pub(crate) const CHARACTER: (&str, &str) = ("show-as", "character");

/// An unsigned decimal number, or bits that lie as one does.
pub(super) fn fixed(object: &Object<'_>) -> Result<IntegerType, Wrong> {
    let bits = object.required("length")?;
    let bits = bits.integer(1..=64, "1 to 64 bits (more are not read)")? as u32;
    let byte_order = byte_order(&object.required("byte-order")?)?;
    let align = object.get("alignment").map_or(Ok(1), |place| alignment(&place))?;
    let usual = match byte_order {
        ByteOrder::Little => "first-to-last",
        ByteOrder::Big => "last-to-first",
    };
    let is_reversed = match object.get("bit-order") {
        None => false,
        Some(place) => match place.text()? {
            order @ ("first-to-last" | "last-to-first") => order != usual,
            _ => return Err(place.expected("`first-to-last` or `last-to-first`")),
        },
    };
    Ok(IntegerType { align, byte_order, is_reversed, ..plain(bits) })
}

/// A number in LEB128.
pub(crate) fn variable() -> IntegerType {
    IntegerType { align: 8, ..plain(64) }
}

fn plain(bits: u32) -> IntegerType {
    IntegerType {
        bits,
        align: 1,
        signed: false,
        base: 10,
        byte_order: ByteOrder::Little,
        encoding: Encoding::None,
        is_clock: false,
        is_reversed: false,
        roles: Roles::NONE,
    }
}

/// The same number with what only integers have.
pub(super) fn integer(
    object: &Object<'_>,
    ty: IntegerType,
    signed: bool,
) -> Result<IntegerType, Wrong> {
    let base = match object.get("preferred-display-base") {
        None => 10,
        Some(place) => match place.integer(2..=16, "2, 8, 10 or 16")? {
            base @ (2 | 8 | 10 | 16) => base as u32,
            _ => return Err(place.expected("2, 8, 10 or 16")),
        },
    };
    let (mut roles, mut is_clock) = (Roles::NONE, false);
    if let Some(place) = object.get("roles") {
        for place in place.elements()? {
            let role = role(&place)?;
            match role {
                Role::MetadataUuid => return Err(place.wrong("only a BLOB has this role")),
                Role::PacketMagic if ty.bits != 32 => {
                    return Err(place.wrong("only a number of 32 bits has this role"));
                }
                Role::PacketBegin => is_clock = true,
                _ => {}
            }
            roles = roles.with(role);
        }
    }
    let encoding = if is_character(object) { Encoding::Utf8 } else { Encoding::None };
    Ok(IntegerType { signed, base, roles, is_clock, encoding, ..ty })
}

/// Whether this library's attribute says that a number is a character.
fn is_character(object: &Object<'_>) -> bool {
    let ours = object.get("attributes").and_then(|attributes| attributes.peek(OURS).cloned());
    let Some(Node::Object(ours)) = ours else { return false };
    ours.iter().any(|(name, value)| name == CHARACTER.0 && *value == Node::text(CHARACTER.1))
}

pub(super) fn role(place: &Place<'_>) -> Result<Role, Wrong> {
    let text = place.text()?;
    let found = ROLES.iter().find(|(name, _)| *name == text);
    found.map(|(_, role)| *role).ok_or_else(|| place.expected("a role"))
}

pub(super) fn byte_order(place: &Place<'_>) -> Result<ByteOrder, Wrong> {
    match place.text()? {
        "little-endian" => Ok(ByteOrder::Little),
        "big-endian" => Ok(ByteOrder::Big),
        _ => Err(place.expected("`little-endian` or `big-endian`")),
    }
}

/// An alignment in bits.
pub(super) fn alignment(place: &Place<'_>) -> Result<u32, Wrong> {
    const WHAT: &str = "a power of two up to 2^31";
    let align = place.integer(1..=1 << 31, WHAT)? as u32;
    if align.is_power_of_two() { Ok(align) } else { Err(place.expected(WHAT)) }
}

/// Names for ranges of numbers: mappings and flags. The ranges of one name do not overlap.
pub(super) fn labels(place: &Place<'_>) -> Result<Vec<Label>, Wrong> {
    let mut labels = Vec::new();
    for (name, place) in place.entries()? {
        let name: Arc<str> = Arc::from(name);
        let mut ranges = ranges(&place)?;
        ranges.sort_unstable();
        let mut last: Option<(i128, i128)> = None;
        for (low, high) in ranges {
            last = match last {
                Some((first, until)) if low <= until => Some((first, until.max(high))),
                Some((first, until)) => {
                    labels.push((Arc::clone(&name), first, until));
                    Some((low, high))
                }
                None => Some((low, high)),
            };
        }
        labels.extend(last.map(|(low, high)| (name, low, high)));
    }
    Ok(labels)
}

/// A set of ranges: at least one, and each as it stands.
pub(super) fn ranges(place: &Place<'_>) -> Result<Vec<(i128, i128)>, Wrong> {
    let ranges = place.elements()?.map(|place| {
        let bounds: Vec<_> = place.elements()?.collect();
        let [low, high] = &bounds[..] else {
            return Err(place.wrong("expected a range: two integers"));
        };
        let bound = |place: &Place<'_>| place.integer(I64_MIN..=U64_MAX, "an integer of 64 bits");
        let (low, high) = (bound(low)?, bound(high)?);
        if low > high {
            return Err(place.wrong(format!("the range ends with {high}, before {low}")));
        }
        Ok((low, high))
    });
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    if ranges.is_empty() { Err(place.wrong("expected at least one range")) } else { Ok(ranges) }
}
