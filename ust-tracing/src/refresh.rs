//! `tracing` caches whom each callsite interests. When rules change, a thread of this crate has it ask again.
//!
//! ```text
//!   agent, rules change --observer--> SWITCHED --+              the thread:
//!   any thread, callsite registers -> REGISTERED +--channel-->    wait; take all requests;
//!   fork, in the child: a new channel and thread                 rebuild_interest_cache()    IS_REBUILDING
//!
//!   who asks                       what the filter says          and the level hint
//!   this thread, in a rebuild      never, or always              off, or trace
//!   any other thread               sometimes, + a request        trace
//! ```
//!
//! What `tracing` caches can be overwritten by a thread that asked earlier and stores later. If that thread stored "never",
//! an event that a session wants would be off until the next change of rules. So only one thread is ever told "never", and
//! it asks again after every request. All other threads are told "sometimes", which is right at any time: then `tracing`
//! asks [`ByRules`](crate::ByRules) at each event. It costs some nanoseconds until the thread has been around.
//!
//! - **The thread asks on behalf of a dispatcher** that has a layer of this crate. While there is only one dispatcher,
//!   `tracing` asks the calling thread's default, and this thread has none of its own: a subscriber that is set for some
//!   threads alone would not be asked, and all would be "never". The thread takes such a dispatcher as its default only if
//!   it must. If there is no such dispatcher any more, nothing is asked.
//! - **No request is lost.** It is sent after the switch was set, and the thread takes requests before it asks.
//! - **The observer does not wait**: sending puts a value into an unbounded channel. It runs under the runtime's lock.
//!   The thread takes that lock in a rebuild, but never while it holds the channel.
//! - **Forks.** A fork waits until no rebuild is in progress (`fork`), because `tracing` holds locks in it. The child has
//!   no such thread. It gets one at its first request; if a request was under way, at once.
//! - If there can be no thread, nothing is ever told "never". In a child of a fork that can have none, callsites stay as
//!   they were at the fork.

use crate::signals::Blocked;
use crate::{fork, making};
use core::cell::Cell;
use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_core::callsite::rebuild_interest_cache;
use tracing_core::dispatcher::{Dispatch, WeakDispatch, get_default, with_default};
use ust::dynamic::Observer;
use ust::inside::Inside;
use ust_core::sync::{AtomicU64, Ordering, Place};

/// Observes every event of this crate.
pub(crate) const OBSERVER: Observer = Observer { notify: switched, data: core::ptr::null_mut() };

/// How long callsites that register wait for others, to be asked together. At first a program registers many.
const GATHERING: Duration = Duration::from_millis(10);

/// Why interest is asked anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// A rule has switched something. It is awaited.
    Switched,
    /// Something was told "sometimes". It can wait.
    Registered,
}

/// The way to the thread.
struct Way {
    requests: Sender<Request>,
}

static WAY: Place<Way> = Place::empty();

// Relaxed: a child of a fork, which has one thread, compares them.
static SENT: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_REBUILDING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread may be told "never".
pub(crate) fn is_rebuilding() -> bool {
    IS_REBUILDING.get()
}

/// Has this thread's answer replaced by a better one.
pub(crate) fn registered() {
    request(Request::Registered);
}

extern "C" fn switched(_: *mut c_void, _: bool) {
    request(Request::Switched);
}

fn request(request: Request) {
    SENT.fetch_add(1, Ordering::Relaxed);
    if let Some(way) = WAY.get().or_else(start) {
        // The thread ends only with the process.
        let _ = way.requests.send(request);
    }
}

/// Starts the thread, unless another thread has just done so.
#[cold]
fn start() -> Option<&'static Way> {
    fork::prepare(forget_thread);
    let (requests, taken) = channel();
    let way = &*Box::leak(Box::new(Way { requests }));
    if let Err(winner) = WAY.install(way) {
        return Some(winner);
    }
    if spawn(taken) {
        return Some(way);
    }
    WAY.clear_if(way);
    None
}

/// A thread that no signal of the program's comes to.
fn spawn(requests: Receiver<Request>) -> bool {
    let _inside = Inside::new();
    let _blocked = Blocked::new();
    let thread = thread::Builder::new().name("ust-tracing".to_owned());
    thread.spawn(move || serve(&requests)).is_ok()
}

fn serve(requests: &Receiver<Request>) {
    let _inside = Inside::new();
    while let Ok(first) = requests.recv() {
        let mut request = first;
        while request == Request::Registered {
            match requests.recv_timeout(GATHERING) {
                Ok(next) => request = next,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        // Before these are taken: what is sent from here on is another request.
        let sent = SENT.load(Ordering::Relaxed);
        while requests.try_recv().is_ok() {}
        rebuild();
        DONE.store(sent, Ordering::Relaxed);
    }
}

fn rebuild() {
    let _held = fork::rebuilding();
    let Some((dispatch, has_layer)) = living() else { return };
    // While any thread has a default of its own, `tracing` drops events that are emitted within others, in all threads.
    // So this thread has one only if it must.
    let is_default = get_default(has_layer);
    IS_REBUILDING.set(true);
    // Other layers are asked too, and may panic.
    let _ = catch_unwind(AssertUnwindSafe(|| match is_default {
        true => rebuild_interest_cache(),
        false => with_default(&dispatch, rebuild_interest_cache),
    }));
    IS_REBUILDING.set(false);
}

/// Tells whether a dispatcher has a layer of this crate.
type HasLayer = fn(&Dispatch) -> bool;

/// Hears of a dispatcher with a layer of this crate.
pub(crate) fn dispatches(dispatch: &Dispatch, has_layer: HasLayer) {
    if let Some(_making) = making::begin() {
        let mut all = dispatchers();
        all.retain(|(dispatch, _)| dispatch.upgrade().is_some());
        all.push((dispatch.downgrade(), has_layer));
    }
}

/// A dispatcher with a layer of this crate.
fn living() -> Option<(Dispatch, HasLayer)> {
    let _making = making::begin()?;
    dispatchers().iter().find_map(|(dispatch, has_layer)| Some((dispatch.upgrade()?, *has_layer)))
}

/// Only while something is being made, so that forks wait for it.
fn dispatchers() -> MutexGuard<'static, Vec<(WeakDispatch, HasLayer)>> {
    static ALL: Mutex<Vec<(WeakDispatch, HasLayer)>> = Mutex::new(Vec::new());
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In the child of a fork: the thread is the parent's.
fn forget_thread() {
    WAY.set(None);
    if SENT.load(Ordering::Relaxed) != DONE.load(Ordering::Relaxed) {
        request(Request::Switched);
    }
}
