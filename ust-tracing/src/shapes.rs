//! The classes of one callsite's fields.
//!
//! `tracing` says the names of a callsite's fields when the callsite registers, and their types only with each record. A
//! class says both. So a class is made at the first record of a *shape*: which fields there are, and what each is.
//!
//! ```text
//!   info!(size, peer)     size = 17_u64, peer = "ada"      shape 1: size u64, peer text      { size = 17, peer = "ada" }
//!                         size = 18_u64, peer: Empty       shape 2: size u64                 { size = 18 }
//!                         ...                              at most MAX_SHAPES of them
//!                         a ninth shape                    the general class:
//!                                     { fields = [ { name = ( "size" ), value = { 19 } }, ... ] }
//! ```
//!
//! - All classes of a callsite have its name and level, so each rule switches all of them, and a reader sees one event.
//! - Nearly every callsite has one shape, because types in Rust do not change, and fields that are `Empty` mostly stay
//!   so. The alternative, one class in which each field is a variant, is as exact. But readers print a tag before each
//!   value (`_size_tag = ( "u64" : container = 1 ), size = { 17 }`), and each field costs a byte and a comparison more.
//! - A callsite whose shapes change at will (optional fields) has a bounded number of classes. What is beyond has the
//!   general class: a sequence of names and values, each value a variant. It holds any record of the callsite exactly.
//! - Before the first record there must be a switch that rules find. It belongs to the shape in which every field is text.
//!   For an event with nothing but a message, that is the right shape already.
#![allow(unsafe_code)]

use crate::making;
use crate::names::Names;
use crate::payload::{Key, Kind, MAX_BYTES, MAX_FIELDS, Payload};
use crate::refresh;
use tracing_core::field::FieldSet;
use ust::Level;
use ust::dynamic::{Description, DynamicEvent, FieldType, Integer};
use ust_core::sync::Place;
use ust_core::wire::{Field, Label, Member, Part};

/// Shapes of a callsite with classes of their own, besides the one that is all text.
pub(crate) const MAX_SHAPES: usize = 8;

/// A callsite has more shapes than classes: its further records have the general class. (A program's runtime is started by
/// its tracepoints, so this crate has at least one.)
#[ust::tracepoint(provider = "ust_tracing", level = Notice)]
fn many_shapes(provider: &str, name: &str);

/// What the classes of one callsite have in common.
pub(crate) struct Shapes {
    names: Names,
    level: Level,
    file: &'static str,
    line: u32,
    /// The names of the numbers in front of the fields.
    ids: &'static [&'static str],
    fields: &'static FieldSet,
    /// All text.
    first: Shape,
    general: Place<DynamicEvent>,
}

/// A shape, and the next one.
struct Shape {
    key: Key,
    event: DynamicEvent,
    next: Place<Shape>,
}

/// Where a class comes from, for `Shapes::new`.
pub(crate) struct Source {
    pub(crate) names: Names,
    pub(crate) level: Level,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Source {
    /// Registers an event of these fields. It is switched as all of its name are.
    pub(crate) fn register(&self, fields: Vec<(String, FieldType)>) -> DynamicEvent {
        let Names { provider, name } = self.names.clone();
        let file = self.file.to_owned();
        let Self { level, line, .. } = *self;
        let description = Description { provider, name, level, file, line, fields };
        DynamicEvent::register(&description, Some(refresh::OBSERVER))
    }
}

impl Shapes {
    /// Registers the first class.
    pub(crate) fn new(
        source: Source,
        ids: &'static [&'static str],
        fields: &'static FieldSet,
    ) -> Self {
        let mut key = Key::default();
        (0..fields.len().min(MAX_FIELDS)).for_each(|index| key.push(index, index, Kind::Text));
        let event = source.register(fields_of(ids, fields, key));
        let first = Shape { key, event, next: Place::empty() };
        let Source { names, level, file, line } = source;
        Self { names, level, file, line, ids, fields, first, general: Place::empty() }
    }

