//! Writes what precedes the first event class: types, trace, environment, clock and stream classes.

use super::checksum;
use super::declaration::Declarations;
use super::field_types::Integer;
use super::integer::integer;
use super::names::{Names, identifier, literal, uuid};
use super::types::{Clock, StreamClass, Trace};
use crate::schema::EnvValue;
use crate::write::packet::CHECKSUM_ENV;

/// The packet header's fields and their bytes, as [`packet`](crate::write::packet) draws them.
pub(crate) const HEADER_FIELDS: &[(&str, u64)] =
    &[("magic", 4), ("uuid", 16), ("stream_id", 4), ("stream_instance_id", 8)];

/// The standard packet context fields, likewise.
pub(crate) const CONTEXT_FIELDS: &[(&str, u64)] = &[
    ("timestamp_begin", 8),
    ("timestamp_end", 8),
    ("content_size", 8),
    ("packet_size", 8),
    ("packet_seq_num", 8),
    ("events_discarded", 8),
    ("end_position", 8),
];

/// The metadata up to the first event class. It must stand first in the file.
pub fn preamble(trace: &Trace) -> String {
    let clock = identifier(&trace.clock.name);
    // Readers refuse the text unless this comment opens it.
    let mut text = String::from("/* CTF 1.8 */\n\n");
    text.push_str(&trace_block(trace));
    text.push_str(&env_block(&trace.env));
    text.push_str(&clock_block(&clock, &trace.clock));
    text.push_str(&header_types(&clock));
    for stream in &trace.streams {
        text.push_str(&stream_block(stream));
    }
    checksum::sealed(text)
}

fn trace_block(trace: &Trace) -> String {
    let byte_order = if cfg!(target_endian = "little") { "le" } else { "be" };
    format!(
        "trace {{
    major = 1;
    minor = 8;
    uuid = {uuid};
    byte_order = {byte_order};
    packet.header := struct {{
        {u32} magic;
        {u8} uuid[16];
        {u32} stream_id;
        {u64} stream_instance_id;
    }};
}};

",
        uuid = uuid(&trace.uuid),
        u8 = integer(Integer::U8),
        u32 = integer(Integer::U32),
        u64 = integer(Integer::U64),
    )
}

fn env_block(env: &[(String, EnvValue)]) -> String {
    let mut names = Names::default();
    let mut text = String::from("env {\n");
    let ours = (CHECKSUM_ENV.0.to_owned(), EnvValue::Str(CHECKSUM_ENV.1.to_owned()));
    // Ours first, because a name that is taken gets a number.
    for (name, value) in std::iter::once(&ours).chain(env) {
        let name = names.claim(&identifier(name), |_| None);
        let value = match value {
            EnvValue::Str(value) => literal(value),
            EnvValue::Int(value) => value.to_string(),
        };
        text.push_str(&format!("    {name} = {value};\n"));
    }
    text.push_str("};\n\n");
    text
}

fn clock_block(name: &str, clock: &Clock) -> String {
    let uuid = clock
        .uuid
        .as_ref()
        .map(|bytes| format!("    uuid = {};\n", uuid(bytes)))
        .unwrap_or_default();
    format!(
        "clock {{
    name = {name};
{uuid}    description = {description};
    freq = {freq};
    offset_s = {offset_s};
    offset = {offset};
}};

",
        description = literal(&clock.description),
        freq = clock.freq_hz,
        offset_s = clock.offset_s,
        offset = clock.offset_cycles,
    )
}

/// The types of timestamps and of the event header. They must be behind the clock that they name.
fn header_types(clock: &str) -> String {
    let map = format!("map = clock.{clock}.value");
    format!(
        "typealias integer {{ size = 27; align = 1; signed = false; {map}; }} := low_clock_t;
typealias integer {{ size = 64; align = 8; signed = false; {map}; }} := clock_t;

struct event_header {{
    enum : integer {{ size = 5; align = 1; signed = false; }} {{ compact = 0 ... 30, extended = 31 }} id;
    variant <id> {{
        struct {{
            low_clock_t timestamp;
        }} compact;
        struct {{
            {u32} id;
            clock_t timestamp;
        }} extended;
    }} v;
}} align(8);

",
        u32 = integer(Integer::U32),
    )
}

fn stream_block(stream: &StreamClass) -> String {
    let mut names = Names::default();
    let mut text = format!(
        "stream {{
    id = {};
    event.header := struct event_header;
    packet.context := struct {{
",
        stream.id
    );
    for (name, _) in CONTEXT_FIELDS {
        names.claim(name, |_| None);
        let is_clock = name.starts_with("timestamp_");
        let ty = if is_clock { "clock_t".to_owned() } else { integer(Integer::U64) };
        text.push_str(&format!("        {ty} {name};\n"));
    }
    for (name, ty) in &stream.extra {
        let name = names.claim(&identifier(name), |_| None);
        text.push_str(&format!("        {} {name};\n", integer(*ty)));
    }
    text.push_str("    };\n");
    if !stream.context.is_empty() {
        text.push_str("    event.context := struct {\n");
        let (mut names, mut context) = (Names::default(), Declarations::at(2));
        for (name, ty) in &stream.context {
            context.field(&names.claim(&identifier(name), |_| None), ty);
        }
        text.push_str(&context.finish());
        text.push_str("    };\n");
    }
    text.push_str("};\n\n");
    text
}
