//! The subscriber of a program that wants no other.
//!
//! ```text
//!   events              straight to the recorder: no filter to ask, no registry to go through
//!   spans               a registry, and the recorder as its layer
//!   interest            by rules alone: never, as long as no session wants a callsite
//! ```
#![allow(unsafe_code)]

use crate::recorder::{ByRules, Recorder, number_of};
use core::any::TypeId;
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Records what sessions want, and nothing else hears of it. [`subscriber`](crate::subscriber) makes one.
#[derive(Debug)]
pub struct Subscriber {
    recorder: Recorder,
    spans: Layered<Recorder, Registry>,
}

impl Subscriber {
    pub(crate) fn new() -> Self {
        let recorder = Recorder::new();
        Self { recorder, spans: tracing_subscriber::registry().with(recorder) }
    }

    #[cold]
    fn number_of(&self, id: &Id) -> u64 {
        let spans = self.spans.downcast_ref::<Registry>();
        spans.map_or(0, |spans| number_of(spans.span(id)))
    }
}

impl tracing_core::Subscriber for Subscriber {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.spans.on_register_dispatch(dispatch);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        ByRules::interest(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ByRules::wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(ByRules::MAX_LEVEL)
    }

    fn event(&self, event: &Event<'_>) {
        self.recorder.record_event(event, |id| self.number_of(id));
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.spans.new_span(attributes)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.spans.record(id, values);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        self.spans.record_follows_from(id, follows);
    }

    fn enter(&self, id: &Id) {
        self.spans.enter(id);
    }

    fn exit(&self, id: &Id) {
        self.spans.exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.spans.current_span()
    }

    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some((&raw const *self).cast());
        }
        // SAFETY: the caller's promise.
        unsafe { self.spans.downcast_raw(id) }
    }
}
