//! Turns fragments into [`Metadata`]: what each declares, and in which order they may come.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::classes::{Aliases, no_extensions};
use super::node::Node;
use super::place::{Object, Place, Wrong};
use crate::schema::{
    ByteOrder, ClockType, EnvValue, EventType, IntegerType, Metadata, Names, StreamType, Type,
};

/// Properties that every fragment may have.
const ALL: &[&str] = &["type", "attributes", "extensions"];
/// Properties of what has an identity beyond its number.
const IDENTITY: &[&str] = &["namespace", "name", "uid"];

/// Attributes of event classes that babeltrace2 has too.
pub(crate) const ATTRIBUTES: &str = "babeltrace.org,2020";

/// Log levels, by their numbers in CTF 1.8.
pub(crate) const LOG_LEVELS: [&str; 15] = [
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "info",
    "debug:system",
    "debug:program",
    "debug:process",
    "debug:module",
    "debug:unit",
    "debug:function",
    "debug:line",
    "debug",
];

/// What the fragments so far declare.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    has_preamble: bool,
    has_trace_class: bool,
    aliases: Aliases,
    /// In their order; by id.
    clocks: Vec<Arc<ClockType>>,
    clock_ids: HashMap<String, usize>,
    uuid: Option<[u8; 16]>,
    packet_header: Option<Type>,
    env: Vec<(String, EnvValue)>,
    streams: BTreeMap<u64, StreamType>,
}

impl Fragments {
    /// Adds a fragment.
    pub(super) fn add(&mut self, place: &Place<'_>) -> Result<(), Wrong> {
        let Some(Node::Text(kind)) = place.peek("type") else {
            return Err(place.wrong("expected a fragment: an object with a `type`"));
        };
        match (kind.as_str(), self.has_preamble) {
            ("preamble", true) => return Err(place.wrong("a second preamble")),
            ("preamble", false) => return self.preamble(place),
            (_, false) => return Err(place.wrong("the first fragment must be the preamble")),
            _ => {}
        }
        let object = |known: &[&[&str]]| {
            let known: Vec<_> = [ALL].iter().chain(known).copied().collect();
            let object = place.object(&known)?;
            no_extensions(&object)?;
            Ok(object)
        };
        match kind.as_str() {
            "field-class-alias" => {
                let object = object(&[&["name", "field-class"]])?;
                let class = self.aliases.class(&object.required("field-class")?)?;
                self.aliases.name(&object.required("name")?, class)
            }
            "trace-class" => {
                const OWN: &[&str] = &["environment", "packet-header-field-class"];
                self.trace_class(place, &object(&[IDENTITY, OWN])?)
            }
            "clock-class" => {
                const OWN: &[&str] = &[
                    "id",
                    "frequency",
                    "origin",
                    "offset-from-origin",
                    "precision",
                    "accuracy",
                    "description",
                ];
                self.clock_class(&object(&[IDENTITY, OWN])?)
            }
            "data-stream-class" => {
                const OWN: &[&str] = &[
                    "id",
                    "default-clock-class-id",
                    "packet-context-field-class",
                    "event-record-header-field-class",
                    "event-record-common-context-field-class",
                ];
                self.stream_class(place, &object(&[IDENTITY, OWN])?)
            }
            "event-record-class" => {
                const OWN: &[&str] = &[
                    "id",
                    "data-stream-class-id",
                    "specific-context-field-class",
                    "payload-field-class",
                ];
                self.event_class(place, &object(&[IDENTITY, OWN])?)
            }
            _ => Err(place.wrong(format!("there is no fragment `{kind}`"))),
        }
    }

    fn preamble(&mut self, place: &Place<'_>) -> Result<(), Wrong> {
        let object = place.object(&[ALL, &["version", "uuid"]])?;
        object.required("version")?.integer(2..=2, "version 2")?;
        no_extensions(&object)?;
        if let Some(place) = object.get("uuid") {
            let bytes = place.elements()?.map(|place| place.integer(0..=255, "a byte"));
            let bytes: Vec<u8> = bytes.map(|byte| Ok(byte? as u8)).collect::<Result<_, Wrong>>()?;
            let uuid = <[u8; 16]>::try_from(bytes).map_err(|_| place.wrong("expected 16 bytes"))?;
            self.uuid = Some(uuid);
        }
        self.has_preamble = true;
        Ok(())
    }

    fn trace_class(&mut self, place: &Place<'_>, object: &Object<'_>) -> Result<(), Wrong> {
        if self.has_trace_class || !self.streams.is_empty() {
            return Err(place.wrong("one trace class at most, before the stream classes"));
        }
        self.has_trace_class = true;
        identity(object)?;
        self.packet_header = self.part(object, "packet-header-field-class")?;
        if let Some(environment) = object.get("environment") {
            for (name, place) in environment.entries()? {
                let value = match place.node {
                    Node::Text(text) => EnvValue::Str(text.clone()),
                    Node::Integer(number) => {
                        EnvValue::Int(i64::try_from(*number).map_err(|_| {
                            place
                                .expected("an integer of 64 bits with a sign (others are not read)")
                        })?)
                    }
                    _ => return Err(place.expected("an integer or a string")),
                };
                self.env.push((name.to_owned(), value));
            }
        }
        Ok(())
    }

