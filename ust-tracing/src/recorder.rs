//! The layer: hears of events and spans, and records them.
//!
//! | `tracing` | recorded |
//! | --- | --- |
//! | event | `CRATE:MODULE:LINE`: the span that the thread is in (0: none), fields |
//! | new span | `SPAN.new`: id, parent (0: none), fields |
//! | fields recorded later | `SPAN.record`: id, these fields |
//! | follows from | `SPAN.follows_from`: id, the other's id |
//! | enter, exit | `SPAN.enter`, `SPAN.exit`: id, and the time inside |
//! | close | `SPAN.close`: id, total, busy and idle time, how often it was entered |
//!
//! Ids are numbers of this crate, from 1 on. The registry's own ids are used again for later spans; these are not.

use crate::payload::{Payload, Room};
use crate::site::{self, Events, SpanEvents};
use crate::times::{Times, nanoseconds};
use crate::{entered, refresh};
use std::time::Instant;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use ust::dynamic::DynamicEvent;
use ust_core::sync::{AtomicU64, Ordering};

/// Records what it hears of. [`layer`](crate::layer) puts it behind the filter that it needs.
#[derive(Debug, Clone, Copy)]
pub struct Recorder {
    /// Its number in this process.
    number: u64,
    /// Another one below it records already.
    is_second: bool,
}

/// Whether some session wants an event or a span: the filter of [`Recorder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ByRules;

/// What a span of the registry holds for this crate.
struct Known {
    /// The layer that records it.
    layer: u64,
    span_id: u64,
    events: &'static SpanEvents,
    times: Times,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self { number: LAST.fetch_add(1, Ordering::Relaxed) + 1, is_second: false }
    }

    /// Looks at a span that this layer records, which is locked meanwhile. Nothing is recorded there: in block mode that may
    /// wait, and other threads may want the span.
    #[inline]
    fn with<'a, S: LookupSpan<'a>, T>(
        &self,
        span: &SpanRef<'a, S>,
        act: impl FnOnce(&mut Known) -> T,
    ) -> Option<T> {
        let mut extensions = span.extensions_mut();
        extensions.get_mut::<Known>().filter(|known| known.layer == self.number).map(act)
    }

    /// The span that something happens in, of those that are recorded; 0 if there is none.
    #[inline(always)]
    fn span_of(
        &self,
        parent: Option<&Id>,
        is_contextual: bool,
        id_of: impl FnOnce(&Id) -> u64,
    ) -> u64 {
        match parent {
            Some(parent) => id_of(parent),
            None if is_contextual => entered::current(self.number),
            None => 0,
        }
    }

    /// Records an event, if it is on. `id_of` tells the number of a span.
    #[inline(always)]
    pub(crate) fn record_event(&self, event: &Event<'_>, id_of: impl FnOnce(&Id) -> u64) {
        let Some(site) = site::of(event.metadata()) else { return };
        let Events::Event(shapes) = &site.events else { return };
        if !shapes.is_on() || self.is_second {
            return;
        }
        let span_id = self.span_of(event.parent(), event.is_contextual(), id_of);
        let mut room = Room::new();
        let mut payload = Payload::begin_with(&mut room, [span_id], shapes.declared());
        event.record(&mut payload);
        shapes.record(&payload);
    }
}

fn id_of<S>(id: &Id, context: &Context<'_, S>) -> u64
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    number_of(context.span(id))
}

/// The number of a span; 0 if it is not recorded.
pub(crate) fn number_of<'a, R: LookupSpan<'a>>(span: Option<SpanRef<'a, R>>) -> u64 {
    span.and_then(|span| Some(span.extensions().get::<Known>()?.span_id)).unwrap_or(0)
}

/// Records an event of numbers.
#[allow(unsafe_code)]
fn record_numbers<const N: usize>(event: &DynamicEvent, numbers: [u64; N]) {
    if event.is_on() {
        let mut bytes = [0; 64];
        for (bytes, number) in bytes.chunks_exact_mut(size_of::<u64>()).zip(numbers) {
            bytes.copy_from_slice(&number.to_ne_bytes());
        }
        // SAFETY: the callers give the numbers that `site` has described.
        unsafe { event.record(&bytes[..N * size_of::<u64>()]) };
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        refresh::dispatches(dispatch, |other| other.downcast_ref::<Self>().is_some());
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        let below: &dyn Subscriber = subscriber;
        self.is_second = below.is::<Self>();
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.record_event(event, |id| id_of(id, &context));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let Some(site) = site::of(attributes.metadata()) else { return };
        let Events::Span(events) = &site.events else { return };
        // What nobody wants may come here all the same, while its interest is not cached yet.
        if !events.is_any_on() || self.is_second {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let span_id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        if events.new.is_on() {
            let id_of = |id: &Id| id_of(id, &context);
            let parent = self.span_of(attributes.parent(), attributes.is_contextual(), id_of);
            let mut room = Room::new();
            let mut payload =
                Payload::begin_with(&mut room, [span_id, parent], events.new.declared());
            attributes.record(&mut payload);
            events.new.record(&payload);
        }
        let (layer, times) = (self.number, Times::beginning(Instant::now()));
        // Nothing of this type is there, unless two of these layers do not know of each other.
        span.extensions_mut().replace(Known { layer, span_id, events, times });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let known = self.with(&span, |known| (known.span_id, known.events));
        let Some((span_id, events)) = known.filter(|(_, events)| events.record.is_on()) else {
            return;
        };
        let mut room = Room::new();
        let mut payload = Payload::begin_with(&mut room, [span_id], events.record.declared());
        values.record(&mut payload);
        events.record.record(&payload);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let follows_id = id_of(follows, &context);
        let Some(span) = context.span(id) else { return };
        if let Some((span_id, events)) = self.with(&span, |known| (known.span_id, known.events)) {
            record_numbers(&events.follows_from, [span_id, follows_id]);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let entered = self.with(&span, |known| {
            let now = Instant::now();
            known.times.enter(now);
            (known.span_id, known.events, now)
        });
        if let Some((span_id, events, now)) = entered {
            entered::enter(self.number, span_id, now);
            record_numbers(&events.enter, [span_id]);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let left = self.with(&span, |known| {
            let now = Instant::now();
            known.times.exit(now);
            (known.span_id, known.events, now)
        });
        if let Some((span_id, events, now)) = left {
            let busy = entered::exit(self.number, span_id, now);
            record_numbers(&events.exit, [span_id, nanoseconds(busy)]);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let ended = self
            .with(&span, |known| (known.span_id, known.events, known.times.at_end(Instant::now())));
        if let Some((span_id, events, [total, busy, idle, entered])) = ended {
            record_numbers(&events.close, [span_id, total, busy, idle, entered]);
        }
    }
}

impl ByRules {
    pub(crate) fn wants(metadata: &Metadata<'_>) -> bool {
        // A callsite that nobody knows yet becomes known when it is heard of.
        site::find(&metadata.callsite()).is_none_or(|site| site.events.is_any_on())
    }

    pub(crate) fn interest(metadata: &'static Metadata<'static>) -> Interest {
        let site = site::of(metadata);
        if !refresh::is_rebuilding() {
            refresh::registered();
            return Interest::sometimes();
        }
        match site.is_some_and(|site| site.events.is_any_on()) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    /// A callsite that has not been passed yet may be wanted, and registers only if the hint lets it through. A callsite that
    /// nobody wants costs a load more than below the hint.
    pub(crate) const MAX_LEVEL: LevelFilter = LevelFilter::TRACE;
}

impl<S> Filter<S> for ByRules {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        Self::wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        Self::interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(Self::MAX_LEVEL)
    }
}
