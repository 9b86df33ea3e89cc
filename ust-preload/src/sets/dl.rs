//! `dl`: libraries that a program loads and gives back, and those that it has.
//!
//! `dlopen` and `dlmopen` look for their caller, whose RUNPATH and namespace they use. So the shim records the call and lets
//! the program call them itself; what was loaded is told by [`objects`].
#![allow(unsafe_code)]

use super::lttng::dl as lttng;
use crate::argument::{Address, Argument, Bits, Text};
use crate::entry::entry;
use crate::errno::Errno;
use crate::pass_on::pass_on;
use crate::real::Real;
use crate::stopwatch::Stopwatch;
use crate::{object_events, objects, unwind};
use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use ust::inside::is_inside;
use ust_core::wire;

/// Behind the shim's.
mod real {
    use super::{c_int, c_void};

    crate::real::real! {
        pub fn dlclose(handle: *mut c_void) -> c_int;
    }
}

mod event {
    use super::{Address, Bits, c_int, c_long, wire};
    use ust::tracepoint;

    #[tracepoint(provider = "dl", level = Debug)]
    pub fn dlopen(path: wire::Text, flags: Bits);
    #[tracepoint(provider = "dl", level = Debug)]
    pub fn dlmopen(namespace: c_long, path: wire::Text, flags: Bits);
    #[tracepoint(provider = "dl", level = Debug)]
    pub fn dlclose(handle: Address, result: c_int, duration: u64, call_site: Address);
}

/// What the program's jump leads to where there is no such function.
extern "C" fn nothing() -> *mut c_void {
    ptr::null_mut()
}

fn or_nothing(address: *mut c_void) -> *mut c_void {
    if address.is_null() {
        nothing as extern "C" fn() -> *mut c_void as *mut c_void
    } else {
        address
    }
}

/// What was loaded before is told before this call; what this one loads, later.
fn is_called(flags: Bits) {
    objects::tell();
    if object_events::is_on() {
        object_events::note_flags(flags);
        objects::may_change();
    }
}

pass_on!(dlopen => dlopen_to);

extern "C" fn dlopen_to(path: Text, flags: Bits) -> *mut c_void {
    static REAL: Real = Real::new(c"dlopen");
    if (event::dlopen::enabled() || object_events::is_on()) && !is_inside() {
        let _errno = Errno::keep();
        is_called(flags);
        event::dlopen(path.field(0), flags);
    }
    or_nothing(REAL.address())
}

pass_on!(dlmopen => dlmopen_to);

extern "C" fn dlmopen_to(namespace: c_long, path: Text, flags: Bits) -> *mut c_void {
    static REAL: Real = Real::new(c"dlmopen");
    if (event::dlmopen::enabled() || object_events::is_on()) && !is_inside() {
        let _errno = Errno::keep();
        is_called(flags);
        event::dlmopen(namespace, path.field(0), flags);
    }
    or_nothing(REAL.address())
}

entry!(dlclose => dlclose_from, arguments: 1);

unsafe extern "C-unwind" fn dlclose_from(handle: *mut c_void, call_site: Address) -> c_int {
    let is_recorded =
        event::dlclose::enabled() || lttng::dlclose::enabled() || object_events::is_on();
    // SAFETY: what the program asks for.
    let result =
        unsafe { if is_recorded { closed(handle, call_site) } else { real::dlclose(handle) } };
    // Behind the call, for another thread may have walked through the object until then.
    unwind::an_object_has_gone();
    result
}

#[cold]
#[inline(never)]
unsafe extern "C-unwind" fn closed(handle: *mut c_void, call_site: Address) -> c_int {
    if is_inside() {
        // SAFETY: what the program asks for.
        return unsafe { real::dlclose(handle) };
    }
    objects::tell();
    if lttng::dlclose::enabled() && !handle.is_null() {
        // SAFETY: a handle points to the loader's `struct link_map`, which begins with the object's address.
        lttng::dlclose(unsafe { *handle.cast::<Address>() });
    }
    let watch = Stopwatch::start();
    // SAFETY: what the program asks for.
    let result = unsafe { real::dlclose(handle) };
    let duration = watch.elapsed_ns();
    let _errno = Errno::keep();
    if object_events::is_on() {
        objects::may_change();
        objects::tell();
    }
    event::dlclose(handle, result, duration, call_site);
    result
}
