//! Turns blocks into [`Metadata`]: the meaning of each entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{Entry, Item, Value, Wrong};
use super::numbers::byte_order;
use super::resolve::Resolver;
use super::roles;
use crate::schema::EnvValue;
use crate::schema::{ByteOrder, Type};
use crate::schema::{ClockType, EventType, Metadata, Names, StreamType};

/// The metadata that all items of the file declare together.
pub(super) fn metadata(items: &[Item<'_>]) -> Result<Metadata, Wrong> {
    let byte_order = native(items)?;
    let mut resolver = Resolver::new(byte_order);
    let mut clock = None;
    let mut metadata = Metadata {
        byte_order,
        uuid: None,
        packet_header: None,
        env: Vec::new(),
        clock: ClockType { freq_hz: 1_000_000_000, offset_s: 0, offset_cycles: 0 },
        streams: BTreeMap::new(),
        names: Names::Escaped,
    };
    for item in items {
        let (kind, entries, at) = match item {
            Item::Declaration(declaration) => {
                resolver.declare(declaration)?;
                continue;
            }
            Item::Block { kind, entries, at } => (*kind, entries, *at),
        };
        let block = resolver.scoped(|resolver| Block::read(entries, resolver, at))?;
        match kind {
            "trace" => {
                metadata.uuid = block.text("uuid").map(|text| uuid(text, at)).transpose()?;
                metadata.packet_header =
                    block.ty("packet.header").as_ref().map(roles::packet_header);
            }
            "env" => metadata.env.extend(block.env()),
            "clock" => {
                let read = block.clock()?;
                // In practice a trace has one clock; a second one would need a name at each number.
                clock.get_or_insert(read);
            }
            "stream" => {
                let stream = metadata.streams.entry(block.number("id")?.unwrap_or(0)).or_default();
                stream.packet_context =
                    block.ty("packet.context").as_ref().map(roles::packet_context);
                stream.event_header = block.ty("event.header").as_ref().map(roles::event_header);
                stream.event_context = block.ty("event.context");
            }
            "event" => {
                let event = block.event()?;
                let stream: &mut StreamType =
                    metadata.streams.entry(block.number("stream_id")?.unwrap_or(0)).or_default();
                stream.events.insert(event.id, Arc::new(event));
            }
            // `callsite` describes source code, no bytes.
            _ => {}
        }
    }
    metadata.clock = clock.unwrap_or(metadata.clock);
    Ok(metadata)
}

/// The trace's byte order, which types before the trace block have too.
fn native(items: &[Item<'_>]) -> Result<ByteOrder, Wrong> {
    let entries = items.iter().find_map(|item| match item {
        Item::Block { kind: "trace", entries, .. } => Some(entries),
        _ => None,
    });
    for entry in entries.into_iter().flatten() {
        if let Entry::Value { path, value: Value::Word(word), at } = entry
            && path == "byte_order"
        {
            return byte_order(word, None, *at);
        }
    }
    Err((0, "no `trace` block that states a `byte_order`".to_owned()))
}

/// A block's entries, with types looked up.
struct Block<'a> {
    at: usize,
    values: Vec<(&'a str, &'a Value<'a>, usize)>,
    types: Vec<(&'a str, Type)>,
}

impl<'a> Block<'a> {
    fn read(
        entries: &'a [Entry<'a>],
        resolver: &mut Resolver,
        at: usize,
    ) -> Result<Block<'a>, Wrong> {
        let mut block = Block { at, values: Vec::new(), types: Vec::new() };
        for entry in entries {
            match entry {
                Entry::Declaration(declaration) => resolver.declare(declaration)?,
                Entry::Value { path, value, at } => block.values.push((path, value, *at)),
                Entry::Type { path, ty } => block.types.push((path, resolver.resolve(ty)?)),
            }
        }
        Ok(block)
    }

    fn value(&self, name: &str) -> Option<(&'a Value<'a>, usize)> {
        self.values.iter().find(|(path, ..)| *path == name).map(|(_, value, at)| (*value, *at))
    }

    fn ty(&self, name: &str) -> Option<Type> {
        self.types.iter().find(|(path, _)| *path == name).map(|(_, ty)| ty.clone())
    }

    /// Text, or a word in its place.
    fn text(&self, name: &str) -> Option<&'a str> {
        match self.value(name)?.0 {
            Value::Text(text) => Some(text),
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    fn number<N: TryFrom<i128>>(&self, name: &str) -> Result<Option<N>, Wrong> {
        let Some((value, at)) = self.value(name) else { return Ok(None) };
        let number = match value {
            Value::Int(number) => N::try_from(*number).ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| (at, format!("`{name}` cannot be this")))
    }

    fn env(&self) -> impl Iterator<Item = (String, EnvValue)> {
        self.values.iter().filter_map(|(name, value, _)| {
            let value = match value {
                Value::Text(text) => EnvValue::Str(text.clone()),
                Value::Int(number) => EnvValue::Int(i64::try_from(*number).ok()?),
                _ => return None,
            };
            Some(((*name).to_owned(), value))
        })
    }

    fn clock(&self) -> Result<ClockType, Wrong> {
        let freq_hz = self.number("freq")?.unwrap_or(1_000_000_000);
        if freq_hz == 0 {
            return Err((self.at, "a clock's `freq` cannot be 0".to_owned()));
        }
        let offset_s = self.number("offset_s")?.unwrap_or(0);
        Ok(ClockType { freq_hz, offset_s, offset_cycles: self.number("offset")?.unwrap_or(0) })
    }

    fn event(&self) -> Result<EventType, Wrong> {
        Ok(EventType {
            name: self.text("name").unwrap_or_default().to_owned(),
            id: self.number("id")?.unwrap_or(0),
            loglevel: self.number("loglevel")?,
            source: self.text("model.emf.uri").map(str::to_owned),
            context: self.ty("context"),
            fields: self.ty("fields"),
        })
    }
}

fn uuid(text: &str, at: usize) -> Result<[u8; 16], Wrong> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32);
    number.map(u128::to_be_bytes).ok_or_else(|| (at, format!("`{text}` is no UUID")))
}
