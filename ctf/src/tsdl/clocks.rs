//! The clocks: which ones there are, and which one each stream class has.
//!
//! ```text
//!   clock { name = c; ... };    integer { ...; map = clock.c.value; } timestamp;      mapped
//!   clock { name = c; ... };    integer { ... } timestamp;                            mapped to the only clock
//!                               integer { ... } timestamp;                            mapped to a clock that is implied
//!                               no such field                                         no clock: no times
//! ```
//!
//! A stream class has one clock: that of its packet context and its event header. LTTng 2.0 wrote no `map`, and so did
//! others: a `timestamp` of the event header, and a `timestamp_begin` or `timestamp_end` of the packet context, are values
//! of the only clock then. A trace that declares no clock, but has such a field, has one of nanoseconds.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Item, Wrong};
use super::block::Block;
use super::numbers::truth;
use crate::schema::{ClockType, Fields, Options, StreamType, StructType, Type, VariantType};

/// All clocks that the file declares.
pub(super) fn declared(items: &[Item<'_>]) -> Result<Vec<Arc<ClockType>>, Wrong> {
    let mut clocks: Vec<Arc<ClockType>> = Vec::new();
    let mut places = HashMap::new();
    for item in items {
        let Item::Block { kind: "clock", entries, at } = item else { continue };
        let clock = Arc::new(clock(&Block::of_values(entries, *at)?)?);
        if places.insert(Arc::clone(&clock.name), clocks.len()).is_some() {
            return Err((*at, format!("the clock `{}` for the second time", clock.name)));
        }
        clocks.push(clock);
    }
    Ok(clocks)
}

fn clock(block: &Block<'_>) -> Result<ClockType, Wrong> {
    let freq_hz = block.number("freq")?.unwrap_or(1_000_000_000);
    if freq_hz == 0 {
        return Err((block.at, "a clock's `freq` cannot be 0".to_owned()));
    }
    let Some(name) = block.text("name") else {
        return Err((block.at, "a clock needs a `name`".to_owned()));
    };
    let absolute = match block.value("absolute") {
        Some((value, at)) => {
            truth(value).ok_or_else(|| (at, "`absolute` cannot be this".to_owned()))?
        }
        None => false,
    };
    Ok(ClockType {
        name: Arc::from(name),
        freq_hz,
        offset_s: block.number("offset_s")?.unwrap_or(0),
        offset_cycles: block.number("offset")?.unwrap_or(0),
        absolute,
    })
}

/// Gives a stream class its clock. `mapped` are those of its packet context and event header; `at` is its place in the
/// text.
pub(super) fn choose(
    stream: &mut StreamType,
    mapped: &[Arc<ClockType>],
    declared: &[Arc<ClockType>],
    mapping: &mut Mapping,
    at: usize,
) -> Result<(), Wrong> {
    if let [one, another, ..] = mapped {
        let message =
            format!("two clocks in one stream class: `{}` and `{}`", one.name, another.name);
        return Err((at, message));
    }
    let header = stream.event_header.as_ref().and_then(|header| mapping.mapped(header));
    let has_times = header.is_some() || stream.packet_context.as_ref().is_some_and(frames_time);
    let clock = match (mapped, declared) {
        ([], _) if !has_times => None,
        ([], []) => Some(Arc::new(ClockType {
            name: Arc::from(""),
            freq_hz: 1_000_000_000,
            offset_s: 0,
            offset_cycles: 0,
            absolute: false,
        })),
        ([], [only]) => Some(Arc::clone(only)),
        ([one], [_]) => Some(Arc::clone(one)),
        // Its event header has another field, which may be of any of the clocks.
        ([_], _) if header.is_none() => mapped.first().cloned(),
        _ => {
            let message = "several clocks, but its times have no `map = clock.NAME.value`";
            return Err((at, message.to_owned()));
        }
    };
    stream.clock = clock;
    if header.is_some() {
        stream.event_header = header;
    }
    Ok(())
}

/// Whether a packet context says when the packet begins or ends.
fn frames_time(context: &Type) -> bool {
    let Type::Struct(context) = context else { return false };
    context.fields.iter().any(|(name, ty)| {
        matches!(&**name, "timestamp_begin" | "timestamp_end")
            && matches!(ty, Type::Integer(ty) if !ty.signed)
    })
}

/// Maps fields named `timestamp` to the clock. Each type is looked at once, however often it is used, and mapped types are
/// shared as those that they are made of.
#[derive(Default)]
pub(super) struct Mapping {
    /// What was made of each type, by where it lies; the type itself stays there as long as this.
    known: HashMap<*const (), (Type, Option<Type>)>,
}

impl Mapping {
    /// The type with such fields mapped; `None` if it has none that is not mapped yet.
    fn mapped(&mut self, ty: &Type) -> Option<Type> {
        let at = match ty {
            Type::Struct(shared) => Arc::as_ptr(shared).cast(),
            Type::Variant(shared) => Arc::as_ptr(shared).cast(),
            _ => return None,
        };
        if let Some((_, known)) = self.known.get(&at) {
            return known.clone();
        }
        let mapped = match ty {
            Type::Struct(shared) => self
                .fields(&shared.fields)
                .map(|fields| Type::Struct(Arc::new(StructType { align: shared.align, fields }))),
            Type::Variant(shared) => self.fields(shared.options.all()).map(|options| {
                let options = Arc::new(Options::new(options));
                Type::Variant(Arc::new(VariantType { tag: shared.tag.clone(), options }))
            }),
            _ => None,
        };
        self.known.insert(at, (ty.clone(), mapped.clone()));
        mapped
    }

    fn fields(&mut self, fields: &Fields) -> Option<Fields> {
        let mut is_any = false;
        let mapped = fields.iter().map(|(name, ty)| {
            let mapped = match ty {
                Type::Integer(ty) if &**name == "timestamp" && !ty.signed && !ty.is_clock => {
                    let mut ty = *ty;
                    ty.is_clock = true;
                    Some(Type::Integer(ty))
                }
                ty => self.mapped(ty),
            };
            is_any |= mapped.is_some();
            (Arc::clone(name), mapped.unwrap_or_else(|| ty.clone()))
        });
        let mapped = mapped.collect();
        is_any.then_some(mapped)
    }
}
