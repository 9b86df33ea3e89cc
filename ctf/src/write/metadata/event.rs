//! The block of an event class.

use super::checksum;
use super::declaration::Declarations;
use super::names::literal;
use super::types::EventClass;

/// The levels for which readers have a name.
const LOGLEVEL_MIN: i32 = 0;
const LOGLEVEL_MAX: i32 = 14;

/// The metadata of one event class. It must be behind the [`preamble`](super::preamble()), and in
/// the file before a packet with such an event: readers refuse ids that they do not know.
pub fn event(class: &EventClass) -> String {
    let mut fields = Declarations::at(2);
    fields.fields(class.fields.iter().map(|field| (&*field.name, &field.ty)));
    // Readers warn of a level that they do not know, and refuse the whole trace for one below zero.
    let loglevel = match class.loglevel {
        level @ LOGLEVEL_MIN..=LOGLEVEL_MAX => format!("    loglevel = {level};\n"),
        _ => String::new(),
    };
    // What LTTng-UST's metadata have for it, and babeltrace2 knows.
    let source = match &*class.source {
        "" => String::new(),
        place => format!("    model.emf.uri = {};\n", literal(place)),
    };
    checksum::sealed(format!(
        "event {{
    name = {name};
    id = {id};
    stream_id = {stream_id};
{loglevel}{source}    fields := struct {{
{fields}    }};
}};
",
        name = literal(&class.name),
        id = class.id,
        stream_id = class.stream_id,
        fields = fields.finish(),
    ))
}