    fn clock_class(&mut self, object: &Object<'_>) -> Result<(), Wrong> {
        identity(object)?;
        for name in ["precision", "accuracy"] {
            object.get(name).map(|place| place.unsigned()).transpose()?;
        }
        object.get("description").map(|place| place.text()).transpose()?;
        let mut absolute = false;
        if let Some(place) = object.get("origin") {
            match place.node {
                Node::Text(text) if text == "unix-epoch" => absolute = true,
                Node::Object(_) => {
                    let origin = place.object(&[IDENTITY])?;
                    identity(&origin)?;
                    origin.required("name")?;
                    origin.required("uid")?;
                }
                _ => return Err(place.expected("`unix-epoch` or an object")),
            }
        }
        let frequency = object.required("frequency")?;
        let freq_hz = frequency.integer(1..=u64::MAX.into(), "an integer above 0")? as u64;
        let (mut offset_s, mut offset_cycles) = (0, 0);
        if let Some(place) = object.get("offset-from-origin") {
            let offset = place.object(&[&["seconds", "cycles"]])?;
            if let Some(place) = offset.get("seconds") {
                let all = i64::MIN.into()..=i64::MAX.into();
                offset_s = place.integer(all, "an integer of 64 bits with a sign")? as i64;
            }
            if let Some(place) = offset.get("cycles") {
                let below_a_second = i128::from(freq_hz - 1).min(i64::MAX.into());
                offset_cycles =
                    place.integer(0..=below_a_second, "fewer cycles than in a second")? as i64;
            }
        }
        let id = object.required("id")?;
        let name = Arc::from(id.text()?);
        let clock = ClockType { name, freq_hz, offset_s, offset_cycles, absolute };
        self.clocks.push(Arc::new(clock));
        match self.clock_ids.insert(id.text()?.to_owned(), self.clocks.len() - 1) {
            None => Ok(()),
            Some(_) => Err(id.wrong("another clock class has this id")),
        }
    }

    fn stream_class(&mut self, place: &Place<'_>, object: &Object<'_>) -> Result<(), Wrong> {
        identity(object)?;
        let clock = object.get("default-clock-class-id").map(|place| {
            let id = place.text()?;
            let known = self.clock_ids.get(id).map(|at| Arc::clone(&self.clocks[*at]));
            known.ok_or_else(|| place.wrong(format!("no clock before is `{id}`")))
        });
        let stream = StreamType {
            clock: clock.transpose()?,
            packet_context: self.part(object, "packet-context-field-class")?,
            event_header: self.part(object, "event-record-header-field-class")?,
            event_context: self.part(object, "event-record-common-context-field-class")?,
            events: BTreeMap::new(),
        };
        let id = number(object, "id")?;
        match self.streams.insert(id, stream) {
            None => Ok(()),
            Some(_) => Err(place.wrong(format!("a second stream class {id}"))),
        }
    }

    fn event_class(&mut self, place: &Place<'_>, object: &Object<'_>) -> Result<(), Wrong> {
        identity(object)?;
        let name = object.get("name").map(|place| place.text()).transpose()?;
        let (loglevel, source) = shown(place);
        let event = EventType {
            name: name.unwrap_or_default().to_owned(),
            id: number(object, "id")?,
            loglevel,
            source,
            context: self.part(object, "specific-context-field-class")?,
            fields: self.part(object, "payload-field-class")?,
        };
        let stream_id = number(object, "data-stream-class-id")?;
        let Some(stream) = self.streams.get_mut(&stream_id) else {
            return Err(place.wrong(format!("no stream class before has the id {stream_id}")));
        };
        let id = event.id;
        match stream.events.insert(id, Arc::new(event)) {
            None => Ok(()),
            Some(_) => Err(place.wrong(format!("a second event class {id} of stream {stream_id}"))),
        }
    }

    fn part(&self, object: &Object<'_>, name: &str) -> Result<Option<Type>, Wrong> {
        object.get(name).map(|place| self.aliases.root(&place)).transpose()
    }

    /// What all fragments declare together; an error if that is not enough for a trace.
    pub(super) fn finish(self) -> Result<Metadata, String> {
        if !self.has_preamble {
            return Err("there is no fragment".to_owned());
        }
        if self.streams.is_empty() {
            return Err("there is no stream class".to_owned());
        }
        let byte_order = self.packet_header.as_ref().and_then(byte_order);
        Ok(Metadata {
            byte_order: byte_order.unwrap_or(ByteOrder::Little),
            uuid: self.uuid,
            packet_header: self.packet_header,
            env: self.env,
            clocks: self.clocks,
            streams: self.streams,
            names: Names::Plain,
        })
    }
}

/// The byte order of the packet header's first number: CTF 2 has none for all of a trace.
fn byte_order(header: &Type) -> Option<ByteOrder> {
    let Type::Struct(header) = header else { return None };
    header.fields.iter().find_map(|(_, ty)| IntegerType::of(ty)).map(|ty| ty.byte_order)
}

fn identity(object: &Object<'_>) -> Result<(), Wrong> {
    for name in IDENTITY {
        object.get(name).map(|place| place.text()).transpose()?;
    }
    Ok(())
}

/// A number that is 0 if it is not there.
fn number(object: &Object<'_>, name: &str) -> Result<u64, Wrong> {
    object.get(name).map_or(Ok(0), |place| place.unsigned())
}

/// Log level and source of an event class, as far as its attributes have them.
fn shown(place: &Place<'_>) -> (Option<i64>, Option<String>) {
    let property = |node: &Node, name: &str| match node {
        Node::Object(properties) => {
            properties.iter().find(|(property, _)| property == name).map(|(_, node)| node.clone())
        }
        _ => None,
    };
    let ours = place.peek("attributes").and_then(|node| property(node, ATTRIBUTES));
    let text = |name| match ours.as_ref().and_then(|ours| property(ours, name)) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    };
    let level = text("log-level")
        .and_then(|level| LOG_LEVELS.iter().position(|known| *known == level))
        .map(|level| level as i64);
    (level, text("emf-uri"))
}
