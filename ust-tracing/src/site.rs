//! Callsites: what is known of each, found without a lock.
//!
//! ```text
//!   BUCKETS   [ . | Site --> Site | . | Site | ... ]     by the address of the callsite
//!                    |
//!                    +-- event: shapes
//!                    '-- span:  new: shapes, record: shapes; enter, exit, follows_from, close
//! ```
//!
//! Sites are made when callsites register, or at their first event, and stay. There are as many as the program has places
//! in its source that emit something. They belong to the process, not to a layer: several layers share them.

use crate::making;
use crate::names::{Names, level_of};
use crate::shapes::{Shapes, Source, ids_of};
use core::hash::{Hash, Hasher};
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;
use ust::dynamic::DynamicEvent;
use ust_core::sync::Place;

/// One callsite.
pub(crate) struct Site {
    callsite: Identifier,
    pub(crate) events: Events,
    next: Place<Site>,
}

/// The events of a callsite.
pub(crate) enum Events {
    /// Of an event. What is no span counts as one: `enabled!` asks by such callsites.
    Event(Shapes),
    /// Of a span.
    Span(Box<SpanEvents>),
}

/// The events of a span.
pub(crate) struct SpanEvents {
    /// Its begin: ids of the span and its parent, and the fields that it begins with.
    pub(crate) new: Shapes,
    /// Fields recorded later.
    pub(crate) record: Shapes,
    /// A thread enters it.
    pub(crate) enter: DynamicEvent,
    /// A thread leaves it: the time since it entered.
    pub(crate) exit: DynamicEvent,
    /// It follows from another span.
    pub(crate) follows_from: DynamicEvent,
    /// Its end: times, and how often it was entered.
    pub(crate) close: DynamicEvent,
}

impl Events {
    fn of(metadata: &'static Metadata<'static>) -> Self {
        let level = level_of(metadata);
        let (file, line) = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or(0));
        let names = Names::of(metadata);
        if !metadata.is_span() {
            let source = Source { names, level, file, line };
            return Self::Event(Shapes::new(source, &["span_id"], metadata.fields()));
        }
        let source = |suffix| {
            let Names { provider, name } = names.clone();
            Source { names: Names { provider, name: name + suffix }, level, file, line }
        };
        let fixed = |suffix, ids| source(suffix).register(ids_of(ids));
        let fields = metadata.fields();
        Self::Span(Box::new(SpanEvents {
            new: Shapes::new(source(".new"), &["span_id", "parent_id"], fields),
            record: Shapes::new(source(".record"), &["span_id"], fields),
            enter: fixed(".enter", &["span_id"]),
            exit: fixed(".exit", &["span_id", "busy_ns"]),
            follows_from: fixed(".follows_from", &["span_id", "follows_id"]),
            close: fixed(".close", &["span_id", "total_ns", "busy_ns", "idle_ns", "entered"]),
        }))
    }

    /// Whether some channel records any of them.
    #[inline]
    pub(crate) fn is_any_on(&self) -> bool {
        match self {
            Self::Event(shapes) => shapes.is_on(),
            Self::Span(span) => span.is_any_on(),
        }
    }
}

impl SpanEvents {
    /// Whether some channel records any of them.
    pub(crate) fn is_any_on(&self) -> bool {
        let fixed = [&self.enter, &self.exit, &self.follows_from, &self.close];
        self.new.is_on() || self.record.is_on() || fixed.into_iter().any(DynamicEvent::is_on)
    }
}

const BUCKET_BITS: u32 = 12;

static BUCKETS: [Place<Site>; 1 << BUCKET_BITS] = [const { Place::empty() }; 1 << BUCKET_BITS];

/// The site of a callsite, if it is known.
#[inline]
pub(crate) fn find(callsite: &Identifier) -> Option<&'static Site> {
    let mut site = BUCKETS[bucket_of(callsite)].get();
    while let Some(it) = site {
        if it.callsite == *callsite {
            break;
        }
        site = it.next.get();
    }
    site
}

/// The site of a callsite, made if it is not known. `None` within the making of another (see [`making`]).
#[inline]
pub(crate) fn of(metadata: &'static Metadata<'static>) -> Option<&'static Site> {
    find(&metadata.callsite()).or_else(|| make(metadata))
}

#[cold]
#[inline(never)]
fn make(metadata: &'static Metadata<'static>) -> Option<&'static Site> {
    let _making = making::begin()?;
    let callsite = metadata.callsite();
    // Another thread may have made it.
    if let Some(site) = find(&callsite) {
        return Some(site);
    }
    let mut last = &BUCKETS[bucket_of(&callsite)];
    while let Some(site) = last.get() {
        last = &site.next;
    }
    let site = Site { callsite, events: Events::of(metadata), next: Place::empty() };
    last.set(Some(Box::leak(Box::new(site))));
    last.get()
}

/// By the callsite's address.
#[inline]
fn bucket_of(callsite: &Identifier) -> usize {
    let mut address = Address(0);
    callsite.hash(&mut address);
    (address.finish() >> (u64::BITS - BUCKET_BITS)) as usize
}

/// Keeps the first number that it gets, multiplied. An identifier hands over its address first, and then something that may
/// differ between two identifiers of one callsite.
struct Address(u64);

impl Hasher for Address {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize((*byte).into()));
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        if self.0 == 0 {
            self.0 = (value as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
