//! Events as lines of text, as babeltrace2 prints them.
//!
//! ```text
//!   [12:09:33.870001204] (+0.000001234) machine:prog:(4242) file:opened: { vtid = 5 }, { path = "a.txt", bytes = 1204 }
//!   time, local          since the last  the process         event        packet's,     payload
//!                                                                         contexts
//! ```
//!
//! Where [`Style::Own`] differs from babeltrace2:
//!
//! - Floating point numbers have all digits that distinguish them from others, not six.
//! - The fields that hold sequences' lengths are left out, and so are the fields of the packet context that frame the
//!   packet.
//! - A truth value is `true`, where babeltrace2 prints `( "true" : container = 1 )`, and a character is `'x'`, where it prints
//!   its number.
//! - Labels and flags are in the order in which the metadata have them.
//! - Names and values are [printable](crate::printable): babeltrace2 prints names, and bytes beyond ASCII, as they are.
//!
//! [`Style::Json`] has an object in each line, with these keys: `time_ns` (nanoseconds since 1970, null without a clock), `hostname`, `procname`,
//! `vpid`, `name`, `source`, `packet` (the packet's context), `stream_context`, `context`, `fields`; what is not there has
//! no key. An enumeration's value is its label, or its number if it has none; a variant is an object with one key.
//!
//! Local time is that of `TZ` or the system's zone; without zone files it is UTC.

mod json;
mod nodes;
mod numbers;
mod out;
mod plain;
mod style;
mod times;
mod values;

use std::io::Write;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::printable::printable;
use crate::read::{Class, Event, Packet, Place, Plan, ReadError, Record, Trace, Value, replay};
use crate::schema::{EnvValue, EventType, Fields, Names, Type};
use nodes::{Node, Nodes, is_framing};
use numbers::signed_decimal;
pub use out::Out;
use out::Piece;
pub use style::Style;
use times::Times;
use values::{LINE_BYTES_MAX, Values};

/// Makes lines of events; remembers the last one's time.
#[derive(Debug)]
pub struct Printer {
    style: Style,
    shows_source: bool,
    times: Times,
    /// By the numbers of classes.
    classes: Vec<Option<ClassText>>,
    /// By the numbers of streams.
    packets: Vec<Option<PacketText>>,
}

/// What is the same in the lines of all events of a class.
#[derive(Debug)]
struct ClassText {
    name: Piece,
    has_values: bool,
    /// `None` if only the general decoder can read the class.
    plan: Option<Plan<Node>>,
    /// What stands behind the last value, and the line's end.
    rest: Piece,
}

/// What is the same in the lines of all events of a packet.
#[derive(Debug)]
struct PacketText {
    style: Style,
    trace: Arc<Trace>,
    packet: Arc<Packet>,
    /// Whether its stream has a clock.
    has_times: bool,
    /// Which process was traced.
    origin: Piece,
    context: Piece,
    /// By the numbers of classes, what stands between the times and the values.
    middles: Vec<Option<Piece>>,
}

/// For more classes, what stands there is put together for each line.
const MIDDLES_MAX: usize = 1024;
/// The same for a longer one.
const MIDDLE_BYTES_MAX: usize = 1024;

impl Default for Printer {
    fn default() -> Printer {
        Printer::new()
    }
}

impl Printer {
    /// A printer that shows local times.
    pub fn new() -> Printer {
        Printer::of(TimeZone::system())
    }

    /// A printer that shows UTC.
    pub fn utc() -> Printer {
        Printer::of(TimeZone::UTC)
    }

    fn of(zone: TimeZone) -> Printer {
        let times = Times::new(zone);
        let (classes, packets) = (Vec::new(), Vec::new());
        Printer { style: Style::Own, shows_source: false, times, classes, packets }
    }

    /// The same printer, showing behind each event's name where the program has it.
    #[must_use]
    pub fn with_source(self) -> Printer {
        Printer { shows_source: true, ..self }
    }

    /// The same printer, whose lines look like this.
    #[must_use]
    pub fn with_style(self, style: Style) -> Printer {
        Printer { style, ..self }
    }

    /// The line of an event, without line end.
    pub fn line(&mut self, event: &Event) -> String {
        let mut out = Out::default();
        let packet = PacketText::new(&event.trace, &event.packet, self.style);
        let time = packet.has_times.then_some(event.timestamp_ns);
        begin(self.style, &mut self.times, time, &mut out);
        let has_values = [&event.stream_context, &event.context, &event.fields];
        let class = ClassText {
            name: self.name(&event.class),
            has_values: has_values.into_iter().any(Option::is_some),
            plan: None,
            rest: Piece::new(b""),
        };
        packet.write(&class, &mut out);
        replay_all(event, self.style, &mut out);
        out.all(self.end().trim_end().as_bytes());
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }

    /// Writes the line of a record, with its end.
    ///
    /// # Errors
    /// The record does not decode, or its line is too long. Nothing is written then.
    #[inline]
    pub fn record(&mut self, record: Record<'_>, out: &mut Out) -> Result<(), ReadError> {
        let (from, last) = (out.len(), self.times.last());
        let outcome = self.write(record, out);
        if outcome.is_err() {
            out.truncate(from);
            self.times.back_to(last);
        }
        outcome
    }

