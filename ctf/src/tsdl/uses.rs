//! What a type uses that is elsewhere: integers that are lengths, enumerations that are tags, and clocks.
//!
//! ```text
//!   struct { u8 n; struct { u8 a[n]; u8 b[stream.packet.context.m]; } inner; }
//!                  '- uses n, stream.packet.context.m -'
//!   '- uses stream.packet.context.m: it has n itself -'
//! ```
//!
//! What a type uses does not change with the place where it stands. So it is gathered once, when the type is made, and
//! types that share types cost no more than their text. What is not found in a structure is looked for around it; what
//! is found nowhere is an error at its place in the text.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ast::Wrong;
use crate::schema::{ClockType, IntegerType, Metadata, Path, Scope, StreamType, StructType, Type};

/// The most lengths and tags that a type may use without having them. Types that name each other in many ways would
/// otherwise take time and memory that grow with the square of their text.
const USES_MAX: usize = 64;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Length,
    Tag,
}

/// Where a path is used.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// In the text.
    at: usize,
    /// The first member that uses it, of the structure around it.
    member: usize,
}

/// All that a type uses and does not have itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    fields: Arc<BTreeMap<(Arc<Path>, Kind), Place>>,
    /// Different ones; the third adds nothing to the error that the second is.
    clocks: Vec<Arc<ClockType>>,
}

impl Uses {
    pub(super) fn of_clock(clock: Option<Arc<ClockType>>) -> Uses {
        Uses { fields: Arc::default(), clocks: clock.into_iter().collect() }
    }

    /// Adds the use of a field, `at` a place in the text.
    pub(super) fn push(&mut self, path: &Path, kind: Kind, at: usize) -> Result<(), Wrong> {
        self.put((Arc::new(path.clone()), kind), Place { at, member: 0 })
    }

    fn put(&mut self, used: (Arc<Path>, Kind), place: Place) -> Result<(), Wrong> {
        if self.fields.len() == USES_MAX {
            return Err((place.at, "too many lengths and tags that are elsewhere".to_owned()));
        }
        Arc::make_mut(&mut self.fields).entry(used).or_insert(place);
        Ok(())
    }

    /// Adds what member number `member` uses, but for what is `before` it.
    pub(super) fn add(
        &mut self,
        uses: &Uses,
        member: usize,
        before: &HashMap<Arc<str>, Type>,
    ) -> Result<(), Wrong> {
        self.add_clocks(uses);
        for ((path, kind), Place { at, .. }) in &*uses.fields {
            let first = before.get(path.first());
            match first.filter(|_| path.scope.is_none()) {
                Some(ty) => check(path, *kind, *at, ty)?,
                None => self.put((Arc::clone(path), *kind), Place { at: *at, member })?,
            }
        }
        Ok(())
    }

    /// Adds clocks.
    pub(super) fn add_clocks(&mut self, uses: &Uses) {
        for clock in &uses.clocks {
            if self.clocks.len() < 2 && !self.clocks.contains(clock) {
                self.clocks.push(Arc::clone(clock));
            }
        }
    }

    /// The clocks: of more than two, two.
    pub(super) fn clocks(&self) -> &[Arc<ClockType>] {
        &self.clocks
    }
}

/// Looks for what parts of packets and records use.
pub(super) struct Finder<'m> {
    metadata: &'m Metadata,
    /// The places of fields by name, of structures in which some were looked for.
    places: HashMap<*const StructType, HashMap<&'m str, usize>>,
}

impl<'m> Finder<'m> {
    pub(super) fn new(metadata: &'m Metadata) -> Finder<'m> {
        Finder { metadata, places: HashMap::new() }
    }

    /// Looks for everything that is used in part `scope` of a stream class's packets, or of the records of one of its
    /// event classes: in that part and in those before it.
    pub(super) fn find(
        &mut self,
        uses: &Uses,
        scope: Scope,
        stream: Option<&'m StreamType>,
        event: Option<u64>,
    ) -> Result<(), Wrong> {
        for ((path, kind), place) in &*uses.fields {
            let searched = Scope::ALL.into_iter().rev().filter(|at| match path.scope {
                Some(named) => *at == named && *at <= scope,
                // In its own part it was looked for already.
                None => *at < scope,
            });
            let mut found = None;
            for at in searched {
                let Some(Type::Struct(part)) = part(self.metadata, at, stream, event) else {
                    continue;
                };
                let Some(nth) = self.place(part, path.first()) else { continue };
                let is_within = nth == place.member && path.names.len() > 1;
                if at < scope || nth < place.member || is_within {
                    found = Some(&part.fields[nth].1);
                    break;
                }
            }
            match found {
                Some(ty) => check(path, *kind, place.at, ty)?,
                None => return Err(missing(path, place.at)),
            }
        }
        Ok(())
    }

    fn place(&mut self, part: &'m Arc<StructType>, name: &str) -> Option<usize> {
        let places = self.places.entry(Arc::as_ptr(part)).or_insert_with(|| {
            part.fields.iter().enumerate().map(|(nth, (name, _))| (&**name, nth)).collect()
        });
        places.get(name).copied()
    }
}

fn part<'m>(
    metadata: &'m Metadata,
    scope: Scope,
    stream: Option<&'m StreamType>,
    event: Option<u64>,
) -> Option<&'m Type> {
    let event = stream.zip(event).and_then(|(stream, event)| stream.events.get(&event));
    match scope {
        Scope::PacketHeader => metadata.packet_header.as_ref(),
        Scope::PacketContext => stream?.packet_context.as_ref(),
        Scope::EventHeader => stream?.event_header.as_ref(),
        Scope::StreamEventContext => stream?.event_context.as_ref(),
        Scope::EventContext => event?.context.as_ref(),
        Scope::Fields => event?.fields.as_ref(),
    }
}

fn missing(path: &Path, at: usize) -> Wrong {
    (at, format!("there is no field `{path}` before this"))
}

/// Whether a field can be what it is used as; `ty` is the type of the first of the path's names.
fn check(path: &Path, kind: Kind, at: usize, ty: &Type) -> Result<(), Wrong> {
    let mut ty = ty;
    for name in path.names.iter().skip(1) {
        let within = match ty {
            Type::Variant(ty) => ty.options.named(name),
            Type::Struct(ty) => ty.fields.iter().find(|(field, _)| field == name),
            _ => None,
        };
        let Some((_, found)) = within else { return Err(missing(path, at)) };
        ty = found;
    }
    match (kind, ty) {
        (Kind::Tag, Type::Enum(_)) => Ok(()),
        (Kind::Tag, _) => Err((at, format!("the tag `{path}` is no enumeration"))),
        (Kind::Length, ty) => match IntegerType::of(ty) {
            Some(ty) if !ty.signed => Ok(()),
            _ => Err((at, format!("the length `{path}` is no integer without sign"))),
        },
    }
}
