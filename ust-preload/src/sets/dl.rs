//! `dl`: libraries that a program loads and gives back, and those that it has.
//!
//! `dlopen` and `dlmopen` look for their caller, whose RUNPATH and namespace they use. So the shim records the call and lets
//! the program call them itself; what was loaded is told by [`objects`].
#![allow(unsafe_code)]

use super::lttng::{self as lttng_types, SignedBits, dl as lttng, statedump};
use crate::argument::{Address, Argument, Bits, Text};
use crate::entry::entry;
use crate::errno::Errno;
use crate::objects::{self, MAX_BUILD_ID_BYTES, Object};
use crate::pass_on::pass_on;
use crate::real::Real;
use crate::stopwatch::Stopwatch;
use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use ust::inside::is_inside;
use ust_core::sync::{AtomicU32, Ordering};
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
    #[tracepoint(provider = "dl", level = Debug)]
    pub fn object(base: Address, size: u64, path: wire::Text, build_id: &str, is_start: bool);
    #[tracepoint(provider = "dl", level = Debug)]
    pub fn object_gone(base: Address);
}

/// The flags of the last `dlopen`, which is the one whose objects are told next.
static FLAGS: AtomicU32 = AtomicU32::new(0);

/// Whether anybody records libraries.
#[inline(always)]
pub fn is_on() -> bool {
    event::object::enabled()
        || event::object_gone::enabled()
        || lttng::dlopen::enabled()
        || statedump::bin_info::enabled()
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
    if is_on() {
        FLAGS.store(flags.0, Ordering::Relaxed);
        objects::may_change();
    }
}

pass_on!(dlopen => dlopen_to);

extern "C" fn dlopen_to(path: Text, flags: Bits) -> *mut c_void {
    static REAL: Real = Real::new(c"dlopen");
    if (event::dlopen::enabled() || is_on()) && !is_inside() {
        let _errno = Errno::keep();
        is_called(flags);
        event::dlopen(path.field(0), flags);
    }
    or_nothing(REAL.address())
}

pass_on!(dlmopen => dlmopen_to);

extern "C" fn dlmopen_to(namespace: c_long, path: Text, flags: Bits) -> *mut c_void {
    static REAL: Real = Real::new(c"dlmopen");
    if (event::dlmopen::enabled() || is_on()) && !is_inside() {
        let _errno = Errno::keep();
        is_called(flags);
        event::dlmopen(namespace, path.field(0), flags);
    }
    or_nothing(REAL.address())
}

entry!(dlclose => dlclose_from, arguments: 1);

unsafe extern "C-unwind" fn dlclose_from(handle: *mut c_void, call_site: Address) -> c_int {
    if event::dlclose::enabled() || lttng::dlclose::enabled() || is_on() {
        // SAFETY: what the program asks for.
        return unsafe { closed(handle, call_site) };
    }
    // SAFETY: as above.
    unsafe { real::dlclose(handle) }
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
    if is_on() {
        objects::may_change();
        objects::tell();
    }
    event::dlclose(handle, result, duration, call_site);
    result
}

/// The libraries present at start follow.
pub fn begins() {
    statedump::start();
    if statedump::procname::enabled() {
        statedump::procname(lttng_types::own_name());
    }
}

/// They were all.
pub fn is_complete() {
    statedump::end();
}

/// A library that was not there before.
pub fn has_come(object: &Object, is_start: bool) {
    let base: Address = ptr::without_provenance(object.base);
    let size = object.size as u64;
    let path = object.path();
    // SAFETY: the bytes live as long as the object.
    let path = || unsafe { wire::Text::from_raw(path.as_ptr(), path.len()) };
    let mut hex = [0; 2 * MAX_BUILD_ID_BYTES];
    let id = object.build_id();
    event::object(base, size, path(), in_hex(id, &mut hex), is_start);
    let has_build_id = u8::from(!id.is_empty());
    let digits = lttng_types::in_hexadecimal(id);
    if is_start {
        statedump::bin_info(base, size, path(), object.is_pic.into(), has_build_id, 0);
        if has_build_id != 0 {
            statedump::build_id(base, digits);
        }
    } else {
        let flags = FLAGS.load(Ordering::Relaxed);
        lttng::dlopen(base, size, SignedBits(flags as c_int), path(), has_build_id, 0);
        if has_build_id != 0 {
            lttng::build_id(base, digits);
        }
    }
}

/// A library that is there no more.
pub fn has_gone(base: usize) {
    event::object_gone(ptr::without_provenance(base));
}

/// Bytes as text.
fn in_hex<'a>(bytes: &[u8], room: &'a mut [u8; 2 * MAX_BUILD_ID_BYTES]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in room.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    core::str::from_utf8(&room[..2 * bytes.len()]).unwrap_or_default()
}
