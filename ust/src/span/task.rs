//! Spans of futures: when they are polled, and how long they were busy and idle.
//!
//! ```text
//!   entry      resume  suspend        resume  suspend          resume  exit
//!     |          |=======|              |========|               |======|
//!                  busy       idle         busy        idle        busy        duration: from the entry to the exit
//! ```
//!
//! `span`, a number that is unique in the process, says which of them belong together, whichever thread polls. A span that is polled by
//! nobody was busy all the time.
#![allow(unsafe_code)]

use super::Nothing;
use super::captured::Captured;
use super::outcome::Outcome;
use crate::callsite::Switch;
use crate::record;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use ust_core::clock;
use ust_core::event::FieldDescription;
use ust_core::sync::{AtomicU64, Ordering};
use ust_core::wire::{Both, Field, Payload};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number for a span, if one of its events is on; else 0.
#[inline]
pub fn number(switches: &[&Switch]) -> u64 {
    let is_on = switches.iter().any(|switch| switch.state().is_on());
    if is_on { NEXT.fetch_add(1, Ordering::Relaxed) } else { 0 }
}

/// A span that has begun. Dropping it records its end.
pub struct Task<C: Payload> {
    exit: &'static Switch,
    /// Of the records at each poll: its beginning, and its end if the future is not ready.
    polls: Option<(u64, &'static Switch, &'static Switch)>,
    begun: Option<Begun<C>>,
    /// When the poll began that is in progress (0 if nothing is timed). A panic now comes from the future.
    polled_since_ns: Option<u64>,
}

struct Begun<C> {
    /// What the record begins with.
    fields: C,
    at_ns: u64,
    busy_ns: u64,
    polls: u32,
}

impl<C: Payload> Task<C> {
    /// Begins. The fields are made only while the event at the end is on.
    #[inline]
    pub fn begin(exit: &'static Switch, fields: impl FnOnce() -> C) -> Self {
        let begun = exit.state().is_on().then(|| {
            let fields = fields();
            Begun { fields, at_ns: clock::monotonic_ns(), busy_ns: 0, polls: 0 }
        });
        Self { exit, polls: None, begun, polled_since_ns: None }
    }

    /// With records at each poll.
    #[inline]
    pub fn with_polls(
        mut self,
        span: u64,
        resume: &'static Switch,
        suspend: &'static Switch,
    ) -> Self {
        self.polls = Some((span, resume, suspend));
        self
    }

    /// The future, as a part of this span.
    #[inline]
    pub fn poll_within<F: Future>(&mut self, future: F) -> InTask<'_, F, C> {
        InTask { task: self, future }
    }

    /// Ends with what is recorded of the value.
    #[inline]
    pub fn ended<V: Field, E: Field>(mut self, outcome: impl FnOnce() -> Outcome<V, E>) {
        if let Some(begun) = self.begun.take() {
            record_end(self.exit, &begun, outcome());
        }
    }

    fn before_poll(&mut self) {
        if let Some((span, resume, _)) = self.polls {
            let seen = resume.state();
            if seen.is_on() {
                record::record(resume, seen, &(span,));
            }
        }
        let now_ns = if self.begun.is_some() { clock::monotonic_ns() } else { 0 };
        self.polled_since_ns = Some(now_ns);
    }

    fn after_poll(&mut self, is_ready: bool) {
        self.count_poll();
        if let Some((span, _, suspend)) = self.polls {
            let seen = suspend.state();
            if seen.is_on() && !is_ready {
                record::record(suspend, seen, &(span,));
            }
        }
    }

    /// Counts the poll in progress, which ends now. Returns whether there was one.
    fn count_poll(&mut self) -> bool {
        let Some(since_ns) = self.polled_since_ns.take() else { return false };
        if let Some(begun) = &mut self.begun {
            begun.polls = begun.polls.saturating_add(1);
            begun.busy_ns += clock::monotonic_ns().saturating_sub(since_ns);
        }
        true
    }
}

