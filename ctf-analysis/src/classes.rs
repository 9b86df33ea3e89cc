//! What the events of a class mean, from the class alone.
//!
//! | class | is |
//! | --- | --- |
//! | has a field `duration` | a span of one record, in nanoseconds |
//! | has `duration` and `busy` | a span of a future: it may be polled by several threads |
//! | `NAME_exit` with `duration` and `busy` | the same, named `NAME` |
//! | `NAME.close` with `total_ns` and `busy_ns` | the same, of `tracing` |
//! | `NAME_entry` and `NAME_exit` | a function: they nest in each thread |

use crate::fields::{self, Uses, Wanted};
use crate::limits::PAIRS_MAX;
use crate::spans::{SpanId, Spans};
use ctf::read::{Class, Plan};
use ctf::schema::{Fields, Names, Scope, Type};
use std::collections::HashSet;
use std::str::FromStr;

/// A pair of events that the user names: how long after the one the other comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The class of the event that begins.
    pub begin: String,
    /// The class of the event that ends.
    pub end: String,
    /// The field in which both have the same value.
    pub key: Option<String>,
}

/// What is known of a class.
#[derive(Debug)]
pub struct Known {
    /// Its number among all names of classes.
    pub name: u32,
    pub kind: Kind,
    /// The pairs that it begins, and those that it ends: a bit each.
    pub begins: u32,
    pub ends: u32,
    /// How its values are read, if any are needed.
    pub reads: Option<Reads>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has no duration.
    Plain,
    Entry(SpanId),
    Exit(SpanId),
    /// A span of one record, in one thread.
    Whole(SpanId),
    /// A span of a future.
    Future(SpanId),
}

#[derive(Debug)]
pub struct Reads {
    pub wanted: Wanted,
    /// `None` if only the general decoder can read the class.
    pub plan: Option<Plan<Uses>>,
    /// Whether they say whose the event is.
    pub say_owner: bool,
}

/// The names of functions that have an entry and an exit.
#[derive(Debug, Default)]
pub struct Functions(HashSet<String>);

const ENTRY: &str = "_entry";
const EXIT: &str = "_exit";
const CLOSE: &str = ".close";

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Pair, String> {
        let parts: Vec<_> = text.split(',').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err("a name is empty".to_owned());
        }
        match <[String; 2]>::try_from(parts) {
            Ok([begin, end]) => Ok(Pair { begin, end, key: None }),
            Err(parts) => match <[String; 3]>::try_from(parts) {
                Ok([begin, end, key]) => Ok(Pair { begin, end, key: Some(key) }),
                Err(_) => Err("it is not BEGIN,END or BEGIN,END,KEY".to_owned()),
            },
        }
    }
}

impl Pair {
    /// The name of its durations.
    pub(crate) fn name(&self) -> String {
        let key = self.key.as_ref().map_or(String::new(), |key| format!(",{key}"));
        format!("{}..{}{key}", self.begin, self.end)
    }
}

impl Functions {
    /// Those of these classes. Whether names are escaped does not matter for an exit without a duration of either spelling.
    pub fn of<'c>(classes: impl Iterator<Item = &'c Class> + Clone) -> Functions {
        let has_duration = |class: &Class| {
            let fields = class.event.fields.as_ref().and_then(fields_of);
            let is_it = |name: &str| matches!(name, "duration" | "_duration");
            fields.is_some_and(|fields| fields.iter().any(|(name, _)| is_it(name)))
        };
        let exits = classes.clone().filter(|class| !has_duration(class));
        let exits = exits.filter_map(|class| class.event.name.strip_suffix(EXIT));
        let exits: HashSet<_> = exits.collect();
        let entries = classes.filter_map(|class| class.event.name.strip_suffix(ENTRY));
        Functions(entries.filter(|name| exits.contains(name)).map(str::to_owned).collect())
    }
}

