//! The fragments of CTF 2 metadata.

use std::collections::HashSet;
use std::sync::Arc;

use super::class::Writer;
use super::error::Unsayable;
use crate::json::fragments::{ATTRIBUTES, LOG_LEVELS};
use crate::json::node::Node;
use crate::schema::{ClockType, EnvValue, EventType, Scope, StreamType, Type};

/// The id of the clock with this place among all.
fn clock_id(place: usize) -> String {
    format!("clock-{place}")
}

pub(crate) type Properties = Vec<(&'static str, Node)>;

/// One fragment in a sequence: a JSON text behind a separator (RFC 7464).
pub(super) fn sequenced(fragment: &Node) -> String {
    // A value whose properties all have text for names is always valid JSON.
    let text = serde_json::to_string(fragment).unwrap_or_default();
    format!("{}{text}\n", char::from(crate::json::SEPARATOR))
}

pub(super) fn preamble(uuid: Option<[u8; 16]>) -> Node {
    let uuid = uuid.map(|bytes| Node::array(bytes.map(Node::integer)));
    fragment(
        "preamble",
        [("version", Node::integer(2))].into_iter().chain(uuid.map(|it| ("uuid", it))),
    )
}

pub(super) fn trace_class<'t>(
    writer: &mut Writer<'t>,
    header: Option<&'t Type>,
    env: &[(String, EnvValue)],
) -> Result<Node, Unsayable> {
    let mut properties = Properties::new();
    let (mut facts, mut known) = (Vec::new(), HashSet::new());
    for (name, value) in env {
        let value = match value {
            EnvValue::Str(text) => Node::text(text),
            EnvValue::Int(number) => Node::integer(*number),
        };
        // A reader takes the first of a name.
        if known.insert(name) {
            facts.push((name.clone(), value));
        }
    }
    properties.push(("environment", Node::Object(facts)));
    part(writer, &mut properties, "packet-header-field-class", Scope::PacketHeader, header)?;
    Ok(fragment("trace-class", properties))
}

/// The clock with this place among all; `named` is what else is known of it.
pub(super) fn clock_class(place: usize, clock: &ClockType, named: Properties) -> Node {
    let ClockType { freq_hz, offset_s, offset_cycles, .. } = *clock;
    // In CTF 2 the cycles are less than a second.
    let (freq, cycles) = (i128::from(freq_hz), i128::from(offset_cycles));
    let seconds = i128::from(offset_s) + cycles.div_euclid(freq);
    let offset =
        [("seconds", Node::integer(seconds)), ("cycles", Node::integer(cycles.rem_euclid(freq)))];
    let properties = [
        ("id", Node::text(clock_id(place))),
        ("frequency", Node::integer(freq_hz)),
        ("origin", Node::text("unix-epoch")),
        ("offset-from-origin", Node::object(offset)),
    ];
    fragment("clock-class", properties.into_iter().chain(named))
}

pub(super) fn stream_class<'t>(
    writer: &mut Writer<'t>,
    id: u64,
    stream: &'t StreamType,
    clocks: &[Arc<ClockType>],
) -> Result<Node, Unsayable> {
    writer.back_to(Scope::PacketContext);
    let mut properties = vec![("id", Node::integer(id))];
    let clock = stream.clock.as_ref().and_then(|clock| clocks.iter().position(|it| it == clock));
    properties.extend(clock.map(|at| ("default-clock-class-id", Node::text(clock_id(at)))));
    let parts = [
        ("packet-context-field-class", Scope::PacketContext, &stream.packet_context),
        ("event-record-header-field-class", Scope::EventHeader, &stream.event_header),
        (
            "event-record-common-context-field-class",
            Scope::StreamEventContext,
            &stream.event_context,
        ),
    ];
    for (name, scope, ty) in parts {
        part(writer, &mut properties, name, scope, ty.as_ref())?;
    }
    Ok(fragment("data-stream-class", properties))
}

/// An event class of the stream class that was written last.
pub(super) fn event_class<'t>(
    writer: &mut Writer<'t>,
    stream_id: u64,
    event: &'t EventType,
) -> Result<Node, Unsayable> {
    writer.back_to(Scope::EventContext);
    let mut properties = vec![
        ("id", Node::integer(event.id)),
        ("data-stream-class-id", Node::integer(stream_id)),
        ("name", Node::text(&event.name)),
    ];
    let level = event.loglevel.and_then(|level| LOG_LEVELS.get(usize::try_from(level).ok()?));
    let level = level.map(|level| ("log-level", Node::text(*level)));
    let source = event.source.as_ref().map(|source| ("emf-uri", Node::text(source)));
    if level.is_some() || source.is_some() {
        let shown = Node::object(level.into_iter().chain(source));
        properties.push(("attributes", Node::object([(ATTRIBUTES, shown)])));
    }
    let parts = [
        ("specific-context-field-class", Scope::EventContext, &event.context),
        ("payload-field-class", Scope::Fields, &event.fields),
    ];
    for (name, scope, ty) in parts {
        part(writer, &mut properties, name, scope, ty.as_ref()).map_err(|wrong| Unsayable {
            place: format!("event {}, {}", event.name, wrong.place),
            ..wrong
        })?;
    }
    Ok(fragment("event-record-class", properties))
}

fn part<'t>(
    writer: &mut Writer<'t>,
    properties: &mut Properties,
    name: &'static str,
    scope: Scope,
    ty: Option<&'t Type>,
) -> Result<(), Unsayable> {
    if let Some(ty) = ty {
        properties.push((name, writer.part(scope, ty)?));
    }
    Ok(())
}

fn fragment(kind: &str, properties: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    Node::object([("type", Node::text(kind))].into_iter().chain(properties))
}