#[cold]
#[inline(never)]
fn record_end<C: Payload, V: Field, E: Field>(
    exit: &Switch,
    begun: &Begun<C>,
    outcome: Outcome<V, E>,
) {
    let duration_ns = clock::monotonic_ns().saturating_sub(begun.at_ns);
    let busy_ns = if begun.polls == 0 { duration_ns } else { begun.busy_ns };
    let idle_ns = duration_ns.saturating_sub(busy_ns);
    let seen = exit.state();
    if seen.is_on() {
        let times = (duration_ns, busy_ns, idle_ns, begun.polls, outcome);
        record::record(exit, seen, &Both(&begun.fields, times));
    }
}

impl<C: Payload> Drop for Task<C> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.begun.is_some() {
            self.end_early();
        }
    }
}

impl<C: Payload> Task<C> {
    #[cold]
    #[inline(never)]
    fn end_early(&mut self) {
        let outcome: Outcome = if self.count_poll() { Outcome::Unwound } else { Outcome::Dropped };
        let Some(begun) = self.begun.take() else { return };
        record_end(self.exit, &begun, outcome);
    }
}

/// The fields of a span that follow its arguments.
pub const SPAN_FIELDS: [FieldDescription; 5] = [
    FieldDescription { name: "duration", ty: u64::TYPE },
    FieldDescription { name: "busy", ty: u64::TYPE },
    FieldDescription { name: "idle", ty: u64::TYPE },
    FieldDescription { name: "polls", ty: u32::TYPE },
    FieldDescription { name: "outcome", ty: <Outcome>::TYPE },
];

/// A future that is polled as a part of a span.
pub struct InTask<'a, F, C: Payload> {
    task: &'a mut Task<C>,
    future: F,
}

impl<F: Future, C: Payload> Future for InTask<'_, F, C> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is pinned where it lies, and is not moved from there; the reference may be moved.
        let (task, future) = unsafe {
            let this = self.get_unchecked_mut();
            (&mut *this.task, Pin::new_unchecked(&mut this.future))
        };
        task.before_poll();
        let polled = future.poll(context);
        task.after_poll(polled.is_ready());
        polled
    }
}

/// A span that `#[tracepoint(span)]` declared, from the call to the drop.
///
/// ```
/// # use ust::tracepoint;
/// #[tracepoint(span)]
/// fn request(connection: u64, command: &str);
///
/// let span = request(7, "GET");
/// // ... what takes time ...
/// drop(span);
///
/// # async fn answer() {}
/// let answered = request(7, "GET").in_future(answer());
/// # drop(answered);
/// ```
///
/// Its record has the arguments, `duration`, `busy`, `idle` (ns), `polls` and the outcome. A span that is dropped by a panic
/// says `unwound`. An argument that is too long for the room of 512 bytes is cut.
#[must_use = "a span ends when it is dropped: `let _span = ...`"]
pub struct Span {
    task: Task<Captured>,
    was_panicking: bool,
}

impl Span {
    #[doc(hidden)]
    #[inline]
    pub fn begin(switch: &'static Switch, capture: impl FnOnce() -> Captured) -> Self {
        let was_panicking = switch.state().is_on() && std::thread::panicking();
        Self { task: Task::begin(switch, capture), was_panicking }
    }

    /// One that records nothing.
    #[doc(hidden)]
    #[inline(always)]
    pub fn nothing() -> Self {
        static OFF: Switch = Switch::new();
        let task = Task { exit: &OFF, polls: None, begun: None, polled_since_ns: None };
        Self { task, was_panicking: false }
    }

    /// The span of this future: from here to the future's end. A future that is dropped before says `dropped`.
    pub fn in_future<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        let mut task = self.into_task();
        async move {
            let output = task.poll_within(future).await;
            task.ended(returned);
            output
        }
    }

    fn into_task(mut self) -> Task<Captured> {
        let ended = Task { exit: self.task.exit, polls: None, begun: None, polled_since_ns: None };
        core::mem::replace(&mut self.task, ended)
    }
}

const fn returned() -> Outcome {
    Outcome::Returned(Nothing)
}

impl Drop for Span {
    #[inline(always)]
    fn drop(&mut self) {
        if self.task.begun.is_some() {
            self.end();
        }
    }
}

impl Span {
    #[cold]
    #[inline(never)]
    fn end(&mut self) {
        let Some(begun) = self.task.begun.take() else { return };
        let has_unwound = std::thread::panicking() && !self.was_panicking;
        let outcome = if has_unwound { Outcome::Unwound } else { returned() };
        record_end(self.task.exit, &begun, outcome);
    }
}
