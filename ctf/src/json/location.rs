//! Where a length or a selector is: `{"origin": "event-record-payload", "path": ["config", "len"]}`.

use std::sync::Arc;

use super::node::Node;
use super::place::{Place, Wrong};
use crate::schema::{Path, Scope};

/// The origins, and the part of a packet or record that each is.
pub(crate) const ORIGINS: [(&str, Scope); 6] = [
    ("packet-header", Scope::PacketHeader),
    ("packet-context", Scope::PacketContext),
    ("event-record-header", Scope::EventHeader),
    ("event-record-common-context", Scope::StreamEventContext),
    ("event-record-specific-context", Scope::EventContext),
    ("event-record-payload", Scope::Fields),
];

pub(super) fn location(place: &Place<'_>) -> Result<Path, Wrong> {
    let object = place.object(&[&["origin", "path"]])?;
    let scope = object.get("origin").map(|place| origin(&place)).transpose()?;
    let path = object.required("path")?;
    let (mut names, mut up) = (Vec::<Arc<str>>::new(), 0_u32);
    let mut ends_with_name = false;
    for element in path.elements()? {
        ends_with_name = matches!(element.node, Node::Text(_));
        match element.node {
            Node::Text(name) => names.push(Arc::from(name.as_str())),
            // The structure in which the one is that the path has led to.
            Node::Null if names.pop().is_some() => {}
            Node::Null if scope.is_none() => up += 1,
            Node::Null => return Err(element.wrong("this leads out of the origin")),
            _ => return Err(element.expected("a string or null")),
        }
    }
    if !ends_with_name {
        return Err(path.wrong("expected the name of a field at the end"));
    }
    Ok(Path { scope, up: scope.is_none().then_some(up), names })
}

fn origin(place: &Place<'_>) -> Result<Scope, Wrong> {
    let text = place.text()?;
    let found = ORIGINS.iter().find(|(name, _)| *name == text);
    found.map(|(_, scope)| *scope).ok_or_else(|| place.expected("an origin"))
}
