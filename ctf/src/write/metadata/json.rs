//! The same description in the language of CTF 2, for the same bytes of packets and records.
//!
//! It is made of the text in TSDL, as [`convert`] makes it of any trace's. So the two say the same.

use super::types::{EventClass, Trace};
use crate::convert::{self, Unsayable};
use crate::json::node::Node;
use crate::schema::Metadata;
use crate::tsdl;

/// The metadata up to the first event class. It must stand first in the file.
///
/// # Errors
/// Types of the streams' contexts nest too deep.
pub fn preamble(trace: &Trace) -> Result<String, Unsayable> {
    let clock = &trace.clock;
    let mut known =
        vec![("name", Node::text(&clock.name)), ("description", Node::text(&clock.description))];
    let uuid = clock.uuid.as_ref().map(super::names::uuid);
    known.extend(uuid.map(|uuid| ("uid", Node::text(uuid.trim_matches('"')))));
    convert::preamble(&read(&super::preamble(trace))?, known)
}

/// The metadata of one event class. It must be behind the [`preamble`], and in the file before a packet with such an
/// event.
///
/// # Errors
/// The class's types nest too deep.
pub fn event(class: &EventClass) -> Result<String, Unsayable> {
    let order = if cfg!(target_endian = "little") { "le" } else { "be" };
    let text = format!("trace {{ byte_order = {order}; }};\n{}", super::event(class));
    convert::events(&read(&text)?)
}

fn read(text: &str) -> Result<Metadata, Unsayable> {
    tsdl::parse(text.as_bytes())
        .map_err(|error| Unsayable { place: "metadata".to_owned(), reason: error.to_string() })
}
