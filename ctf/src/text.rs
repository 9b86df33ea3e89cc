//! Events as lines of text, as babeltrace2 prints them.
//!
//! ```text
//!   [12:09:33.870001204] (+0.000001234) machine:prog:(4242) file:opened: { vtid = 5 }, { path = "a.txt", bytes = 1204 }
//!   time, local          since the last  the process         event        packet's,     payload
//!                                                                         contexts
//! ```
//!
//! Where this differs from babeltrace2:
//!
//! - Floating point numbers have all digits that distinguish them from others, not six.
//! - The fields that hold sequences' lengths are left out, and so are the fields of the packet context that frame the
//!   packet.
//! - A truth value is `true`, where babeltrace2 prints `( "true" : container = 1 )`, and a character is `'x'`, where it prints
//!   its number.
//! - Names and values are [printable](crate::printable): babeltrace2 prints names, and bytes beyond ASCII, as they are.
//!
//! Local time is that of `TZ` or the system's zone; without zone files it is UTC.

use std::fmt::{self, Display, Write};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::printable::{printable, quoted};
use crate::read::{Event, Trace, Value};
use crate::schema::EnumType;
use crate::write::metadata::EnvValue;

/// Packet context fields that describe the packet, not what was traced.
const FRAMING: [&str; 7] = [
    "timestamp_begin",
    "timestamp_end",
    "content_size",
    "packet_size",
    "packet_seq_num",
    "events_discarded",
    "end_position",
];

/// Makes lines of events; remembers the last one's time.
#[derive(Debug)]
pub struct Printer {
    zone: TimeZone,
    last_ns: Option<i64>,
    shows_source: bool,
}

impl Default for Printer {
    fn default() -> Printer {
        Printer::new()
    }
}

impl Printer {
    /// A printer that shows local times.
    pub fn new() -> Printer {
        Printer { zone: TimeZone::system(), last_ns: None, shows_source: false }
    }

    /// A printer that shows UTC.
    pub fn utc() -> Printer {
        Printer { zone: TimeZone::UTC, ..Printer::new() }
    }

    /// The same printer, showing behind each event's name where the program has it.
    pub fn with_source(self) -> Printer {
        Printer { shows_source: true, ..self }
    }

    /// The line of an event, without line end.
    pub fn line(&mut self, event: &Event) -> String {
        let mut line = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(event, &mut line);
        line
    }

    /// Writes the line of an event, without line end.
    pub fn write(&mut self, event: &Event, out: &mut impl Write) -> fmt::Result {
        if event.clock_type().is_some() {
            self.times(event.timestamp_ns, out)?;
        }
        origin(&event.trace, out)?;
        write!(out, "{}", printable(&*event.class.name))?;
        if let Some(source) = event.class.source.as_ref().filter(|_| self.shows_source) {
            write!(out, " ({})", printable(&**source))?;
        }
        out.write_str(": ")?;
        let packet_context = event.packet.context.as_ref().and_then(|context| {
            let shown = |(name, _): &&Field| !FRAMING.contains(&&**name);
            // A context that is empty is shown, but one that only frames the packet is not.
            let is_empty = context.fields().is_empty();
            let fields: Vec<_> = context.fields().iter().filter(shown).collect();
            (is_empty || !fields.is_empty()).then_some(fields)
        });
        let rest = [&event.stream_context, &event.context, &event.fields].into_iter().flatten();
        let mut separator = "";
        if let Some(fields) = packet_context {
            fields_text(fields, out)?;
            separator = ", ";
        }
        for part in rest {
            write!(out, "{separator}{}", Text(part))?;
            separator = ", ";
        }
        Ok(())
    }

    /// A time in the form with which events' lines begin: `[12:09:33.870001204]`.
    pub fn time(&self, ns: i64) -> String {
        // jiff can represent every i64; 1970 replaces what it cannot.
        let time = Timestamp::from_nanosecond(ns.into()).unwrap_or_default();
        let time = self.zone.to_datetime(time);
        let (hour, minute, second, ns) =
            (time.hour(), time.minute(), time.second(), time.subsec_nanosecond());
        format!("[{hour:02}:{minute:02}:{second:02}.{ns:09}]")
    }

    fn times(&mut self, now_ns: i64, out: &mut impl Write) -> fmt::Result {
        write!(out, "{} ", self.time(now_ns))?;
        match self.last_ns.replace(now_ns) {
            None => out.write_str("(+?.?????????) "),
            Some(last_ns) => {
                let sign = if now_ns < last_ns { '-' } else { '+' };
                let delta = now_ns.abs_diff(last_ns);
                write!(out, "({sign}{}.{:09}) ", delta / 1_000_000_000, delta % 1_000_000_000)
            }
        }
    }
}

/// Writes which process was traced, as far as the environment says.
fn origin(trace: &Trace, out: &mut impl Write) -> fmt::Result {
    let mut separator = "";
    for name in ["hostname", "procname", "vpid"] {
        match trace.env(name) {
            Some(EnvValue::Str(text)) => write!(out, "{separator}{}", printable(&**text))?,
            Some(EnvValue::Int(number)) => write!(out, "{separator}({number})")?,
            None => continue,
        }
        separator = ":";
    }
    out.write_str(if separator.is_empty() { "" } else { " " })
}