impl Known {
    pub fn of(
        class: &Class,
        name: u32,
        names: Names,
        functions: &Functions,
        pairs: &[Pair],
        spans: &mut Spans,
    ) -> Known {
        let mut wanted = Wanted::new(names);
        let full = class.event.name.as_str();
        let payload = class.event.fields.as_ref();
        let has = |name: &str| payload.is_some_and(|ty| has_number(ty, names, name));

        let contexts = [
            (Scope::StreamEventContext, class.stream_context.as_ref()),
            (Scope::EventContext, class.event.context.as_ref()),
        ];
        for (scope, context) in contexts {
            for (name, uses) in [("vpid", fields::VPID), ("vtid", fields::THREAD)] {
                if context.is_some_and(|ty| has_number(ty, names, name)) {
                    wanted.want(scope, name, uses);
                }
            }
            // If there is a process id, it may have a name beside it.
            if context.is_some_and(|ty| has_number(ty, names, "vpid")) {
                wanted.want(scope, "procname", fields::PROCESS_NAME);
            }
        }
        let say_owner = !wanted.is_empty();

        let span_of = |name: &str, spans: &mut Spans, kind: fn(SpanId) -> Kind| {
            spans.id(name).map_or(Kind::Plain, kind)
        };
        let function =
            |suffix: &str| full.strip_suffix(suffix).filter(|name| functions.0.contains(*name));
        let tracing = full.strip_suffix(CLOSE).filter(|_| has("total_ns") && has("busy_ns"));
        let kind = if let Some(name) = tracing {
            wanted.want(Scope::Fields, "total_ns", fields::DURATION);
            wanted.want(Scope::Fields, "busy_ns", fields::BUSY);
            span_of(name, spans, Kind::Future)
        } else if has("duration") {
            wanted.want(Scope::Fields, "duration", fields::DURATION);
            if has("busy") {
                wanted.want(Scope::Fields, "busy", fields::BUSY);
                span_of(full.strip_suffix(EXIT).unwrap_or(full), spans, Kind::Future)
            } else {
                span_of(full, spans, Kind::Whole)
            }
        } else if let Some(name) = function(ENTRY) {
            span_of(name, spans, Kind::Entry)
        } else if let Some(name) = function(EXIT) {
            span_of(name, spans, Kind::Exit)
        } else {
            Kind::Plain
        };

        let (mut begins, mut ends) = (0, 0);
        for (number, pair) in pairs.iter().enumerate().take(PAIRS_MAX) {
            let (is_begin, is_end) = (pair.begin == full, pair.end == full);
            begins |= u32::from(is_begin) << number;
            ends |= u32::from(is_end) << number;
            if let (Some(key), true) = (&pair.key, is_begin || is_end) {
                wanted.want(Scope::Fields, key, fields::key(number));
            }
        }
        let reads = (!wanted.is_empty()).then(|| {
            let plan = class.plan(&mut wanted);
            Reads { wanted, plan, say_owner }
        });
        Known { name, kind, begins, ends, reads }
    }
}

fn fields_of(ty: &Type) -> Option<&Fields> {
    match ty {
        Type::Struct(all) => Some(&all.fields),
        Type::Aligned { ty, .. } => fields_of(ty),
        _ => None,
    }
}

/// Whether it is a structure with a whole number of this name.
fn has_number(ty: &Type, names: Names, name: &str) -> bool {
    let is_number = |ty: &Type| match ty {
        Type::Aligned { ty, .. } => {
            matches!(**ty, Type::Integer(_) | Type::Enum(_) | Type::Varint(_))
        }
        ty => matches!(ty, Type::Integer(_) | Type::Enum(_) | Type::Varint(_)),
    };
    let is_it = |field: &str, ty: &Type| names.shown(field) == name && is_number(ty);
    fields_of(ty).is_some_and(|fields| fields.iter().any(|(field, ty)| is_it(field, ty)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_two_names_and_perhaps_a_key() {
        let pair = |text: &str| text.parse::<Pair>();
        let (begin, end) = ("a:b".to_owned(), "a:c".to_owned());
        assert_eq!(pair("a:b,a:c"), Ok(Pair { begin: begin.clone(), end: end.clone(), key: None }));
        assert_eq!(pair("a:b,a:c,id"), Ok(Pair { begin, end, key: Some("id".to_owned()) }));
        for wrong in ["", "a:b", "a:b,", ",a:b", "a,b,", "a,b,c,d"] {
            assert!(pair(wrong).is_err(), "{wrong}");
        }
    }
}
