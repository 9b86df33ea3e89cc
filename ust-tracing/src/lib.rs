//! Records the spans and events of programs that use `tracing`: as typed events of `ust`, switched by its rules.
//!
//! One line of the program changes, the one that sets the subscriber:
//!
//! ```
//! tracing::subscriber::set_global_default(ust_tracing::subscriber()).expect("there is no other");
//! tracing::info!(peer = "10.0.0.1", bytes = 1204, "request done");
//! ```
//!
//! Or a layer beside others, here beside one that prints:
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(ust_tracing::layer()).init();
//! ```
//!
//! Then record the program. A rule names a crate, a module of it, or a kind of event:
//!
//! ```text
//! ust record -o OUT -e 'mini_redis:*' -- ./server        everything of a crate
//! ust record -o OUT -e 'mini_redis:cmd::*' -- ./server   of a module
//! ust record -o OUT -e '*.close' -- ./server             the end of each span: total, busy and idle time
//! ```
//!
//! # What is recorded
//! ```text
//!  mini_redis:cmd::get:85: { span_id = 7, message = "cache miss", key = "a", shard = 3 }      an event: module, line
//!  mini_redis:server:request.new: { span_id = 7, parent_id = 2, peer = "10.0.0.1" }           a span begins
//!  mini_redis:server:request.enter: { span_id = 7 }                                           a thread enters it
//!  mini_redis:server:request.record: { span_id = 7, status = 200 }                            a field that was `Empty`
//!  mini_redis:server:request.follows_from: { span_id = 7, follows_id = 5 }
//!  mini_redis:server:request.exit: { span_id = 7, busy_ns = 8117 }                            how long it was in
//!  mini_redis:server:request.close: { span_id = 7, total_ns = 90100, busy_ns = 8117, idle_ns = 81983, entered = 1 }
//! ```
//!
//! - Each event has a name for rules (`names`), the level of its callsite, source file and line. `ERROR`, `WARN`, `INFO`,
//!   `DEBUG` and `TRACE` are `Err`, `Warning`, `Info`, `DebugModule` and `Debug`.
//! - `span_id` of an event is the span that it happens in: the innermost one that is recorded, or its explicit parent. 0 is
//!   none. Ids are not used again within a process.
//! - Fields have the types that they were recorded with: numbers of 64 bits, `bool`, text, bytes. Numbers of 128 bits and
//!   what is formatted (`?`, `%`, errors with their sources) are text. Absent fields (`Empty`, `None`) are left out. How that
//!   goes together with classes, which are described once: `shapes`.
//! - An event has at most 4 KiB. Longer texts are cut, and end with `…`. A zero in a text becomes 0x1A.
//! - A span that began while nobody recorded it stays unrecorded. Whether spans are tracked is decided at their begin.
//!
//! # What it costs
//! As the only subscriber, an event that no session wants costs what an event without a subscriber costs, and a load
//! (`refresh`). Recorded, it costs 30 to 50 ns on a machine where tracing-subscriber's fmt layer takes 350 to 600 ns:
//! `benches/tracing_layer` measures both. The fields are encoded on the stack, into 4 KiB. Numbers and texts allocate nothing.
//! A callsite's first event allocates, and so does the first event of each shape.
//!
//! # The `log` crate
//! Records of `log` arrive as events `log:log_event`, through `tracing_log::LogTracer::init()`. With `tracing_subscriber`'s
//! default features its `init()` does that.
//!
//! # What holds
//! - **Other layers lose nothing.** What no session wants is off for this layer alone: it is a per-layer filter.
//! - **Counts are exact**: each event of an enabled callsite is recorded, or counted as lost, as by any tracepoint.
//! - **Rules take effect within milliseconds**, in both directions, also while callsites register. A thread named
//!   `ust-tracing` sees to it (`refresh`). A process whose `main` calls `pthread_exit` does not end while that thread is there.
//! - **Fields may do anything**: their `Debug` may emit events, or panic. (While any thread has a subscriber of its own,
//!   `tracing` itself drops events that are emitted within others.)
//! - **Forked children** go on recording as processes of their own, and hear of rules. A child of a raw `clone` records by the
//!   rules of that moment, as with all tracepoints.
//! - **Not async-signal-safe**: `tracing` is not. In a signal handler, use a tracepoint.
//! - A layer of this crate above another one in one subscriber records nothing, because the other one does already.
//! - A shared object that sets a subscriber must stay loaded.
//!
//! # Inside
//! ```text
//!  callsite registers --> site: names, classes            refresh: a thread that has `tracing` ask again
//!                           |                                  ^ rules
//!  event --> recorder --> payload: key, bytes --> shapes: class of the key --> ust: the ring
//!  enter --> entered: which spans this thread is in       times: busy and idle
//! ```

#![deny(unsafe_code)]

mod entered;
mod fork;
mod making;
mod names;
mod payload;
mod recorder;
mod refresh;
mod shapes;
mod signals;
mod site;
mod subscriber;
mod times;

pub use recorder::{ByRules, Recorder};
pub use subscriber::Subscriber;

use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::Layer as _;
use tracing_subscriber::registry::LookupSpan;

/// The layer that records what sessions want: [`Recorder`] behind its filter.
pub type Layer<S> = Filtered<Recorder, ByRules, S>;

/// A layer for `tracing_subscriber`'s registry, beside others.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// let subscriber = tracing_subscriber::registry().with(ust_tracing::layer());
/// tracing::subscriber::with_default(subscriber, || tracing::info!("heard"));
/// ```
///
/// # Panics
/// `tracing_subscriber` panics where the layer is put on a subscriber whose root is not its registry.
pub fn layer<S>() -> Layer<S>
where
    S: tracing_core::Subscriber + for<'a> LookupSpan<'a>,
{
    Recorder::new().with_filter(ByRules)
}

/// A subscriber for programs that want no other.
///
/// ```
/// tracing::subscriber::with_default(ust_tracing::subscriber(), || tracing::info!("heard"));
/// ```
pub fn subscriber() -> Subscriber {
    Subscriber::new()
}