type Field = (Arc<str>, Value);

/// Shows a value.
struct Text<'a>(&'a Value);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Unsigned { value, bits, base } => unsigned(*value, *bits, *base, out),
            Value::Signed { value, base: 10, .. } => write!(out, "{value}"),
            Value::Signed { value, bits, base } => {
                // As many whole digits as its bits fill.
                let shown_bits = match base {
                    8 => bits.next_multiple_of(3),
                    16 => bits.next_multiple_of(4),
                    _ => *bits,
                };
                let mask = u64::MAX >> 64_u8.saturating_sub(shown_bits).min(63);
                unsigned(*value as u64 & mask, *bits, *base, out)
            }
            Value::Character(number) => character(*number, out),
            Value::Float { value, bits: 32 } => float(&format!("{:e}", *value as f32), *value, out),
            Value::Float { value, .. } => float(&format!("{value:e}"), *value, out),
            Value::Text(bytes) => write!(out, "{}", quoted(&**bytes)),
            Value::Enum { ty, value } => match truth(ty, *value) {
                Some(truth) => write!(out, "{truth}"),
                None => labels(ty, *value, out),
            },
            Value::Struct(fields) => {
                let shown = (0..fields.len()).filter(|at| !is_length(fields, *at));
                fields_text(shown.map(|at| &fields[at]), out)
            }
            Value::Variant { value, .. } => write!(out, "{{ {} }}", Text(value)),
            Value::Array(elements) => {
                let mut separator = " ";
                out.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    write!(out, "{separator}[{at}] = {}", Text(element))?;
                    separator = ", ";
                }
                out.write_str(" ]")
            }
        }
    }
}

fn fields_text<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    out: &mut impl Write,
) -> fmt::Result {
    let mut separator = " ";
    out.write_str("{")?;
    for (name, value) in fields {
        let name = name.strip_prefix('_').unwrap_or(name);
        write!(out, "{separator}{} = {}", printable(name.as_bytes()), Text(value))?;
        separator = ", ";
    }
    out.write_str(" }")
}

/// Whether a field is the length of the sequence behind it, by the name that writers give it.
fn is_length(fields: &[Field], at: usize) -> bool {
    let Some((name, Value::Array(_) | Value::Text(_))) = fields.get(at + 1) else { return false };
    let length = fields[at].0.strip_prefix('_').and_then(|rest| rest.strip_suffix("_length"));
    length == Some(&**name)
}

fn unsigned(value: u64, bits: u8, base: u8, out: &mut impl Write) -> fmt::Result {
    match base {
        2 => write!(out, "0b{value:0bits$b}", bits = bits.into()),
        8 => write!(out, "0{value:o}"),
        16 => write!(out, "{value:#X}"),
        _ => write!(out, "{value}"),
    }
}

/// `'x'`; the number if Unicode has no such character.
fn character(number: u32, out: &mut impl Write) -> fmt::Result {
    match char::from_u32(number) {
        Some(c) => write!(out, "'{}'", printable(c.encode_utf8(&mut [0; 4]))),
        None => unsigned(number.into(), 32, 16, out),
    }
}

/// The value of an enumeration that names nothing but `false` and `true`, as languages have them.
fn truth(ty: &EnumType, value: i128) -> Option<bool> {
    let [(no, 0, 0), (yes, 1, 1)] = ty.labels.all() else { return None };
    let is_truth = &**no == "false" && &**yes == "true" && (0..2).contains(&value);
    is_truth.then_some(value == 1)
}

/// C's `%g`, but with as many digits as distinguish the number from its neighbours: `shortest` has them, as `1.5e3`.
fn float(shortest: &str, value: f64, out: &mut impl Write) -> fmt::Result {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let Some((mantissa, exponent)) = shortest.trim_start_matches('-').split_once('e') else {
        return write!(out, "{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    };
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let precision = digits.len().max(6) as i32;
    if (-4..precision).contains(&exponent) {
        let decimals = (digits.len() as i32 - 1 - exponent).max(0) as usize;
        // There are so few digits that this rounds nothing.
        let number = format!("{sign}{mantissa}e{exponent}").parse::<f64>().unwrap_or(value);
        write!(out, "{number:.decimals$}")
    } else {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{sign}{mantissa}e{exponent_sign}{:02}", exponent.unsigned_abs())
    }
}

/// Labels of one value that are printed. Hostile metadata may give a value as many as it has bytes.
const MAX_LABELS_PRINTED: usize = 64;

fn labels(ty: &EnumType, value: i128, out: &mut impl Write) -> fmt::Result {
    let mut separator = "( ";
    let mut names = ty.labels.of(value).map(|(name, ..)| name);
    for name in names.by_ref().take(MAX_LABELS_PRINTED) {
        write!(out, "{separator}{}", quoted(&**name))?;
        separator = ", ";
    }
    if names.next().is_some() {
        out.write_str(", ...")?;
    }
    let known = if separator == "( " { "( <unknown>" } else { "" };
    write!(out, "{known} : container = {} )", Text(&Value::container(ty, value)))
}
