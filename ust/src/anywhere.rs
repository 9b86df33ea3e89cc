//! Events and spans without a declaration: `event!`, `text!` and `span!`.

use crate::callsite::Switch;
use crate::declared::{Site, announce};
use crate::record;
use crate::span::{Captured, Span};
use ust_core::wire::Described;

/// Records an event that was seen on.
#[cold]
#[inline(never)]
pub fn record_event<S: Site, P: Described>(_: S, payload: &P) {
    announce::<S, P>();
    let switch: &Switch = S::switch();
    record::record(switch, switch.state(), payload);
}

/// Begins a span that was seen on.
#[cold]
#[inline(never)]
pub fn begin_span<S: Site, P: Described>(_: S, payload: &P) -> Span {
    announce::<S, P>();
    Span::begin(S::switch(), || {
        let mut captured = Captured::new(P::SIZES_BYTES);
        payload.show(&mut captured);
        captured
    })
}
