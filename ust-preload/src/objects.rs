//! Which libraries a process has: told when somebody begins to record them, and whenever that has changed.
//!
//! ```text
//!   program --dlopen--> noted: this thread may have more libraries from now on
//!              its next recorded call --> tell: what has come, what has gone
//!
//!   KNOWN | name and base of each library that was told |      a pass over the loader's list finds one that is not here,
//!                                                             copies what it says, and ends. Then that is recorded
//! ```
//!
//! `dlopen` must be called by the program itself, so the shim does not see its end. What it brought is told behind the
//! thread's next recorded call, or at the program's end. (Not behind `malloc`, which the loader itself calls.) While nothing is
//! recorded, it costs nothing: calls come here only when they are recorded.
//!
//! The loader holds a lock while it tells its list. Nothing is recorded meanwhile, so that no other lock is taken inside.
#![allow(unsafe_code)]

use crate::object::Object;
use crate::object_events;
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_int, c_void};
use core::{ptr, slice};
use ust::inside::Inside;
use ust_core::sync::{AtomicBool, AtomicU64, Ordering};

/// The most libraries that are told of. What is beyond is not.
const MAX_KNOWN: usize = 4096;

/// The thread that may have other libraries than those that were told; 0: none.
static CHANGED_BY: AtomicU64 = AtomicU64::new(0);

/// Whether the libraries present at start have been told.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// Whether a thread is telling.
static IS_BUSY: AtomicBool = AtomicBool::new(false);

static STATE: Guarded = Guarded(UnsafeCell::new(State {
    known: [Known { name: 0, base: 0, is_present: false }; MAX_KNOWN],
    count: 0,
    found: Object::NONE,
}));

struct Guarded(UnsafeCell<State>);

// SAFETY: only the thread that set `IS_BUSY` reaches it.
unsafe impl Sync for Guarded {}

struct State {
    known: [Known; MAX_KNOWN],
    count: usize,
    /// The object that the last pass has found.
    found: Object,
}

#[derive(Clone, Copy)]
struct Known {
    /// A hash.
    name: u64,
    base: u64,
    is_present: bool,
}

/// The calling thread calls a function after which it may have other libraries.
pub fn may_change() {
    CHANGED_BY.store(own(), Ordering::Relaxed);
}

/// Tells what has not been told yet. It is called behind calls that are recorded.
#[inline(always)]
pub fn tell() {
    if CHANGED_BY.load(Ordering::Relaxed) != 0
        || object_events::is_on() != IS_TOLD.load(Ordering::Relaxed)
    {
        tell_slowly();
    }
}

/// At the program's end nothing comes any more, behind which it could be told.
pub extern "C" fn tell_at_end() {
    if CHANGED_BY.load(Ordering::Relaxed) != 0 {
        may_change();
    }
    tell();
}

/// In the child of a fork: it is a process of its own, of which nothing has been told.
pub fn forget() {
    CHANGED_BY.store(0, Ordering::Relaxed);
    IS_TOLD.store(false, Ordering::Relaxed);
    IS_BUSY.store(false, Ordering::Relaxed);
}

#[cold]
#[inline(never)]
fn tell_slowly() {
    if !object_events::is_on() {
        forget_while_off();
        return;
    }
    let by = CHANGED_BY.load(Ordering::Relaxed);
    let is_start = !IS_TOLD.load(Ordering::Relaxed);
    if !is_start && by != own() {
        return;
    }
    // A thread, or a handler that has interrupted this thread, is at it: a later call tells. Acquire: after its last change.
    if IS_BUSY.swap(true, Ordering::Acquire) {
        return;
    }
    let _inside = Inside::new();
    let _errno = crate::errno::Errno::keep();
    if by == own() {
        CHANGED_BY.store(0, Ordering::Relaxed);
    }
    // SAFETY: this thread has set `IS_BUSY`.
    let state = unsafe { &mut *STATE.0.get() };
    if is_start {
        IS_TOLD.store(true, Ordering::Relaxed);
        state.count = 0;
        object_events::begins();
    }
    tell_changes(state, is_start);
    if is_start {
        object_events::is_complete();
    }
    // Release: the next to be busy finds what was changed here.
    IS_BUSY.store(false, Ordering::Release);
}

/// Nobody records libraries any more. Who begins to is told of all of them.
fn forget_while_off() {
    CHANGED_BY.store(0, Ordering::Relaxed);
    IS_TOLD.store(false, Ordering::Relaxed);
}

fn tell_changes(state: &mut State, is_start: bool) {
    for known in &mut state.known[..state.count] {
        known.is_present = false;
    }
    loop {
        // SAFETY: the callback takes the state for what it is.
        let stopped = unsafe { libc::dl_iterate_phdr(Some(next), ptr::from_mut(state).cast()) };
        if stopped == 0 {
            break;
        }
        object_events::has_come(&state.found, is_start);
    }
    let mut at = 0;
    while at < state.count {
        if state.known[at].is_present {
            at += 1;
            continue;
        }
        object_events::has_gone(state.known[at].base as usize);
        state.count -= 1;
        state.known[at] = state.known[state.count];
    }
}

/// One object of the loader's list. Stops at one that is not known, and leaves it in the state.
unsafe extern "C" fn next(info: *mut libc::dl_phdr_info, _: usize, state: *mut c_void) -> c_int {
    // SAFETY: `tell_changes` passes these, and the loader an object that it has.
    let (info, state) = unsafe { (&*info, &mut *state.cast::<State>()) };
    // SAFETY: the loader's table of the object.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let loads = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let (mut low, mut high) = (usize::MAX, 0);
    for load in loads {
        low = low.min(load.p_vaddr as usize);
        high = high.max((load.p_vaddr + load.p_memsz) as usize);
    }
    if low > high {
        return 0;
    }
    let bias = info.dlpi_addr as usize;
    let base = bias.wrapping_add(low);
    let name = if info.dlpi_name.is_null() {
        c""
    } else {
        // SAFETY: the loader's text, while it holds its lock.
        unsafe { CStr::from_ptr(info.dlpi_name) }
    };
    let hash = hash_of(name.to_bytes());
    let known = &mut state.known[..state.count];
    if let Some(known) = known.iter_mut().find(|it| it.base == base as u64 && it.name == hash) {
        known.is_present = true;
        return 0;
    }
    if state.count == MAX_KNOWN {
        return 0;
    }
    state.known[state.count] = Known { name: hash, base: base as u64, is_present: true };
    state.count += 1;
    // SAFETY: it is a loaded object's.
    unsafe { state.found.read(name, headers, bias, low..high) };
    1
}

/// FNV-1a, of 64 bits.
fn hash_of(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The calling thread.
fn own() -> u64 {
    // SAFETY: it always succeeds.
    unsafe { libc::pthread_self() as u64 }
}