    /// Whether some channel records the events.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.first.event.is_on()
    }

    /// How many fields the callsite has.
    #[inline]
    pub(crate) fn declared(&self) -> usize {
        self.fields.len()
    }

    /// Records the event.
    #[inline]
    pub(crate) fn record(&self, payload: &Payload) {
        let mut shape = Some(&self.first);
        while let Some(it) = shape {
            if it.key == payload.key() {
                // SAFETY: the class was described by this very key.
                unsafe { it.event.record(payload.bytes()) };
                return;
            }
            shape = it.next.get();
        }
        self.record_new(payload);
    }

    #[cold]
    #[inline(never)]
    fn record_new(&self, payload: &Payload) {
        match self.shape_of(payload.key()) {
            // SAFETY: as above.
            Some(shape) => unsafe { shape.event.record(payload.bytes()) },
            None => self.record_generally(payload),
        }
    }

    /// Makes the shape of a key, if there may be one more.
    fn shape_of(&self, key: Key) -> Option<&'static Shape> {
        let _making = making::begin()?;
        let mut last = &self.first.next;
        for _ in 0..MAX_SHAPES {
            match last.get() {
                Some(shape) if shape.key == key => return Some(shape),
                Some(shape) => last = &shape.next,
                None => {
                    let event = self.source().register(fields_of(self.ids, self.fields, key));
                    let shape = Shape { key, event, next: Place::empty() };
                    let shape = &*Box::leak(Box::new(shape));
                    last.set(Some(shape));
                    return Some(shape);
                }
            }
        }
        None
    }

    #[cold]
    #[inline(never)]
    fn record_generally(&self, payload: &Payload) {
        let Some(event) = self.general.get().or_else(|| self.make_general()) else { return };
        // A count, and for each field its index and its kind.
        const MORE_BYTES: usize = size_of::<u32>() + 2 * MAX_FIELDS;
        let mut bytes = [0; MAX_BYTES + MORE_BYTES];
        let mut length = 0;
        let mut put = |part: &[u8]| {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        };
        put(payload.ids());
        put(&(payload.count() as u32).to_ne_bytes());
        for (index, kind, value) in payload.fields() {
            put(&[index as u8, kind as u8]);
            put(value);
        }
        // SAFETY: ids, a count, and as many structures of a name and a variant.
        unsafe { event.record(&bytes[..length]) };
    }

    fn make_general(&self) -> Option<&'static DynamicEvent> {
        let _making = making::begin()?;
        if self.general.get().is_none() {
            let event = self.source().register(general_fields(self.ids, self.fields));
            self.general.set(Some(Box::leak(Box::new(event))));
            many_shapes(&self.names.provider, &self.names.name);
        }
        self.general.get()
    }

    fn source(&self) -> Source {
        let Self { level, file, line, .. } = *self;
        Source { names: self.names.clone(), level, file, line }
    }
}

/// The numbers in front, as every class has them.
pub(crate) fn ids_of(ids: &[&str]) -> Vec<(String, FieldType)> {
    ids.iter().map(|name| ((*name).to_owned(), FieldType::U64)).collect()
}

fn fields_of(ids: &[&str], fields: &FieldSet, key: Key) -> Vec<(String, FieldType)> {
    let mut described = ids_of(ids);
    described.extend(key.fields().map(|(index, kind)| (name_of(fields, index), type_of(kind))));
    described
}

fn general_fields(ids: &[&str], fields: &FieldSet) -> Vec<(String, FieldType)> {
    let labels =
        (0..fields.len().min(MAX_FIELDS)).map(|at| Label::of(&name_of(fields, at), at as i128));
    let name = FieldType::Enumeration {
        container: Integer::unsigned(8),
        labels: labels.collect::<Vec<_>>().into(),
    };
    let choices = Kind::ALL.map(|kind| (label_of(kind), kind as i128, type_of(kind)));
    let value = FieldType::variant(Integer::unsigned(8), choices);
    let members = [("name", name), ("value", value)]
        .map(|(name, ty)| Member { name: Part::Static(name), ty: ty.into() });
    let field = FieldType::Structure { members: Vec::from(members).into() };
    let mut described = ids_of(ids);
    described.push(("fields".to_owned(), FieldType::sequence(field)));
    described
}

fn name_of(fields: &FieldSet, index: usize) -> String {
    fields.iter().nth(index).map_or_else(String::new, |field| field.name().to_owned())
}

fn label_of(kind: Kind) -> &'static str {
    match kind {
        Kind::U64 => "u64",
        Kind::I64 => "i64",
        Kind::F64 => "f64",
        Kind::Bool => "bool",
        Kind::Text => "text",
        Kind::Bytes => "bytes",
    }
}

fn type_of(kind: Kind) -> FieldType {
    match kind {
        Kind::U64 => FieldType::U64,
        Kind::I64 => FieldType::I64,
        Kind::F64 => FieldType::F64,
        // As a tracepoint's.
        Kind::Bool => <bool as Field>::TYPE.clone(),
        Kind::Text => FieldType::TEXT,
        Kind::Bytes => FieldType::sequence(FieldType::U8),
    }
}
