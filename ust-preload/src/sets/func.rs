//! `func`: functions of programs that were built with `-finstrument-functions`, which call these two at the beginning and the
//! end of each.
//!
//! | limits | recorded |
//! | --- | --- |
//! | none | `entry` and `exit` |
//! | a greatest depth | `entry` and `exit` of calls that are not in more functions than that |
//! | a least duration | one `call` at the exit, of calls that took that long; others leave no record |
//!
//! Without limits nothing is kept of a call, so that it does not matter whether its exit comes.
#![allow(unsafe_code)]

use super::lttng::functions as lttng;
use crate::argument::Address;
use crate::call_stack::{self, Call};
use crate::errno::Errno;
use crate::objects;
use ust::inside::is_inside;
use ust_core::shim::Options;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

/// Behind the shim's: the C library's, which do nothing, or those of another tracer.
mod real {
    use super::Address;

    crate::real::real! {
        pub fn __cyg_profile_func_enter(function: Address, call_site: Address) -> ();
        pub fn __cyg_profile_func_exit(function: Address, call_site: Address) -> ();
    }
}

mod event {
    use super::Address;
    use ust::tracepoint;

    #[tracepoint(provider = "func", level = Debug)]
    pub fn entry(addr: Address, call_site: Address);
    #[tracepoint(provider = "func", level = Debug)]
    pub fn exit(addr: Address, call_site: Address);
    #[tracepoint(provider = "func", level = Debug)]
    pub fn call(addr: Address, call_site: Address, duration: u64, depth: u32);
}

/// Shorter calls leave no record, in nanoseconds; 0: no limit.
static MIN_DURATION_NS: AtomicU64 = AtomicU64::new(0);

/// Calls that are in more functions leave no record.
static MAX_DEPTH: AtomicU32 = AtomicU32::new(u32::MAX);

/// Sets the limits. Before `main`.
pub fn limit(options: &Options) {
    MIN_DURATION_NS.store(options.min_duration_ns, Ordering::Relaxed);
    MAX_DEPTH.store(options.max_depth, Ordering::Relaxed);
}

/// What a function is recorded by.
enum Recording {
    Plain,
    UpToDepth(u32),
    FromDuration { min_ns: u64, max_depth: u32 },
}

#[inline(always)]
fn recording() -> Recording {
    let (min_ns, max_depth) =
        (MIN_DURATION_NS.load(Ordering::Relaxed), MAX_DEPTH.load(Ordering::Relaxed));
    match (min_ns, max_depth) {
        (0, u32::MAX) => Recording::Plain,
        (0, max_depth) => Recording::UpToDepth(max_depth),
        (min_ns, max_depth) => Recording::FromDuration { min_ns, max_depth },
    }
}

/// A function begins.
///
/// # Safety
/// As the compiler calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn __cyg_profile_func_enter(function: Address, call_site: Address) {
    if event::entry::enabled() || event::call::enabled() || lttng::func_entry::enabled() {
        entered(function, call_site);
    }
    // SAFETY: the caller's promise.
    unsafe { real::__cyg_profile_func_enter(function, call_site) }
}

/// A function ends.
///
/// # Safety
/// As the compiler calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn __cyg_profile_func_exit(function: Address, call_site: Address) {
    if event::exit::enabled() || event::call::enabled() || lttng::func_exit::enabled() {
        left(function, call_site);
    }
    // SAFETY: the caller's promise.
    unsafe { real::__cyg_profile_func_exit(function, call_site) }
}

#[cold]
#[inline(never)]
fn entered(addr: Address, call_site: Address) {
    if is_inside() {
        return;
    }
    let _errno = Errno::keep();
    objects::tell();
    lttng::func_entry(addr, call_site);
    // The stack grows down from caller to called: this variable lies where the function's own end, always by as much.
    let here = 0_u8;
    let place = (&raw const here).addr();
    match recording() {
        Recording::Plain => event::entry(addr, call_site),
        Recording::UpToDepth(max_depth) => {
            call_stack::enter(Call { addr, call_site }, place);
            if call_stack::depth().saturating_sub(1) <= max_depth {
                event::entry(addr, call_site);
            }
        }
        Recording::FromDuration { .. } => call_stack::enter(Call { addr, call_site }, place),
    }
}

#[cold]
#[inline(never)]
fn left(addr: Address, call_site: Address) {
    if is_inside() {
        return;
    }
    let _errno = Errno::keep();
    match recording() {
        Recording::Plain => event::exit(addr, call_site),
        Recording::UpToDepth(max_depth) => {
            if call_stack::leave(Call { addr, call_site })
                .is_some_and(|(_, depth)| depth <= max_depth)
            {
                event::exit(addr, call_site);
            }
        }
        Recording::FromDuration { min_ns, max_depth } => {
            if let Some((duration, depth)) = call_stack::leave(Call { addr, call_site })
                && duration >= min_ns
                && depth <= max_depth
            {
                event::call(addr, call_site, duration, depth);
            }
        }
    }
    lttng::func_exit(addr, call_site);
}
