//! Numbers, their names and their roles, as field classes.

use crate::json::node::Node;
use crate::json::numbers::{CHARACTER, CLOCK, OURS, ROLES};
use crate::schema::{
    ByteOrder, EnumType, FloatType, IntegerType, Label, Labels, Options, Role, Scope,
};

/// The properties of everything with a fixed number of bits.
pub(super) fn fixed(kind: &str, ty: &IntegerType) -> Vec<(&'static str, Node)> {
    let mut properties = vec![
        ("type", Node::text(kind)),
        ("length", Node::integer(ty.bits)),
        ("byte-order", byte_order(ty.byte_order)),
    ];
    if ty.is_reversed {
        let order = match ty.byte_order {
            ByteOrder::Little => "last-to-first",
            ByteOrder::Big => "first-to-last",
        };
        properties.push(("bit-order", Node::text(order)));
    }
    if ty.align > 1 {
        properties.push(("alignment", Node::integer(ty.align)));
    }
    properties
}

pub(super) fn float(ty: &FloatType) -> Node {
    let FloatType { bits, align, byte_order, is_reversed } = *ty;
    let mut like = crate::json::numbers::variable();
    (like.bits, like.align, like.byte_order, like.is_reversed) =
        (bits, align, byte_order, is_reversed);
    Node::object(fixed("fixed-length-floating-point-number", &like))
}

/// What only integers have. An error says which role a number cannot have.
pub(super) fn integer(
    properties: &mut Vec<(&'static str, Node)>,
    ty: &IntegerType,
    labels: Option<&Labels>,
    scope: Scope,
    is_first: bool,
) -> Result<(), String> {
    if ty.base != 10 {
        properties.push(("preferred-display-base", Node::integer(ty.base)));
    }
    if let Some(labels) = labels {
        let mappings = mappings(labels.all(), bounds(ty));
        if !mappings.is_empty() {
            properties.push(("mappings", Node::object(mappings)));
        }
    }
    let roles = roles(ty, scope, is_first);
    if !roles.is_empty() {
        if ty.signed {
            return Err(format!("a number with a sign cannot be a {}", roles[0]));
        }
        properties.push(("roles", Node::array(roles.into_iter().map(Node::text))));
    }
    if ty.is_code_point() {
        let ours = Node::object([(CHARACTER.0, Node::text(CHARACTER.1))]);
        properties.push(("attributes", Node::object([(OURS, ours)])));
    }
    Ok(())
}

fn roles(ty: &IntegerType, scope: Scope, is_first: bool) -> Vec<&'static str> {
    let is_said = |role: Role| match role {
        Role::PacketMagic => scope == Scope::PacketHeader && ty.bits == 32 && is_first,
        Role::StreamClassId | Role::StreamId => scope == Scope::PacketHeader,
        Role::PacketBegin
        | Role::PacketEnd
        | Role::Discarded
        | Role::ContentSize
        | Role::PacketSize
        | Role::PacketNumber => scope == Scope::PacketContext,
        Role::EventClassId => scope == Scope::EventHeader,
        // That is for the array of all bytes.
        Role::MetadataUuid => false,
    };
    let said = ty.roles.each().filter(|role| is_said(*role));
    let names = said.filter_map(|role| ROLES.iter().find(|(_, known)| *known == role));
    let mut names: Vec<_> = names.map(|(name, _)| *name).collect();
    if ty.is_clock && scope == Scope::EventHeader {
        names.push(CLOCK);
    }
    names
}

/// The smallest and the largest number that a type may have.
fn bounds(ty: &IntegerType) -> (i128, i128) {
    if ty.signed { (i64::MIN.into(), i64::MAX.into()) } else { (0, u64::MAX.into()) }
}

/// Names and their ranges, in the order in which each name comes first.
pub(super) fn mappings(labels: &[Label], (min, max): (i128, i128)) -> Vec<(String, Node)> {
    let mut mappings: Vec<(String, Vec<Node>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (name, low, high) in labels {
        let (low, high) = ((*low).max(min), (*high).min(max));
        if low > high {
            continue;
        }
        let at = *places.entry(&**name).or_insert_with(|| {
            mappings.push((name.to_string(), Vec::new()));
            mappings.len() - 1
        });
        mappings[at].1.push(range(low, high));
    }
    mappings.into_iter().map(|(name, ranges)| (name, Node::Array(ranges))).collect()
}

pub(super) fn range(low: i128, high: i128) -> Node {
    Node::array([Node::Integer(low), Node::Integer(high)])
}

/// For each option the numbers for which its name is the first label that an option has.
pub(super) fn chosen_by(tag: &EnumType, options: &Options) -> Vec<Vec<Node>> {
    let (min, max) = bounds(&tag.container);
    let labels = tag.labels.all();
    let mut cuts: Vec<i128> = labels
        .iter()
        .flat_map(|(_, low, high)| [*low, high.saturating_add(1)])
        .map(|cut| cut.clamp(min, max + 1))
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut ranges: Vec<Vec<(i128, i128)>> = vec![Vec::new(); options.all().len()];
    for cut in cuts.windows(2) {
        let (low, high) = (cut[0], cut[1] - 1);
        let mut chosen = tag.labels.of(low).filter_map(|(name, ..)| options.place(name));
        let Some(option) = chosen.next() else { continue };
        match ranges[option].last_mut() {
            Some((_, last)) if *last == low - 1 => *last = high,
            _ => ranges[option].push((low, high)),
        }
    }
    let nodes = |ranges: Vec<(i128, i128)>| {
        ranges.into_iter().map(|(low, high)| range(low, high)).collect()
    };
    ranges.into_iter().map(nodes).collect()
}

pub(super) fn byte_order(order: ByteOrder) -> Node {
    Node::text(match order {
        ByteOrder::Little => "little-endian",
        ByteOrder::Big => "big-endian",
    })
}