    /// What a line ends with.
    fn end(&self) -> &'static str {
        if self.style == Style::Json { "}\n" } else { "\n" }
    }

    #[inline]
    fn write(&mut self, record: Record<'_>, out: &mut Out) -> Result<(), ReadError> {
        let from = out.len();
        let (class, stream) = (record.class_number(), record.stream_number());
        let knows = |packet: &PacketText| {
            record.packet().is_some_and(|now| Arc::ptr_eq(now, &packet.packet))
        };
        if !self.packets.get(stream).is_some_and(|known| known.as_ref().is_some_and(knows)) {
            self.learn_packet(&record);
        }
        if !self.classes.get(class).is_some_and(Option::is_some) {
            let names = record.trace().metadata.names;
            self.learn_class(class, record.class(), names);
        }
        let (Some(Some(packet)), Some(Some(text))) =
            (self.packets.get_mut(stream), self.classes.get(class))
        else {
            return Ok(());
        };
        let time = packet.has_times.then_some(record.time_ns());
        begin(self.style, &mut self.times, time, out);
        match packet.middles.get(class) {
            Some(Some(middle)) => out.piece(middle),
            _ => packet.write_and_keep(class, text, out),
        }
        match &text.plan {
            Some(plan) => record.visit(plan, &mut Values::new(self.style, out))?,
            None => {
                if let Some(event) = record.event() {
                    replay_all(&event?, self.style, out);
                }
            }
        }
        out.piece(&text.rest);
        if out.len() - from > LINE_BYTES_MAX { Err(too_long(&packet.packet)) } else { Ok(()) }
    }

    #[cold]
    fn learn_class(&mut self, number: usize, class: &Class, names: Names) {
        let mut nodes = Nodes::new(self.style, names);
        let plan = class.plan(&mut nodes);
        let mut rest = if plan.is_some() { nodes.rest().as_bytes().to_vec() } else { Vec::new() };
        rest.extend_from_slice(self.end().as_bytes());
        let text = ClassText {
            name: self.name(&class.event),
            has_values: class.stream_context.is_some()
                || class.event.context.is_some()
                || class.event.fields.is_some(),
            plan,
            rest: Piece::new(&rest),
        };
        if self.classes.len() <= number {
            self.classes.resize_with(number + 1, || None);
        }
        self.classes[number] = Some(text);
    }

    #[cold]
    fn learn_packet(&mut self, record: &Record<'_>) {
        let number = record.stream_number();
        if self.packets.len() <= number {
            self.packets.resize_with(number + 1, || None);
        }
        let Some(packet) = record.packet() else { return };
        match &mut self.packets[number] {
            Some(known) if known.is_as_of(packet, record.trace(), self.style) => {
                known.packet = Arc::clone(packet);
            }
            place => *place = Some(PacketText::new(record.trace(), packet, self.style)),
        }
    }

    /// `file:opened: `
    fn name(&self, class: &EventType) -> Piece {
        if self.style == Style::Json {
            return self.name_in_json(class);
        }
        let mut out = Out::default();
        match &*class.name {
            "" => out.all(b"<unknown>"),
            name => untrusted(name, self.style, &mut out),
        }
        if let Some(source) = class.source.as_ref().filter(|_| self.shows_source) {
            out.all(b" (");
            untrusted(source, self.style, &mut out);
            out.byte(b')');
        }
        out.all(b": ");
        Piece::new(out.as_bytes())
    }

    /// `,"name":"file:opened"`
    fn name_in_json(&self, class: &EventType) -> Piece {
        let mut out = Out::default();
        out.all(b",\"name\":");
        json::write_string(class.name.as_bytes(), &mut out);
        if let Some(source) = class.source.as_ref().filter(|_| self.shows_source) {
            out.all(b",\"source\":");
            json::write_string(source.as_bytes(), &mut out);
        }
        Piece::new(out.as_bytes())
    }

    /// A time in the form with which events' lines begin: `[12:09:33.870001204]`.
    pub fn time(&mut self, ns: i64) -> String {
        let mut out = Out::default();
        self.times.time(ns, &mut out);
        String::from_utf8_lossy(out.as_bytes()).into_owned()
    }
}

impl PacketText {
    fn new(trace: &Arc<Trace>, packet: &Arc<Packet>, style: Style) -> PacketText {
        let streams = &trace.metadata.streams;
        let ty = streams.get(&packet.stream_id).and_then(|class| class.packet_context.as_ref());
        let context = match (ty, &packet.context) {
            (Some(ty), Some(context)) => context_text(ty, context, style, trace.metadata.names),
            _ => Piece::new(b""),
        };
        let has_times = trace.clock(packet.stream_id).is_some();
        let (packet, origin) = (Arc::clone(packet), origin(trace, style));
        PacketText {
            style,
            trace: Arc::clone(trace),
            packet,
            has_times,
            origin,
            context,
            middles: Vec::new(),
        }
    }

