//! Turns blocks into [`Metadata`]: the meaning of each entry.
//!
//! ```text
//!   clocks --> types, trace, env, streams, events in the text's order --> events to their streams
//!                                                                     --> each stream's clock
//!                                                                     --> lengths and tags
//! ```
//!
//! Clocks come first, since integers name them. What is looked at last needs everything: an event may stand before its
//! stream, and refers to the fields of the trace's packet header.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use super::ast::{Entry, Item, Wrong};
use super::block::Block;
use super::clocks::{self, Mapping};
use super::numbers::byte_order;
use super::resolve::Resolver;
use super::roles::{self, EventHeaders};
use super::uses::{Finder, Uses};
use crate::schema::{ByteOrder, EventType, Metadata, Names, Scope, StreamType, Type};

/// What the parts of a stream class, or of an event class, use.
struct Parts {
    at: usize,
    uses: Vec<(Scope, Uses)>,
}

/// An event class that is not in its stream class yet.
struct Event {
    stream_id: Option<u64>,
    class: EventType,
    parts: Parts,
}

/// The metadata that all items of the file declare together.
pub(super) fn metadata(items: &[Item<'_>]) -> Result<Metadata, Wrong> {
    let byte_order = native(items)?;
    let clocks = clocks::declared(items)?;
    let mut resolver = Resolver::new(byte_order, &clocks);
    let mut metadata = Metadata {
        byte_order,
        uuid: None,
        packet_header: None,
        env: Vec::new(),
        clocks,
        streams: BTreeMap::new(),
        names: Names::Escaped,
    };
    let (mut trace, mut streams, mut events) = (None, BTreeMap::new(), Vec::new());
    let mut headers = EventHeaders::default();
    for item in items {
        let (kind, entries, at) = match item {
            Item::Declaration(declaration) => {
                resolver.declare(declaration)?;
                continue;
            }
            Item::Block { kind, entries, at } => (*kind, entries, *at),
        };
        if kind == "env" {
            Block::of_any_values(entries, at).add_to(&mut metadata.env);
            continue;
        }
        let block = resolver.scoped(|resolver| Block::read(entries, resolver, at))?;
        match kind {
            "trace" => {
                if trace.is_some() {
                    return Err((at, "a `trace` block for the second time".to_owned()));
                }
                version(&block)?;
                metadata.uuid = block.text("uuid").map(|text| uuid(text, at)).transpose()?;
                metadata.packet_header =
                    block.ty("packet.header").as_ref().map(roles::packet_header);
                trace = Some(Parts::of(&block, &[("packet.header", Scope::PacketHeader)]));
            }
            "stream" => {
                let id = block.number("id")?.unwrap_or(0);
                if metadata.streams.contains_key(&id) {
                    return Err((at, format!("the stream {id} for the second time")));
                }
                let stream = StreamType {
                    clock: None,
                    packet_context: block.ty("packet.context").as_ref().map(roles::packet_context),
                    event_header: block.ty("event.header").as_ref().map(|ty| headers.of(ty)),
                    event_context: block.ty("event.context"),
                    events: BTreeMap::new(),
                };
                metadata.streams.insert(id, stream);
                let parts = [
                    ("packet.context", Scope::PacketContext),
                    ("event.header", Scope::EventHeader),
                    ("event.context", Scope::StreamEventContext),
                ];
                streams.insert(id, Parts::of(&block, &parts));
            }
            "event" => {
                let stream_id = block.number("stream_id")?;
                let parts = [("context", Scope::EventContext), ("fields", Scope::Fields)];
                let parts = Parts::of(&block, &parts);
                events.push(Event { stream_id, class: block.event()?, parts });
            }
            // `callsite` describes source code, no bytes. Clocks are known.
            _ => {}
        }
    }
    let events = put_events(&mut metadata, events)?;
    let mut mapping = Mapping::default();
    for (id, stream) in &mut metadata.streams {
        let (mut mapped, mut at) = (Uses::default(), 0);
        if let Some(parts) = streams.get(id) {
            at = parts.at;
            let clocked = parts.uses.iter().filter(|(scope, _)| *scope <= Scope::EventHeader);
            clocked.for_each(|(_, uses)| mapped.add_clocks(uses));
        }
        clocks::choose(stream, mapped.clocks(), &metadata.clocks, &mut mapping, at)?;
    }
    are_told_apart(&metadata, &streams, &events)?;
    let mut finder = Finder::new(&metadata);
    let trace = trace.iter().map(|parts| (parts, None, None));
    let streams = streams.iter().map(|(id, parts)| (parts, metadata.streams.get(id), None));
    let events =
        events.iter().map(|((id, event), parts)| (parts, metadata.streams.get(id), Some(*event)));
    for (parts, stream, event) in trace.chain(streams).chain(events) {
        for (scope, uses) in &parts.uses {
            finder.find(uses, *scope, stream, event)?;
        }
    }
    Ok(metadata)
}

impl Parts {
    fn of(block: &Block<'_>, parts: &[(&str, Scope)]) -> Parts {
        let uses = parts
            .iter()
            .filter_map(|(name, scope)| Some((*scope, block.named(name)?.0.uses.clone())));
        Parts { at: block.at, uses: uses.collect() }
    }
}

/// Puts each event class into its stream class; returns what they use, by the ids of both.
fn put_events(
    metadata: &mut Metadata,
    events: Vec<Event>,
) -> Result<BTreeMap<(u64, u64), Parts>, Wrong> {
    if metadata.streams.is_empty() && !events.is_empty() {
        // All events are in one stream class, which has nothing to declare.
        metadata.streams.insert(0, StreamType::default());
    }
    let only = metadata.streams.keys().next().copied().filter(|_| metadata.streams.len() == 1);
    let mut parts = BTreeMap::new();
    for Event { stream_id, class, parts: its_parts } in events {
        let at = its_parts.at;
        let Some(stream_id) = stream_id.or(only) else {
            return Err((at, "an event needs a `stream_id`: there are several streams".to_owned()));
        };
        let Some(stream) = metadata.streams.get_mut(&stream_id) else {
            return Err((at, format!("an event of the stream {stream_id}, which is not declared")));
        };
        match stream.events.entry(class.id) {
            Slot::Vacant(slot) => {
                parts.insert((stream_id, class.id), its_parts);
                slot.insert(Arc::new(class));
            }
            Slot::Occupied(_) => {
                let message = format!("the event {} for the second time in its stream", class.id);
                return Err((at, message));
            }
        }
    }
    Ok(parts)
}

/// Refuses several stream classes, or event classes, if packets or records do not say which is theirs.
fn are_told_apart(
    metadata: &Metadata,
    streams: &BTreeMap<u64, Parts>,
    events: &BTreeMap<(u64, u64), Parts>,
) -> Result<(), Wrong> {
    let is_told = |header: &Option<Type>| match header {
        Some(Type::Struct(header)) => header.fields.iter().any(|(name, _)| &**name == "stream_id"),
        _ => false,
    };
    if let Some(second) = streams.values().nth(1)
        && !is_told(&metadata.packet_header)
    {
        let message = "a second stream, but `packet.header` has no `stream_id`";
        return Err((second.at, message.to_owned()));
    }
    for (id, stream) in &metadata.streams {
        let mut classes = events.range((*id, 0)..=(*id, u64::MAX));
        if let Some((_, second)) = classes.nth(1)
            && stream.event_header.is_none()
        {
            let message = "a second event, but its stream has no `event.header` with an `id`";
            return Err((second.at, message.to_owned()));
        }
    }
    Ok(())
}

/// The trace's byte order, which types before the trace block have too.
fn native(items: &[Item<'_>]) -> Result<ByteOrder, Wrong> {
    let entries = items.iter().find_map(|item| match item {
        Item::Block { kind: "trace", entries, .. } => Some(entries),
        _ => None,
    });
    for entry in entries.into_iter().flatten() {
        if let Entry::Value { path, value, at } = entry
            && path == "byte_order"
        {
            return byte_order(value.word().unwrap_or_default(), None, *at);
        }
    }
    Err((0, "no `trace` block that states a `byte_order`".to_owned()))
}

/// Refuses the metadata of other versions of CTF.
fn version(trace: &Block<'_>) -> Result<(), Wrong> {
    for (name, known) in [("major", 1), ("minor", 8)] {
        if let Some((_, at)) = trace.value(name)
            && trace.number::<i128>(name)? != Some(known)
        {
            return Err((at, format!("expected `{name} = {known}`: only CTF 1.8 is read")));
        }
    }
    Ok(())
}

fn uuid(text: &str, at: usize) -> Result<[u8; 16], Wrong> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32);
    number.map(u128::to_be_bytes).ok_or_else(|| (at, format!("`{text}` is no UUID")))
}
