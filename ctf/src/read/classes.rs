//! The event classes of a trace, numbered, and how the headers of each stream class find them.
//!
//! A class's number is its own among the classes of all traces that are read together, so what belongs to a class may be
//! kept in a `Vec`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::plan::{Format, Header, Place, Plan};
use crate::schema::{EventType, Metadata, Scope, StreamType, Timeline, Type};

/// How many values the plans of one trace have together. Classes beyond are read by the general decoder: a trace of some
/// megabytes may name types that expand to gigabytes of plans.
const PLANNED_VALUES_MAX: usize = 1 << 19;

/// Ids below this are looked up in a table.
const TABLE_IDS: u64 = 1 << 16;

/// The event classes of one trace.
#[derive(Debug)]
pub(crate) struct Classes {
    /// By stream class.
    streams: BTreeMap<u64, Arc<StreamClass>>,
    all: Vec<Arc<Class>>,
    /// The number of the first of them.
    first: usize,
}

/// A stream class, in the form that reading records needs.
#[derive(Debug)]
pub(super) struct StreamClass {
    pub(super) header: Header,
    pub(super) header_type: Option<Type>,
    /// `None` if its records have no times.
    timeline: Option<Timeline>,
    /// Numbers by id, where ids are small; 0 is none, and the others are one more than the number.
    table: Vec<u32>,
    /// The other ones.
    map: BTreeMap<u64, u32>,
    /// The class of records whose header names none.
    only: u64,
}

/// An event class and its stream class's part of it.
#[derive(Debug)]
pub struct Class {
    /// The class.
    pub event: Arc<EventType>,
    /// The context that all events of the stream have.
    pub stream_context: Option<Type>,
    /// What its records' headers end at is a multiple of this, in bits.
    header_align: u32,
    /// How many values the plans of its trace may still have.
    planned_values_left: Arc<Mutex<usize>>,
    /// How its records are passed over.
    skip: OnceLock<Option<Plan<()>>>,
}

impl Classes {
    /// The classes of a trace, numbered from `first`.
    pub(crate) fn new(metadata: &Metadata, first: usize) -> Classes {
        let (mut all, left) = (Vec::new(), Arc::new(Mutex::new(PLANNED_VALUES_MAX)));
        let class = |(id, ty): (&u64, &StreamType)| {
            (*id, Arc::new(StreamClass::new(ty, first, &left, &mut all)))
        };
        let streams = metadata.streams.iter().map(class).collect();
        Classes { streams, all, first }
    }

    pub(super) fn all(&self) -> &[Arc<Class>] {
        &self.all
    }

    pub(super) fn class(&self, number: usize) -> &Class {
        &self.all[number - self.first]
    }

    pub(super) fn stream(&self, id: u64) -> Option<&Arc<StreamClass>> {
        self.streams.get(&id)
    }
}

impl StreamClass {
    fn new(
        ty: &StreamType,
        first: usize,
        planned_values_left: &Arc<Mutex<usize>>,
        all: &mut Vec<Arc<Class>>,
    ) -> StreamClass {
        let header = Header::of(ty.event_header.as_ref());
        let (mut table, mut map) = (Vec::new(), BTreeMap::new());
        for (id, event) in &ty.events {
            let number = (first + all.len()) as u32;
            all.push(Arc::new(Class {
                event: Arc::clone(event),
                stream_context: ty.event_context.clone(),
                header_align: header.end_align(),
                planned_values_left: Arc::clone(planned_values_left),
                skip: OnceLock::new(),
            }));
            // The ids ascend.
            if *id < TABLE_IDS && *id < 2 * table.len() as u64 + 64 {
                table.resize(*id as usize + 1, 0);
                table[*id as usize] = number + 1;
            } else {
                map.insert(*id, number);
            }
        }
        StreamClass {
            header,
            header_type: ty.event_header.clone(),
            timeline: ty.clock.as_deref().map(Timeline::of),
            table,
            map,
            only: ty.events.keys().next().copied().unwrap_or(0),
        }
    }

    /// Whether its records have times.
    pub(super) fn has_clock(&self) -> bool {
        self.timeline.is_some()
    }

    /// Nanoseconds since 1970 of a value of its clock, `None` if an `i64` cannot hold them. Without a clock, 0.
    #[inline]
    pub(super) fn ns(&self, clock: u64) -> Option<i64> {
        self.timeline.as_ref().map_or(Some(0), |timeline| timeline.ns(clock))
    }

    /// The number of the class with this id; without an id, that of the only one. If there is none, the id.
    #[inline]
    pub(super) fn class(&self, id: Option<u64>) -> Result<usize, u64> {
        let id = id.unwrap_or(self.only);
        let known = usize::try_from(id).ok().and_then(|id| self.table.get(id)).copied();
        match known.unwrap_or(0) {
            0 => self.map.get(&id).map(|number| *number as usize).ok_or(id),
            number => Ok(number as usize - 1),
        }
    }
}

impl Class {
    /// How the class's records are read, with the nodes of `format`. `None` if only the general decoder can read them.
    pub fn plan<F: Format>(&self, format: &mut F) -> Option<Plan<F::Node>> {
        let parts = [
            (Scope::StreamEventContext, self.stream_context.as_ref()),
            (Scope::EventContext, self.event.context.as_ref()),
            (Scope::Fields, self.event.fields.as_ref()),
        ];
        let left = &self.planned_values_left;
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        Plan::compile(&parts, self.header_align, &mut left, format)
    }

    pub(super) fn skip(&self) -> Option<&Plan<()>> {
        self.skip.get_or_init(|| self.plan(&mut Sizes)).as_ref()
    }
}

/// A plan that only finds a record's end.
struct Sizes;

impl Format for Sizes {
    type Node = ();
    const VALUES: bool = false;

    fn node(&mut self, _: Place<'_>, _: &Type) {}

    fn end(&mut self, _: &Type) {}
}