    /// Whether the text of another packet of the stream is the same.
    fn is_as_of(&self, packet: &Packet, trace: &Arc<Trace>, style: Style) -> bool {
        // A stream in several files may have packets of several traces.
        if !Arc::ptr_eq(&self.trace, trace) || self.packet.stream_id != packet.stream_id {
            return false;
        }
        let ty = trace.metadata.streams.get(&packet.stream_id);
        match (ty.and_then(|ty| ty.packet_context.as_ref()), &self.packet.context, &packet.context)
        {
            (Some(Type::Struct(all)), Some(Value::Struct(known)), Some(Value::Struct(now))) => {
                let mut values = all.fields.iter().zip(known.iter().zip(now));
                values.all(|((name, ty), (known, now))| {
                    is_framing(name, ty, style) || known.1 == now.1
                })
            }
            _ => false,
        }
    }

    #[cold]
    fn write_and_keep(&mut self, number: usize, class: &ClassText, out: &mut Out) {
        let from = out.len();
        self.write(class, out);
        if number < MIDDLES_MAX && out.len() - from <= MIDDLE_BYTES_MAX {
            if self.middles.len() <= number {
                self.middles.resize_with(number + 1, || None);
            }
            self.middles[number] = Some(Piece::new(&out.as_bytes()[from..]));
        }
    }

    /// Writes what stands between the times and the values.
    fn write(&self, class: &ClassText, out: &mut Out) {
        out.piece(&self.origin);
        out.piece(&class.name);
        out.piece(&self.context);
        if class.has_values && !self.context.is_empty() && self.style != Style::Json {
            out.array(b", ");
        }
    }
}

/// Writes what a line begins with: the time, if its event has one.
#[inline]
fn begin(style: Style, times: &mut Times, time_ns: Option<i64>, out: &mut Out) {
    match (style, time_ns) {
        (Style::Json, Some(time_ns)) => {
            out.array(b"{\"time_ns\":");
            signed_decimal(time_ns, out);
        }
        (Style::Json, None) => out.array(b"{\"time_ns\":null"),
        (_, Some(time_ns)) => times.both(time_ns, out),
        (_, None) => {}
    }
}

#[cold]
fn too_long(packet: &Packet) -> ReadError {
    ReadError::Stream {
        path: packet.path.to_path_buf(),
        offset_bytes: packet.offset_bytes,
        message: format!("an event whose line has more than {LINE_BYTES_MAX} bytes is not printed"),
    }
}

/// Writes the values of an event, and what stands behind them.
fn replay_all(event: &Event, style: Style, out: &mut Out) {
    let mut nodes = Nodes::new(style, event.trace.metadata.names);
    event.replay(&mut nodes, &mut Values::new(style, out));
    out.piece(&nodes.rest());
}

/// The fields of a packet's context that do not describe the packet. A context that is empty is shown, but one that only
/// frames the packet is not.
fn context_text(ty: &Type, context: &Value, style: Style, names: Names) -> Piece {
    let (Type::Struct(all), Value::Struct(values)) = (ty, context) else { return Piece::new(b"") };
    let pairs =
        all.fields.iter().zip(values).filter(|((name, ty), _)| !is_framing(name, ty, style));
    let (fields, values): (Fields, Vec<&Value>) =
        pairs.map(|(field, (_, value))| (field.clone(), value)).unzip();
    let mut out = Out::default();
    if fields.is_empty() && !all.fields.is_empty() {
        return Piece::new(b"");
    }
    out.all(if style == Style::Json { b",\"packet\":{" } else { b"{" });
    let (mut nodes, mut visitor) = (Nodes::new(style, names), Values::new(style, &mut out));
    for (at, value) in values.into_iter().enumerate() {
        let place = Place::Field { fields: &fields, at };
        replay(place, &fields[at].1, value, &mut nodes, &mut visitor);
    }
    out.piece(&nodes.rest());
    out.all(if style == Style::Json { b"}" } else { b" }" });
    Piece::new(out.as_bytes())
}

/// Which process was traced, as far as the environment says.
fn origin(trace: &Trace, style: Style) -> Piece {
    let (mut out, mut separator) = (Out::default(), "");
    for name in ["hostname", "procname", "vpid"] {
        if style == Style::Json {
            let Some(value) = trace.env(name) else { continue };
            let _ = write!(out, ",\"{name}\":");
            match value {
                EnvValue::Str(text) => json::write_string(text.as_bytes(), &mut out),
                EnvValue::Int(number) => signed_decimal(*number, &mut out),
            }
            continue;
        }
        out.all(separator.as_bytes());
        match trace.env(name) {
            Some(EnvValue::Str(text)) => untrusted(text, style, &mut out),
            // Writing to memory cannot fail.
            Some(EnvValue::Int(number)) => drop(write!(out, "({number})")),
            None => {
                out.truncate(out.len() - separator.len());
                continue;
            }
        }
        separator = ":";
    }
    if !separator.is_empty() {
        out.byte(b' ');
    }
    Piece::new(out.as_bytes())
}

fn untrusted(text: &str, style: Style, out: &mut Out) {
    if style.is_raw() {
        out.all(text.as_bytes());
    } else {
        let _ = write!(out, "{}", printable(text));
    }
}
