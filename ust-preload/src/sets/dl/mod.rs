//! `dl`: libraries that are loaded and unloaded.
//!
//! The loader looks at who calls `dlopen` to know where to search. So the call is passed on unseen, and what it loaded is found
//! with the next call that is recorded, by any of the sets but `malloc`'s.
#![allow(unsafe_code)]

mod objects;

use crate::argument::{Address, Argument, Bits, Text};
use crate::errno::Errno;
use crate::pass_on::pass_on;
use core::ffi::{c_int, c_long, c_void};
pub use objects::tell_if_changed;
use ust::inside::is_inside;

mod real {
    use super::Address;
    use core::ffi::c_int;

    crate::real::real! {
        pub fn dlopen() -> c_int;
        pub fn dlmopen() -> c_int;
        pub fn dlclose(handle: Address) -> c_int;
    }
}

#[allow(dead_code)]
mod event {
    use super::{Address, Argument, Bits, Text};
    use core::ffi::{c_int, c_long};

    type Path = <Text as Argument>::Field;

    #[ust::tracepoint(provider = "dl", level = Debug)]
    pub fn dlopen(path: Path, flags: Bits);
    #[ust::tracepoint(provider = "dl", level = Debug)]
    pub fn dlmopen(namespace: c_long, path: Path, flags: Bits);
    #[ust::tracepoint(provider = "dl", level = Debug)]
    pub fn dlclose(handle: Address, result: c_int);
}

pass_on!(dlopen => before_dlopen);
pass_on!(dlmopen => before_dlmopen);

unsafe extern "C" fn before_dlopen(path: Text, flags: Bits) -> *mut c_void {
    if !is_inside() {
        tell_if_changed();
        if event::dlopen::enabled() {
            event::dlopen(path.field(0), flags);
        }
        objects::may_change();
    }
    real::dlopen::REAL.address()
}

unsafe extern "C" fn before_dlmopen(namespace: c_long, path: Text, flags: Bits) -> *mut c_void {
    if !is_inside() {
        tell_if_changed();
        if event::dlmopen::enabled() {
            event::dlmopen(namespace, path.field(0), flags);
        }
        objects::may_change();
    }
    real::dlmopen::REAL.address()
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn dlclose(handle: Address) -> c_int {
    // SAFETY: the caller's promise.
    let result = unsafe { real::dlclose(handle) };
    if !is_inside() {
        let _errno = Errno::keep();
        event::dlclose(handle, result);
        objects::may_change();
        tell_if_changed();
    }
    result
}
